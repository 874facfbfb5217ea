"""The pytest plugin: journals, recordings and a clock for tests.

Every pytest run of every project that installs the package loads it, so nothing is imported before it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from victor_nb.journal import Journal
    from victor_nb.testing.clock import FrozenClock
    from victor_nb.testing.recordings import Recording


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that makes recordings anew."""
    parser.getgroup("victor", "Victor NB").addoption(
        "--victor-record",
        action="store_true",
        help="do the work that tests with the fixture victor_recording replay, and write their recordings anew",
    )


@pytest.fixture
def victor_frozen_clock() -> FrozenClock:
    """A clock that stands still; the journals of a test that asks for it run on it."""
    from victor_nb.testing.clock import FrozenClock

    return FrozenClock()


@pytest.fixture
def victor_journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    """An empty journal in memory."""
    from victor_nb.journal import open_journal

    with open_journal("memory:") as journal:
        yield _on_clock(journal, request)


@pytest.fixture
def victor_sqlite_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in a file of the test's own."""
    from victor_nb.journal import open_journal

    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}") as journal:
        yield _on_clock(journal, request)


@pytest.fixture
def victor_recording(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """The recording of this test, in `recordings/MODULE/TEST.jsonl` beside it: replayed, or made with --victor-record.

    A test that fails leaves the recording as it was.
    """
    from victor_nb.testing.recordings import Recording

    name = re.sub(r"[^\w.-]+", "_", request.node.name).strip("_")
    path = request.path.parent / "recordings" / request.path.stem / f"{name}.jsonl"
    failed_before = request.session.testsfailed
    recording = Recording(path, record=request.config.getoption("victor_record"))
    _on_clock(recording.journal, request)
    yield recording
    if recording.replay == "record" and request.session.testsfailed == failed_before:
        recording.save()
    recording.journal.close()


def _on_clock(journal: Journal, request: pytest.FixtureRequest) -> Journal:
    if "victor_frozen_clock" in request.fixturenames:
        journal.clock = request.getfixturevalue("victor_frozen_clock")
    return journal
