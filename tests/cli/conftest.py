"""A working folder of its own, and the command line as a person calls it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.environment import without_settings

ROOT = Path(__file__).parents[2]
Victor = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


def words_for(*argv: str) -> list[str]:
    """The command line of `victor …` in this interpreter."""
    return [sys.executable, "-m", "victor_nb.cli", *argv]


@pytest.fixture
def victor(tmp_path: Path) -> Victor:
    """`victor("runs")` runs the program to its end."""

    def run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(words_for(*argv), input=stdin, capture_output=True, text=True, cwd=tmp_path, check=False)

    return run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small file to ask about."""
    path = tmp_path / "plants.csv"
    path.write_text("species,height\nfern,1.0\nmoss,0.1\nfern,2.0\n")
    return path
