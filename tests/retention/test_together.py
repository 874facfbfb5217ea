"""Clearances while kernels write: nothing is lost, and nobody is held up for long; on SQLite and on a server."""

from __future__ import annotations

import threading

import pytest

from tests.retention.conftest import missing_blobs
from victor_nb import gc, metrics
from victor_nb.config import Settings
from victor_nb.journal import Journal, open_journal

RUNS, WRITERS = 25, 3


@pytest.fixture(params=["sqlite", "postgres"])
def shared_url(request, tmp_path) -> str:
    """A journal that several connections write to."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres").url()
    return f"sqlite:///{tmp_path / 'victor.db'}"


def write(url: str, failures: list[BaseException]) -> None:
    """Runs whose long values come again and again, while they are cleared away."""
    try:
        with open_journal(url) as journal:
            for number in range(RUNS):
                text = f"{number % 3} " * 20_000
                with journal.start("agent", "poet", {"text": text}) as run:
                    run.step_sync("write", lambda text=text: text, kind="tool")
                    run.finish([text, "done"])
    except BaseException as failure:
        failures.append(failure)


def test_writers_and_clearances_do_not_harm_each_other(shared_url: str, settings: Settings) -> None:
    """Two clearances at a time beside three writers; in the end every run was counted once and has all its parts."""
    failures: list[BaseException] = []
    threads = [threading.Thread(target=write, args=(shared_url, failures)) for _ in range(WRITERS)]
    with open_journal(shared_url) as journal:
        clearing = [
            threading.Thread(target=clear_until, args=(shared_url, settings, threads, failures)) for _ in range(2)
        ]
        for thread in (*threads, *clearing):
            thread.start()
        for thread in (*threads, *clearing):
            thread.join()

        assert failures == []
        row = metrics(journal=journal).iloc[0]
        assert (row["runs"], row["finished"], row["tool_calls"]) == (RUNS * WRITERS,) * 3
        whole(journal)
        gc(keep=0, journal=journal, settings=settings, yes=True)
        assert metrics(journal=journal)["runs"].tolist() == [RUNS * WRITERS]
        assert journal.store.disposal.blobs() == {}


def clear_until(url: str, settings: Settings, writers: list[threading.Thread], failures: list[BaseException]) -> None:
    """Clear as long as somebody writes."""
    try:
        with open_journal(url) as journal:
            while any(writer.is_alive() for writer in writers):
                gc(keep=2, journal=journal, settings=settings, yes=True)
    except BaseException as failure:
        failures.append(failure)


def whole(journal: Journal) -> None:
    """Every run that is there can be read, and its long values too."""
    assert missing_blobs(journal) == set()
    for info in journal.runs(limit=1000):
        assert journal.result(info.run_id)[1] == "done"
