"""What several rooms' tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres as postgres_server
from victor_nb.journal import Journal, open_journal

# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a shell runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Cluster]:
    """A private PostgreSQL server; a test that breaks it asks for one of its own."""
    yield from postgres_server.running()


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def journal_url(request, tmp_path) -> str:
    """Where an empty journal can be opened, for every kind of store."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres").url()
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'victor.db'}"


@pytest.fixture
def journal(journal_url) -> Iterator[Journal]:
    """An empty journal; every kind of store passes the same tests."""
    with open_journal(journal_url) as opened:
        yield opened


@pytest.fixture
def sqlite_journal(tmp_path) -> Iterator[Journal]:
    """An empty journal in a file."""
    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}") as opened:
        yield opened
