"""Clearing a journal: nothing unless it is wanted, then exactly what was told; whatever the store."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.retention.conftest import DAY_S, Clock, Doings, missing_blobs
from victor_nb import gc, metrics
from victor_nb.config import Settings
from victor_nb.errors import UsageError
from victor_nb.journal import Journal, RunNotFound
from victor_nb.pipelines.folders import PLACE
from victor_nb.retention.notebooks import MARK, remove_left

LONG = "a text that is long enough to be kept by itself " * 3_000


def old_and_new(doings: Doings, clock: Clock, days: float = 100) -> tuple[str, str]:
    """A run of some days ago, and one of now."""
    old = doings.agent("poet", tools=("search", "search"))
    clock.now += days * DAY_S
    return old, doings.agent("poet", tools=("search",))


def test_a_first_look_changes_nothing(doings: Doings, clock: Clock, settings: Settings) -> None:
    """It tells which runs would go, their events and their bytes."""
    old, new = old_and_new(doings, clock)

    looked = gc(journal=doings.journal, settings=settings)

    assert (looked.is_done, looked.runs, looked.run_ids) == (False, 1, (old,))
    assert (looked.groups[0].kind, looked.groups[0].name) == ("agent", "poet")
    assert looked.events == len(doings.journal.events(old))
    assert looked.bytes > 0
    assert [info.run_id for info in doings.journal.runs()] == [new, old]
    assert doings.journal.store.disposal.remains(0) is None


def test_with_yes_it_is_done_and_told(doings: Doings, clock: Clock, settings: Settings) -> None:
    """What the first look told goes, and nothing else; a second time there is nothing to do."""
    old, new = old_and_new(doings, clock)
    looked = gc(journal=doings.journal, settings=settings)

    done = gc(journal=doings.journal, settings=settings, yes=True)

    assert (done.is_done, done.run_ids, done.bytes) == (True, (old,), looked.bytes)
    assert [info.run_id for info in doings.journal.runs()] == [new]
    with pytest.raises(RunNotFound):
        doings.journal.find(old)
    again = gc(journal=doings.journal, settings=settings, yes=True)
    assert (again.runs, again.bytes) == (0, 0)


def test_metrics_of_what_went_are_as_before(doings: Doings, clock: Clock, settings: Settings) -> None:
    """By agent, tool, model, status and hour; only single runs cannot be asked for any more."""
    old, _ = old_and_new(doings, clock, days=30)
    doings.agent("critic", fails=True)
    words = ["", "agent", "tool", "model", "status", "hour", "agent,day", "tool,agent", "week", "step,hour"]
    before = [metrics(word, journal=doings.journal) for word in words]

    gc("0s", states=("finished", "failed"), journal=doings.journal, settings=settings, yes=True)
    clock.now += 1
    gc("0s", states=("finished", "failed"), journal=doings.journal, settings=settings, yes=True)

    assert doings.journal.runs() == []
    for word, frame in zip(words, before, strict=True):
        assert_alike(metrics(word, journal=doings.journal), frame)
    assert metrics("run", journal=doings.journal).empty
    with pytest.raises(RunNotFound):
        metrics(run=old, journal=doings.journal)


def assert_alike(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Counts and sums are the same, durations within a per cent."""
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns:
        if name.endswith("_s") or name == "cost_usd":
            np.testing.assert_allclose(found[name].astype(float), expected[name].astype(float), rtol=0.011, atol=2e-6)
        else:
            pd.testing.assert_series_equal(found[name], expected[name], check_dtype=False)


def test_a_projection_that_was_there_before_counts_each_run_once(
    doings: Doings, clock: Clock, settings: Settings
) -> None:
    """Events of the same runs, read before they went, do not count beside what is remembered of them."""
    old_and_new(doings, clock)
    assert metrics(journal=doings.journal)["runs"].tolist() == [2]

    gc("0s", journal=doings.journal, settings=settings, yes=True)
    doings.agent("poet")

    row = metrics(journal=doings.journal).iloc[0]
    assert (row["runs"], row["tool_calls"], row["model_calls"]) == (3, 3, 3)


def test_what_is_remembered_of_long_ago_is_kept_by_the_day(doings: Doings, clock: Clock, settings: Settings) -> None:
    """By the hour for ninety days; counts by the day are the same as ever."""
    for _ in range(3):
        doings.agent("poet")
        clock.now += 3600
    before = metrics("day", journal=doings.journal)
    clock.now += 200 * DAY_S
    gc(journal=doings.journal, settings=settings, yes=True)

    assert metrics("day", journal=doings.journal)["runs"].tolist() == before["runs"].tolist() == [3]
    assert metrics("hour", journal=doings.journal)["hour"].dt.hour.tolist() == [0]


def test_long_values_go_with_the_last_run_that_needs_them(journal: Journal, settings: Settings) -> None:
    """One that two runs share stays with the second, also inside another long value."""
    with journal.start("agent", "first", {"prompt": LONG}) as first:
        first.finish({"long": [LONG, LONG[1:]]})
    with journal.start("agent", "second") as second:
        second.finish([LONG] * 3 + ["more"])
    assert len(journal.store.disposal.blobs()) > 2

    gc(runs=[first.id], journal=journal, settings=settings, yes=True)

    assert journal.result(second.id) == [LONG] * 3 + ["more"]
    assert missing_blobs(journal) == set()
    gc(runs=[second.id], journal=journal, settings=settings, yes=True)
    assert journal.store.disposal.blobs() == {}


def test_values_inside_the_cells_of_a_table_stay_with_it(journal: Journal, settings: Settings) -> None:
    """A table is a long value that may refer to others: arrays in its cells."""
    table = pd.DataFrame({"a": [np.arange(50_000), {"b": np.ones(30_000)}]})
    with journal.start("agent", "poet") as run:
        run.finish(table)
    assert len(journal.store.disposal.blobs()) == 3

    gc("10w", journal=journal, settings=settings, yes=True)

    found = journal.result(run.id)
    assert found["a"][0].tolist() == table["a"][0].tolist()
    assert found["a"][1]["b"].sum() == 30_000


def test_a_budget_takes_the_longest_unchanged_first(journal: Journal, settings: Settings) -> None:
    """As many as it takes, and no more."""
    ids = []
    chance = random.Random(1)
    for _ in range(6):
        with journal.start("agent", "poet") as run:
            run.finish([chance.randbytes(50_000).hex() for _ in range(4)])
        ids.append(run.id)
    used = journal.store.size_bytes()
    within = settings.model_copy(
        update={"retention": settings.retention.model_copy(update={"max_bytes": max(1, used // 2)})}
    )

    looked = gc(to_budget=True, journal=journal, settings=within)
    gc(to_budget=True, journal=journal, settings=within, yes=True)

    assert 0 < looked.runs < 6
    assert looked.run_ids == tuple(ids[: looked.runs])
    assert [info.run_id for info in journal.runs()] == ids[looked.runs :][::-1]
    if not journal.url.startswith("postgres"):  # whose own vacuum decides when its tables get smaller
        assert journal.store.size_bytes() - journal.store.disposal.free_bytes() <= used // 2


def test_without_a_budget_there_is_none_to_come_down_to(journal: Journal, settings: Settings) -> None:
    """The error says how one is set."""
    with pytest.raises(UsageError, match="VICTOR_RETENTION__MAX_BYTES"):
        gc(to_budget=True, journal=journal, settings=settings)


def test_pinned_runs_and_ends_of_threads_stay(journal: Journal, settings: Settings) -> None:
    """Nothing that somebody goes on with, or holds dear, goes for its age."""
    from victor_nb.workflows.conversations import note_end_of_thread

    ids = []
    for _ in range(3):
        with journal.start("workflow", "talk") as run:
            run.finish(1)
        ids.append(run.id)
    journal.store.disposal.pin(ids[0], 0.0)
    note_end_of_thread(journal, "talk", "ann", ids[1])

    done = gc(keep=0, journal=journal, settings=settings, yes=True)

    assert done.run_ids == (ids[2],)
    assert done.stays == {"they are pinned": 1, "they are the last of their threads": 1}


def test_a_forked_run_keeps_its_past(journal: Journal, settings: Settings) -> None:
    """What another run is built on stays; both may go together."""
    with journal.start("agent", "poet") as run:
        run.step_sync("write", lambda: 1, kind="tool")
        run.finish(1)
    fork = journal.fork(run.id, 2, type="run.forked")

    assert gc(keep=0, journal=journal, settings=settings, yes=True).runs == 0
    assert gc(runs=[run.id, fork.run_id], journal=journal, settings=settings, yes=True).runs == 2
    assert journal.runs() == []


def test_what_makes_no_sense_is_told(journal: Journal, settings: Settings) -> None:
    """A state, an age, a run that there is not."""
    with pytest.raises(UsageError, match="failed"):
        gc(states=["fialed"], journal=journal, settings=settings)
    with pytest.raises(UsageError, match="no point in time"):
        gc("soon", journal=journal, settings=settings)
    with pytest.raises(RunNotFound):
        gc(runs=["nobody"], journal=journal, settings=settings)


def test_a_journal_of_nothing_has_nothing_to_clear(journal: Journal, settings: Settings) -> None:
    """Looked at and done."""
    assert [gc("0s", journal=journal, settings=settings, yes=yes).bytes for yes in (False, True)] == [0, 0]


def test_executed_notebooks_go_with_their_runs(journal: Journal, settings: Settings, tmp_path: Path) -> None:
    """Those of other runs, and of runs in other journals, stay; what a killed clearance had marked goes too."""
    runs = tmp_path / ".victor" / "pipelines" / "training" / "runs"
    ids = []
    for _ in range(2):
        with journal.start("pipeline", "training") as run:
            run.finish(1)
        ids.append(run.id)
    for name in (*ids, "left", "elsewhere"):
        (runs / name).mkdir(parents=True)
        (runs / name / "train.ipynb").write_text("{}")
    (runs / "left" / MARK).write_text(journal.url)

    looked = gc(runs=[ids[0]], journal=journal, settings=settings)
    done = gc(runs=[ids[0]], journal=journal, settings=settings, yes=True)

    assert (looked.notebooks, looked.notebook_bytes) == (1, 2)
    assert done.notebooks == 2
    assert sorted(path.name for path in runs.iterdir()) == sorted([ids[1], "elsewhere"])


def test_two_clearances_at_once_remove_the_same_notebooks(journal: Journal, tmp_path: Path) -> None:
    """Whoever comes second to a file or a folder finds it gone, and goes on."""
    folders = [tmp_path / PLACE / "daily" / "runs" / f"gone{number}" for number in range(300)]
    for folder in folders:
        (folder / "spilled").mkdir(parents=True)
        (folder / "first.ipynb").write_text("{}")
        (folder / MARK).write_text(journal.url)
    with ThreadPoolExecutor(4) as together:
        removals = [together.submit(remove_left, tmp_path, journal.store) for _ in range(4)]

    counts = [removal.result()[0] for removal in removals]
    assert sum(counts) >= len(folders)
    assert not any(folder.exists() for folder in folders)


def test_free_room_goes_back_to_the_file_system(sqlite_journal: Journal, settings: Settings, monkeypatch) -> None:
    """Page by page where much is left; a file that cannot do that says so, and `rewrite` gives it back all the same."""
    from victor_nb.retention import collecting

    monkeypatch.setattr(collecting, "MOST_REWRITTEN_BYTES", 0)
    filled(sqlite_journal)
    done = gc(keep=0, journal=sqlite_journal, settings=settings, yes=True)
    assert done.freed_bytes > 2_000_000
    assert (done.free_bytes, done.needs_rewrite) == (0, False)

    file = sqlite_journal.store.file  # type: ignore[attr-defined]
    for statement in ("PRAGMA auto_vacuum = NONE", "VACUUM"):
        file.retried(lambda connection, statement=statement: connection.execute(statement))
    filled(sqlite_journal)
    stuck = gc(keep=0, journal=sqlite_journal, settings=settings, yes=True)
    assert (stuck.freed_bytes, stuck.needs_rewrite) == (0, True)
    anew = gc(keep=0, journal=sqlite_journal, settings=settings, yes=True, rewrite=True)
    assert anew.freed_bytes > 2_000_000
    assert anew.free_bytes == 0


def filled(journal: Journal) -> None:
    """A run whose results nothing compresses, three megabytes of them."""
    with journal.start("agent", "poet") as run:
        run.finish([random.Random(place).randbytes(100_000) for place in range(30)])
