"""A project folder to work in, and its cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.caching.asking import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project whose folder is the working folder."""
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    yield made
    made.cache.store.close()
