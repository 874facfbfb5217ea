"""A memory in every kind of store, with a clock that a test moves."""

from __future__ import annotations

import pytest

from victor_nb.workflows.memory import Memory


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(journal):
    """The journal's clock."""
    journal.clock = Clock()
    return journal.clock


@pytest.fixture
def memory(journal, clock):
    """An empty memory."""
    return Memory(journal)
