"""`config init`, `check` and `show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Call
from victor_nb.config import ConfigError
from victor_nb.errors import UsageError


def test_init_writes_a_file_that_checks(call: Call, tmp_path: Path) -> None:
    """A new file changes nothing but what was asked for."""
    call("config", "init", "--model", "test:model")

    assert (tmp_path / "victor.toml").is_file()
    assert "1 differ" in call("config", "check").to_text()
    assert [row["setting"] for row in call("config", "show", "--changed").to_json()] == ["model"]


def test_init_overwrites_only_when_told(call: Call, tmp_path: Path) -> None:
    """A file with somebody's settings in it is not lost to a typing mistake."""
    (tmp_path / "victor.toml").write_text('approve = "never"')

    with pytest.raises(UsageError, match="exists already"):
        call("config", "init")
    call("config", "init", "--force")

    assert "approve" in (tmp_path / "victor.toml").read_text()
    assert call("config", "show", "--changed").to_json() == []


def test_show_says_where_each_value_came_from(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File and line, variable, or default."""
    (tmp_path / "victor.toml").write_text('\napprove = "never"')
    monkeypatch.setenv("VICTOR_MODEL", "test:model")

    rows = {row["setting"]: row for row in call("config", "show").to_json()}

    assert rows["approve"]["source"] == f"{tmp_path / 'victor.toml'}:2"
    assert rows["model"]["source"] == "environment variable VICTOR_MODEL"
    assert rows["replay"]["source"] == "default"


def test_check_fails_with_the_line(call: Call, tmp_path: Path) -> None:
    """A mistake is an error with its place, and a failing exit code for CI."""
    (tmp_path / "victor.toml").write_text('modle = "x"')

    with pytest.raises(ConfigError, match="Did you mean 'model'"):
        call("config", "check")
