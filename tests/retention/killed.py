"""Clearances that are killed at many points: `python killed.py URL KILLS`, where URL has a NUMBER.

Each is a forked child with a journal of its own, killed before one of its statements. Another child then looks whether
all is consistent, clears again, and looks once more. Prints how many were killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable

RUNS, GOING = 9, 6
Statement = Callable[[], None]


def main(url: str, kills: int) -> None:
    """Kill clearances at points that are spread over the whole of one."""
    statements = counted(url.replace("NUMBER", "0"))
    places = sorted({1 + number * statements // kills for number in range(kills)})
    for place in places:
        own = url.replace("NUMBER", str(place))
        assert in_child(lambda own=own: prepare(own)) == 0
        assert in_child(lambda own=own, place=place: clear(own, place)) == -signal.SIGKILL
        assert in_child(lambda own=own: look(own)) == 0
    print(len(places))


def counted(url: str) -> int:
    """How many statements a clearance has that comes to its end."""
    reading, writing = os.pipe()
    assert in_child(lambda: prepare(url)) == 0
    assert in_child(lambda: os.write(writing, str(clear(url, 0)).encode()) and None) == 0
    return int(os.read(reading, 20))


def in_child(work: Callable[[], None]) -> int:
    """Do `work` in a forked child; return its exit code."""
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def prepare(url: str) -> None:
    """Write runs that share a long value; one is a fork."""
    from victor_nb.journal import open_journal

    with open_journal(url) as journal:
        for number in range(RUNS):
            with journal.start("agent", f"poet {number % 2}") as run:
                run.step_sync("write", lambda number=number: long(number), kind="tool")
                run.finish([long(number), long(99)])
        journal.fork(run.id, 2, type="run.forked")


def long(number: int) -> str:
    """A text that is kept by itself."""
    return f"{number} " * 20_000


def clear(url: str, place: int) -> int:
    """Clear the oldest runs; be killed before statement number `place`. Returns how many there were."""
    from victor_nb.config import Settings
    from victor_nb.journal import open_journal
    from victor_nb.retention import gc

    with open_journal(url) as journal:
        count = 0

        def before(*_: object) -> None:
            nonlocal count
            count += 1
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)

        watch(journal.store, before)
        gc(runs=oldest(journal), journal=journal, settings=Settings(), yes=True)
        return count


def watch(store: object, before: Callable[..., None]) -> None:
    """Have `before` called ahead of each statement."""
    if hasattr(store, "file"):
        connection: sqlite3.Connection = store.file.retried(lambda connection: connection)
        connection.set_trace_callback(before)
        return
    import psycopg

    original = psycopg.Cursor.execute

    def execute(*arguments: object, **options: object) -> object:
        before()
        return original(*arguments, **options)  # type: ignore[arg-type]

    psycopg.Cursor.execute = execute  # type: ignore[method-assign,assignment]


def oldest(journal: object) -> list[str]:
    """The runs that are to go and are still there."""
    found = [info.run_id for info in journal.runs(limit=100)][::-1]  # type: ignore[attr-defined]
    return found[: max(0, len(found) - (RUNS + 1 - GOING))]


def look(url: str) -> None:
    """Nothing is counted twice or not at all, nothing lacks a part; a second clearance leaves the rest alone."""
    from tests.retention.conftest import missing_blobs
    from victor_nb import metrics
    from victor_nb.config import Settings
    from victor_nb.journal import open_journal
    from victor_nb.retention import gc
    from victor_nb.retention.marking import References

    with open_journal(url) as journal:
        for is_again in (False, True):
            row = metrics("agent", journal=journal).sum(numeric_only=True)
            assert (row["runs"], row["tool_calls"], row["events"]) == (RUNS + 1, RUNS, 3 * RUNS + 2), row
            assert metrics("tool", journal=journal)["runs"].sum() == RUNS
            assert missing_blobs(journal) == set()
            for info in [one for one in journal.runs(limit=100) if one.is_finished]:
                assert journal.result(info.run_id)[1] == long(99)
                assert len(journal.events(info.run_id)) == 3
            if is_again:
                break
            gc("10w", runs=oldest(journal), journal=journal, settings=Settings(), yes=True)
        assert len(journal.runs()) == RUNS + 1 - GOING
        assert journal.store.disposal.orphans() == []
        assert References(journal.store, journal.store.heads(0)).unneeded(()) == set()


if __name__ == "__main__":
    import numpy  # noqa: F401  # once, for all children
    import pandas  # noqa: F401

    import victor_nb.insight.frames
    import victor_nb.retention.collecting  # noqa: F401

    main(sys.argv[1], int(sys.argv[2]))
