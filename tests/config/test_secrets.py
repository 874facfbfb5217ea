"""Where keys come from, and what the redactor is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.conftest import load
from victor_nb.config import ConfigError


def test_a_key_is_read_from_the_variable_that_the_settings_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file names the place; the value stays in the environment."""
    settings = load(project, '[secrets]\nopenai = { env = "TEAM_KEY" }')
    assert settings.key_for("openai") is None

    monkeypatch.setenv("TEAM_KEY", "correct-horse")

    assert settings.key_for("openai") == "correct-horse"
    assert settings.key_for("anthropic") is None


def test_a_key_is_the_first_line_of_its_file(project: Path) -> None:
    """A relative path counts from the project root; a missing file means "no key"."""
    settings = load(project, '[secrets]\nopenai = { file = "keys/openai" }')
    assert settings.key_for("openai") is None

    (project / "keys").mkdir()
    (project / "keys" / "openai").write_text("battery-staple\n# of the team\n")

    assert settings.key_for("openai") == "battery-staple"


def test_a_file_that_cannot_be_read_is_an_error_when_the_key_is_needed(project: Path) -> None:
    """Whoever needs the key learns why there is none; the redactor just goes on."""
    (project / "openai").write_bytes(b"\xff\xfe\x00")
    settings = load(project, '[secrets]\nopenai = { file = "openai" }')

    with pytest.raises(ConfigError, match="cannot read"):
        settings.key_for("openai")
    assert "openai" not in settings.values_to_hide()


def test_what_is_to_hide_are_declared_secrets_and_variables_that_look_like_keys(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to declare OPENAI_API_KEY to keep it out of the journal."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abcdefgh")
    monkeypatch.setenv("DB_PASSWORD", "short")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "falsefalse")
    monkeypatch.setenv("TEAM_WORD", "declared-word")

    hidden = load(project, '[secrets]\nteam = { env = "TEAM_WORD" }').values_to_hide()

    assert hidden["OPENAI_API_KEY"] == "sk-abcdefgh"
    assert hidden["team"] == "declared-word"
    assert not {"DB_PASSWORD", "TOKENIZERS_PARALLELISM"} & hidden.keys()


def test_explain_shows_the_place_of_a_secret_and_never_its_value(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`victor config show` can be pasted anywhere."""
    monkeypatch.setenv("TEAM_WORD", "declared-word")
    settings = load(project, '[secrets]\nteam = { env = "TEAM_WORD" }')

    shown = " ".join(origin.value for origin in settings.explain())

    assert "environment variable TEAM_WORD" in shown
    assert "declared-word" not in shown


def test_a_secret_can_be_declared_in_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container there may be no file to write."""
    monkeypatch.setenv("VICTOR_SECRETS__OPENAI__ENV", "TEAM_WORD")
    monkeypatch.setenv("TEAM_WORD", "declared-word")

    assert load(project).key_for("openai") == "declared-word"


def test_the_journals_password_is_kept_out_of_the_journal(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is sent and as it stands in the URL; also the one that PostgreSQL's own variable holds."""
    monkeypatch.setenv("PGPASSWORD", "correct horse")
    url = "postgresql://me:battery%2Fstaple@db/victor?sslpassword=tr0ubador"
    hidden = set(load(project, journal=url).values_to_hide().values())

    assert hidden >= {"correct horse", "battery/staple", "battery%2Fstaple", "tr0ubador"}
