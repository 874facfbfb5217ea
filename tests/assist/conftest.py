"""A small package on the path, and an assistant whose folders are the test's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assist.herds import write_herds
from victor_nb.assist import Assistant
from victor_nb.assist.places import Places


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("VICTOR_DOCS"):
            monkeypatch.delenv(name)
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture
def herds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package `herds`, importable; its folder."""
    folder = tmp_path / "path"
    monkeypatch.syspath_prepend(str(folder))
    yield write_herds(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "herds"]:
        del sys.modules[name]  # the next test has a package of its own


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the assistant of a test keeps things."""
    return Places(tmp_path / "kept" / "packages", tmp_path / "kept" / "feedback.db", tmp_path / "own")


@pytest.fixture
def assistant(places: Places, herds: Path) -> Assistant:
    """An assistant without a project that knows the package `herds` and no other."""
    return Assistant(places, packages=("herds",))
