"""Runs of several ages, and settings that nobody's files change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.insight.conftest import Clock, Doings, clock, doings
from tests.support.environment import without_settings
from victor_nb.config import Settings
from victor_nb.journal import Journal

__all__ = ["Clock", "Doings", "clock", "doings"]

DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a project of their own."""
    return Settings(root=tmp_path)


def missing_blobs(journal: Journal) -> set[str]:
    """Names of blobs that are referred to and not there."""
    from victor_nb.journal.disposal import names_in

    found: set[str] = set()
    waiting = [raw for info in journal.runs(limit=10_000) for raw in (info.raw_request, *_bodies(journal, info.run_id))]
    while waiting:
        for name in names_in(waiting.pop()):
            content = journal.store.blob(name)
            if content is None:
                found.add(name)
            elif content[:1] in b'{["':
                waiting.append(content)
    return found


def _bodies(journal: Journal, run_id: str) -> list[bytes]:
    return [event.raw for event in journal.events(run_id)]
