"""A look at one switch, for those who may not import pydantic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from victor_nb.config import Settings, glimpse
from victor_nb.config.layers import glimpse_journal


def test_the_environment_comes_before_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same precedence as `Settings.load`; None where nobody says anything."""
    assert glimpse("notebook", "warm", start=project) is None
    (project / "victor.toml").write_text("[notebook]\nwarm = false")
    assert glimpse("notebook", "warm", start=project) is False

    monkeypatch.setenv("VICTOR_NOTEBOOK__WARM", "on")

    assert glimpse("notebook", "warm", start=project) is True


@pytest.mark.parametrize("text", ["[notebook]\nwarm = 3", "notebook = 3", "not = = toml"])
def test_what_is_wrong_counts_as_not_set(project: Path, text: str) -> None:
    """Loading the extension is silent; the first verb tells the mistake."""
    (project / "victor.toml").write_text(text)

    assert glimpse("notebook", "warm", start=project) is None


def test_no_pydantic_is_imported() -> None:
    """The kernel extension looks while it loads."""
    program = "import sys, victor_nb.config as c; c.glimpse('notebook', 'warm'); print('pydantic' in sys.modules)"

    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "False"


@pytest.mark.parametrize("text", ["", "journal = 'sqlite:///runs.db'", "journal = 'memory:'\nmodel = 'offline'", None])
@pytest.mark.parametrize("variable", ["", "sqlite:////tmp/x.db", "sqlite:///~/x.db", "postgresql://u:p@host/db"])
def test_a_glimpse_of_the_journal_is_what_the_settings_say(
    project: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, variable: str
) -> None:
    """From below the project, with its file and the variable, or without."""
    if text is not None:
        (project / "victor.toml").write_text(text)
    if variable:
        monkeypatch.setenv("VICTOR_JOURNAL", variable)
    (project / "below").mkdir()

    for start in (project, project / "below"):
        assert glimpse_journal(start) == Settings.load(start).journal_url


def test_where_more_than_a_glimpse_is_needed_nothing_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other variables may move the root; a file that is wrong is the settings' to tell."""
    (project / "victor.toml").write_text("journal = 3")
    assert glimpse_journal(project) is None
    (project / "victor.toml").write_text("not = = toml")
    assert glimpse_journal(project) is None
    (project / "victor.toml").unlink()
    monkeypatch.setenv("VICTOR_ROOT", str(project))
    assert glimpse_journal(project) is None
