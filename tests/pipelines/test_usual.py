"""How long everything usually takes: the median of the last runs, for nodes, members and cells."""

from __future__ import annotations

import asyncio
from typing import Any

from victor_nb.journal import Event, Journal
from victor_nb.pipelines.record import KIND
from victor_nb.pipelines.usual import RUNS, tell_usual_times, usual_times


def ran(journal: Journal, *seconds: float, status: str = "finished") -> str:
    """Record a run in which `train` had one member a time, of one cell each."""
    run = journal.start(KIND, "flowers", {})
    for at, took in enumerate(seconds):
        member = f"train[n={at}]"
        place = {"cell": 2, "position": 1, "cells": 1}
        told: list[tuple[str, dict[str, Any]]] = [
            ("cell.started", {**place, "code": "fit()"}),
            ("cell.finished", {**place, "seconds": took / 2, "execution_count": 1}),
            ("step.finished", {"kind": "notebook", "name": member, "status": status, "seconds": took, "result": {}}),
        ]
        run.placed.write([run.placed.note(type, data, member) for type, data in told])
    run.finish({})
    return run.id


def test_a_node_usually_takes_the_median_of_its_last_runs(sqlite_journal: Journal) -> None:
    """Each member on its own, and all of a node's together for those that are new."""
    for took in (1.0, 9.0, 2.0):
        ran(sqlite_journal, took, 4.0)

    usual = usual_times(sqlite_journal, "flowers")

    assert usual["nodes"] == {"train[n=0]": 2.0, "train[n=1]": 4.0, "train": 4.0}
    assert usual["cells"]["train[n=0]"] == [{"position": 1, "code": "fit()", "seconds": 1.0}]


def test_what_came_from_the_cache_says_nothing(sqlite_journal: Journal) -> None:
    """A hundredth of a second is not how long training takes."""
    ran(sqlite_journal, 0.01, status="cached")

    assert usual_times(sqlite_journal, "flowers")["nodes"] == {}


def test_only_the_last_runs_count_and_not_the_one_that_goes_on(sqlite_journal: Journal) -> None:
    """What took long last month may be quick today."""
    for _ in range(4):
        ran(sqlite_journal, 100.0)
    for _ in range(RUNS):
        ran(sqlite_journal, 1.0)
    now = ran(sqlite_journal, 50.0)

    assert usual_times(sqlite_journal, "flowers", but=now)["nodes"]["train"] == 1.0


def test_it_is_told_to_those_who_watch_and_kept_nowhere(sqlite_journal: Journal) -> None:
    """A run that nobody watches reads nothing of the past."""
    ran(sqlite_journal, 3.0)
    run = sqlite_journal.start(KIND, "flowers", {})
    heard: list[Event] = []

    asyncio.run(tell_usual_times(run, "flowers"))
    stop = sqlite_journal.listen(run.id, heard.append)
    asyncio.run(tell_usual_times(run, "flowers"))
    stop()

    assert [event.data["nodes"] for event in heard] == [{"train[n=0]": 3.0, "train": 3.0}]
    assert "pipeline.usual" not in [event.type for event in sqlite_journal.events(run.id)]
