"""The pytest plugin: journals for tests. Found by pytest through its entry point; imports nothing before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..journal import Journal


@pytest.fixture
def victor_journal() -> Iterator[Journal]:
    """An empty journal in memory."""
    from ..journal import open_journal

    with open_journal("memory:") as journal:
        yield journal


@pytest.fixture
def victor_sqlite_journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in a file of the test's own."""
    from ..journal import open_journal

    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}") as journal:
        yield journal
