"""A project folder of its own for each test, and an environment without our variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environment import without_settings
from victor_nb.config import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings(monkeypatch, tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def load(project: Path, text: str = "", own: str = "", **arguments: object) -> Settings:
    """Write the two files, then load with the arguments."""
    if text:
        (project / "victor.toml").write_text(text)
    user = project.parent / "own.toml"
    user.write_text(own)
    return Settings.load(project, arguments, user_file=user)
