"""What is wrong, where, and what to do: every way to get a setting wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.conftest import load
from victor_nb.config import ConfigError, Settings


def test_an_unknown_key_names_its_line_and_the_nearest_setting(project: Path) -> None:
    """A typing mistake costs seconds, not an afternoon of wondering."""
    with pytest.raises(ConfigError, match=r"unknown setting 'modle'.*Did you mean 'model'") as caught:
        load(project, '\nmodle = "offline"')

    assert caught.value.where == f"{project / 'victor.toml'}:2"


def test_an_unknown_key_in_a_table_is_matched_inside_the_table(project: Path) -> None:
    """The suggestion is a name that would have been right at that place."""
    with pytest.raises(ConfigError, match=r"unknown setting 'budget.token'.*Did you mean 'tokens'") as caught:
        load(project, "[budget]\ntoken = 5")

    assert caught.value.where.endswith(":2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('approve = "maybe"', "'approve' is 'maybe': input should be 'ask', 'never' or 'allowlist'"),
        ("tool_timeout_s = 0", "'tool_timeout_s' is 0: input should be greater than 0"),
        ("budget = 3", "'budget' is 3"),
        ("[secrets]\nopenai = {}", "give exactly one of"),
        ('[secrets]\nopenai = { enw = "X" }', "Did you mean 'env'"),
        ("[notebook]\nwarm = 3", "'notebook.warm' is 3"),
    ],
)
def test_a_wrong_value_is_shown_with_what_was_expected(project: Path, text: str, words: str) -> None:
    """The message holds the value and the wish; the place is the line."""
    with pytest.raises(ConfigError) as caught:
        load(project, text)

    assert words in caught.value.what
    assert "victor.toml:" in caught.value.where


def test_several_problems_are_counted(project: Path) -> None:
    """The first is told in full, so that nobody drowns; the count says that there are more."""
    with pytest.raises(ConfigError, match="and 1 more"):
        load(project, 'approve = "maybe"\nreplay = "maybe"')


def test_a_wrong_variable_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of a value from the environment is its variable."""
    monkeypatch.setenv("VICTOR_BUDGET__STEPS", "many")

    with pytest.raises(ConfigError) as caught:
        load(project)

    assert caught.value.where == "environment variable VICTOR_BUDGET__STEPS"


def test_a_mistyped_variable_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that silently does not apply would cost money."""
    monkeypatch.setenv("VICTOR_BUDGET__COST_UDS", "1")

    with pytest.raises(ConfigError, match="Did you mean 'VICTOR_BUDGET__COST_USD'"):
        load(project)


def test_a_stranger_s_variable_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is shared; other programs have variables that start like ours."""
    monkeypatch.setenv("VICTOR_OPS_ROUTING_ADDRESS", "x")

    assert load(project).model == "offline"


def test_a_wrong_argument_is_called_an_argument(project: Path) -> None:
    """No file is blamed for what was typed."""
    with pytest.raises(ConfigError) as caught:
        load(project, replay="sometimes")

    assert caught.value.where == "argument"


def test_text_that_is_not_toml_names_the_line(project: Path) -> None:
    """tomllib's own position is passed on."""
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 2"):
        load(project, 'model = "a"\nmodel == "b"')


def test_a_file_that_is_not_utf8_says_so(project: Path) -> None:
    """The byte is named, and the way out."""
    (project / "victor.toml").write_bytes(b'model = "caf\xe9"')

    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        Settings.load(project, user_file=project / "none.toml")

    assert "byte 12" in caught.value.where


def test_a_value_that_is_not_json_where_a_table_is_needed_is_explained(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table in one variable is JSON; anything else is refused with words."""
    monkeypatch.setenv("VICTOR_BUDGET", "{steps: 1")

    with pytest.raises(ConfigError, match="environment"):
        load(project)
