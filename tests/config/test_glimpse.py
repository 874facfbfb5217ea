"""A look at one switch, for those who may not import pydantic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from victor_nb.config import glimpse


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
