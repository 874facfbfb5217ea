"""What several rooms' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from victor_nb.journal import Journal, open_journal

STORES = {
    "sqlite": lambda path: f"sqlite:///{path / 'victor.db'}",
    "memory": lambda path: "memory:",
}


@pytest.fixture(params=STORES)
def journal(request, tmp_path) -> Iterator[Journal]:
    """An empty journal; every kind of store passes the same tests."""
    with open_journal(STORES[request.param](tmp_path)) as opened:
        yield opened


@pytest.fixture
def sqlite_journal(tmp_path) -> Iterator[Journal]:
    """An empty journal in a file."""
    with open_journal(STORES["sqlite"](tmp_path)) as opened:
        yield opened
