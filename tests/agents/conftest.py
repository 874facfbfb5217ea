"""What the tests of agents share: a journal in memory and one on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from victor_nb.journal import Journal, open_journal


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal in memory."""
    with open_journal("memory:") as opened:
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Journal]:
    """A journal in a file."""
    with open_journal(f"sqlite:////{tmp_path}/victor.db") as opened:
        yield opened
