"""What is counted of the events of a journal, and that each is counted once; whatever the store."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.insight.conftest import NOON, Clock, Doings
from victor_nb.insight import AgentMetrics, Projection, StepMetrics, measured
from victor_nb.journal import Journal, open_journal
from victor_nb.journal.memory import MemoryStore


def whole(doings: Doings, **options: Any) -> AgentMetrics:
    """The one row of everything."""
    projection = Projection(doings.journal)
    projection.refresh()
    (row,) = measured(projection, **options).measured()
    assert isinstance(row, AgentMetrics)
    return row


def steps(doings: Doings, word: str) -> dict[object, StepMetrics]:
    """A row for each model, tool, …"""
    projection = Projection(doings.journal)
    projection.refresh()
    table = measured(projection, [word])
    return dict(zip(table.labels[word], table.measured(), strict=True))  # type: ignore[arg-type]


def test_a_journal_of_nothing_has_one_row_of_nothing(doings: Doings) -> None:
    """Counts are zero, and what would divide by zero is not a number."""
    row = whole(doings)

    assert (row.runs, row.events, row.cost_usd) == (0, 0, 0)
    assert np.isnan([row.success_rate, row.error_rate, row.mean_s, row.p99_s, row.model_mean_s]).all()


def test_runs_are_counted_by_how_they_stand(doings: Doings) -> None:
    """Finished, failed, stopped, at work; the rate of success leaves out what waits."""
    doings.agent("poet", tools=("search", "read"))
    doings.agent("poet", fails=True)
    doings.journal.start("agent", "idle").stop("interrupt")
    doings.journal.start("agent", "busy")

    row = whole(doings)

    assert (row.runs, row.finished, row.failed, row.stopped, row.active, row.interrupted) == (4, 1, 1, 1, 1, 0)
    assert (row.success_rate, row.error_rate) == (0.5, 0.5)
    assert (row.model_calls, row.tool_calls, row.input_tokens, row.output_tokens) == (2, 2, 200, 20)
    assert row.cost_usd == pytest.approx(0.02)
    assert row.events == sum(len(doings.journal.events(info.run_id)) for info in doings.journal.runs())


def test_a_run_whose_process_died_is_interrupted(doings: Doings, clock: Clock) -> None:
    """It claims to run; nobody has extended its lease."""
    doings.journal.start("agent", "poet")

    row = whole(doings, now=clock.now + 10_000)

    assert (row.active, row.interrupted) == (0, 1)


def test_errors_of_tools_and_models_are_counted(doings: Doings) -> None:
    """An error that the model was told of, and one that ended the run; one that only asks to be resumed is none."""
    run = doings.journal.start("agent", "poet")
    doings.use(run, "search", fails=True)
    doings.use(run, "search")
    with pytest.raises(OSError, match="gone"):
        run.step_sync("offline", fail, kind="model")
    run.fail(OSError("gone"))

    row, tools, models = whole(doings), steps(doings, "tool"), steps(doings, "model")

    assert (row.tool_calls, row.tool_errors, row.model_calls, row.model_errors) == (2, 1, 1, 1)
    assert (tools["search"].calls, tools["search"].error_rate) == (2, 0.5)
    assert (models["offline"].errors, models["offline"].runs) == (1, 1)


def fail() -> None:
    raise OSError("gone")


def test_what_else_happens_is_counted_from_its_events(doings: Doings) -> None:
    """Snapshots, edits, retries, cache, questions, resumes."""
    run = doings.journal.start("workflow", "review")
    for type, data in (
        ("state.snapshot", {"superstep": 1}),
        ("state.edited", {"superstep": 1}),
        ("node.retried", {"name": "read", "attempt": 1}),
        ("node.why", {"name": "read", "why": "it never ran"}),
        ("interrupt.requested", {"id": "q1", "node": "ask"}),
        ("interrupt.answered", {"id": "q1", "value": 1}),
        ("approval.requested", {"call_id": "c1"}),
    ):
        run.record(type, data)
    run.step_sync("read", lambda: 1, kind="node")
    run.stop("interrupt")
    doings.journal.resume(run.id).finish()

    row = whole(doings)

    assert (row.saves, row.transitions, row.retries, row.cache_misses) == (1, 2, 1, 1)
    assert (row.questions, row.restores, row.steps) == (2, 1, 1)


def test_a_question_is_open_until_it_is_answered(doings: Doings, clock: Clock) -> None:
    """How long people were waited for can be read off."""
    run = doings.journal.start("workflow", "review")
    run.record("interrupt.requested", {"id": "q1"})
    run.record("approval.requested", {"call_id": "c1"})
    projection = Projection(doings.journal)
    projection.refresh()
    clock.now += 60
    run.record("interrupt.answered", {"id": "q1"})
    projection.refresh()

    assert projection.waits["asked"].tolist() == pytest.approx([NOON, NOON], abs=0.002)
    assert projection.waits["answered"][0] == pytest.approx(NOON + 60, abs=0.002)
    assert np.isnan(projection.waits["answered"][1])


def test_a_refresh_reads_only_what_is_new(doings: Doings) -> None:
    """Finished runs are never looked at again, and no event is counted twice."""
    doings.agent("poet", tools=("search",))
    going = doings.journal.start("agent", "slow")
    doings.use(going, "search")
    projection = Projection(doings.journal)

    first = projection.refresh()
    again = projection.refresh()
    doings.use(going, "search")
    third = projection.refresh()

    stored = sum(len(doings.journal.events(info.run_id)) for info in doings.journal.runs())
    assert (again, first + third) == (0, stored)
    (row,) = measured(projection).measured()
    assert row == whole(doings)


def test_runs_longer_than_what_is_read_at_once_are_read_in_pieces(
    doings: Doings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal of any length needs the room of a few thousand events."""
    for _ in range(4):
        doings.agent("poet", tools=("a", "b", "c"))
    going = doings.journal.start("agent", "slow")
    for _ in range(12):
        doings.use(going, "d")
    at_once = whole(doings)

    monkeypatch.setattr("victor_nb.insight.projection.EVENTS_AT_ONCE", 5)

    assert astuple(whole(doings))[:8] == astuple(at_once)[:8]
    assert whole(doings).tool_calls == at_once.tool_calls == 24


def test_what_is_written_while_it_is_read_is_counted_once(doings: Doings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that comes between the look at the heads and the sweep is left for the next refresh."""
    going = doings.journal.start("agent", "slow")
    doings.use(going, "search")
    projection = Projection(doings.journal)
    heads = doings.journal.store.heads

    def late(*asked: Any) -> Any:
        found = heads(*asked)
        doings.use(going, "search")
        return found

    monkeypatch.setattr(doings.journal.store, "heads", late)
    projection.refresh()
    (row,) = measured(projection).measured()
    assert row.tool_calls == 1
    monkeypatch.undo()
    projection.refresh()
    (row,) = measured(projection).measured()
    assert row.tool_calls == 2


def test_an_interrupted_refresh_begins_anew(doings: Doings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was half folded is thrown away, so that nothing counts twice."""
    doings.agent("poet", tools=("search",))
    projection = Projection(doings.journal)
    monkeypatch.setattr(projection, "_remember", lambda heads: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        projection.refresh()
    monkeypatch.undo()

    projection.refresh()

    (row,) = measured(projection).measured()
    assert (row.runs, row.tool_calls) == (1, 1)


def test_bodies_of_another_shape_still_count(in_memory: Doings) -> None:
    """A program may note on its own steps what it likes."""
    from victor_nb.journal import current_step

    run = in_memory.journal.start("program", "odd")
    run.step_sync("strange", lambda: current_step().note(usage="much", cost_usd="nothing"), kind="tool")
    in_memory.use(run, "search")
    run.finish()

    assert {name: row.calls for name, row in steps(in_memory, "tool").items()} == {"strange": 1, "search": 1}


def test_a_clock_that_is_set_back_makes_no_negative_durations(in_memory: Doings, clock: Clock) -> None:
    """Durations are measured, not subtracted; buckets of time are where the clock put them."""
    run = in_memory.journal.start("agent", "poet")
    clock.now -= 7200
    in_memory.use(run, "search")
    run.finish()
    projection = Projection(in_memory.journal)
    projection.refresh()

    (row,) = measured(projection).measured()
    hours = measured(projection, ["hour"])

    assert isinstance(row, AgentMetrics)
    assert row.mean_s >= 0
    assert hours.labels["hour"] == [NOON - 7200, NOON]
    assert hours.values["tool_calls"].tolist() == [1, 0]
    assert hours.values["runs"].tolist() == [0, 1]


def test_groups_are_sorted_by_what_is_most_or_by_time(in_memory: Doings, clock: Clock) -> None:
    """Agents by how many runs they have; hours from the oldest."""
    for name, hour in (("poet", 0), ("critic", 1), ("critic", 2)):
        clock.now = NOON + 3600 * hour
        in_memory.agent(name, tools=("search",) * (hour + 1))
    projection = Projection(in_memory.journal)
    projection.refresh()

    agents, hours = measured(projection, ["agent"]), measured(projection, ["hour", "agent"])

    assert agents.labels["agent"] == ["critic", "poet"]
    assert agents.values["tool_calls"].tolist() == [5, 1]
    assert list(zip(*hours.labels.values(), strict=True)) == [
        (NOON, "poet"),
        (NOON + 3600, "critic"),
        (NOON + 7200, "critic"),
    ]


def test_a_week_begins_on_monday(in_memory: Doings, clock: Clock) -> None:
    """The epoch began on a Thursday, and so does not say."""
    in_memory.agent("poet")
    clock.now = NOON + 3 * 86_400
    in_memory.agent("poet")
    clock.now = NOON + 4 * 86_400
    in_memory.agent("poet")
    projection = Projection(in_memory.journal)
    projection.refresh()

    table = measured(projection, ["week"])

    monday = NOON - 3 * 86_400 - 12 * 3600
    assert table.labels["week"] == [monday, monday + 7 * 86_400]
    assert table.values["runs"].tolist() == [2, 1]


def test_words_about_runs_and_steps_go_together(in_memory: Doings) -> None:
    """Which agent uses which tool."""
    in_memory.agent("poet", tools=("search", "search", "read"))
    in_memory.agent("critic", tools=("read",))
    projection = Projection(in_memory.journal)
    projection.refresh()

    table = measured(projection, ["agent", "tool"])

    found = dict(zip(zip(*table.labels.values(), strict=True), table.values["calls"].tolist(), strict=True))
    assert found == {("poet", "search"): 2, ("poet", "read"): 1, ("critic", "read"): 1}


def test_only_what_is_in_the_span_counts(in_memory: Doings, clock: Clock) -> None:
    """Runs by when they were started, steps by when they ended."""
    in_memory.agent("old", tools=("search",))
    clock.now = NOON + 100
    in_memory.agent("new", tools=("search",))
    projection = Projection(in_memory.journal)
    projection.refresh()

    (since,) = measured(projection, since=NOON + 50).measured()
    (until,) = measured(projection, until=NOON + 50).measured()

    assert isinstance(since, AgentMetrics)
    assert isinstance(until, AgentMetrics)
    assert (since.runs, since.tool_calls, until.runs, until.tool_calls) == (1, 1, 1, 1)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1000)), min_size=1, max_size=60), st.booleans())
def test_percentiles_are_those_of_numpy(found: list[tuple[int, float]], is_wide: bool) -> None:
    """Exact in every group, however many there are."""
    from victor_nb.insight.quantiles import quantiles

    codes = np.array([code for code, _ in found]) * (100 if is_wide else 1)
    values = np.array([value for _, value in found])
    groups = 500 if is_wide else 5

    ours = quantiles(codes, values, groups, (0.5, 0.95))

    for group in range(groups):
        own = values[codes == group]
        for column, wanted in zip(ours, (0.5, 0.95), strict=True):
            assert np.isnan(column[group]) if not len(own) else column[group] == pytest.approx(np.quantile(own, wanted))


def test_a_journal_that_others_write_is_read_on(tmp_path) -> None:
    """Another process adds; the next refresh has it."""
    url = f"sqlite:///{tmp_path / 'victor.db'}"
    with open_journal(url) as journal:
        projection = Projection(journal)
        projection.refresh()
        program = f"""
from victor_nb import open_journal
with open_journal({url!r}) as journal, journal.start("agent", "far") as run:
    run.step_sync("search", lambda: 1, kind="tool")
"""
        subprocess.run([sys.executable, "-c", program], check=True)

        assert projection.refresh() == 3
        assert measured(projection, ["agent"]).labels["agent"] == ["far"]


def test_a_projection_dies_with_its_journal() -> None:
    """Asking for metrics keeps no closed journal in memory."""
    import gc
    import weakref

    from victor_nb.insight.frames import projection_of

    journal = Journal(MemoryStore())
    held = weakref.ref(projection_of(journal))
    journal.close()
    del journal
    gc.collect()

    assert held() is None


def test_columns_grow_and_keep_what_they_hold(in_memory: Doings) -> None:
    """More rows than there was room for at first."""
    run = in_memory.journal.start("agent", "poet")
    for number in range(2500):
        in_memory.use(run, f"tool {number % 3}")
    projection = Projection(in_memory.journal)
    projection.refresh()

    table = measured(projection, ["tool"])

    assert table.values["calls"].tolist() == [834, 833, 833]
    assert projection.steps["tool"]["run"].tolist() == [0] * 2500


def test_every_word_groups(in_memory: Doings) -> None:
    """Kinds, names, runs, states, steps."""
    first = in_memory.agent("poet", tools=("search",))
    in_memory.agent("poet", fails=True)
    projection = Projection(in_memory.journal)
    projection.refresh()

    assert measured(projection, ["kind", "name"]).labels == {"kind": ["agent"], "name": ["poet"]}
    assert measured(projection, ["status"]).labels["status"] == ["finished", "failed"]
    runs = measured(projection, ["run", "minute"])
    assert first in runs.labels["run"]
    assert runs.values["runs"].tolist() == [1, 1]
    assert measured(projection, ["step"]).labels["step"] == ["model offline", "tool search"]


def test_very_many_combinations_are_sorted_instead_of_tabulated(
    in_memory: Doings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run a minute for a year has more cells than memory; the answer is the same."""
    for minute in range(5):
        clock.now = NOON + 60 * minute
        in_memory.agent("poet", tools=("search",))
    projection = Projection(in_memory.journal)
    projection.refresh()
    tabulated = measured(projection, ["run", "minute"])

    monkeypatch.setattr("victor_nb.insight.grouping._MOST_CELLS", 3)

    assert measured(projection, ["run", "minute"]).labels == tabulated.labels
    assert measured(projection, ["run", "minute"]).values["runs"].tolist() == [1] * 5


def test_ends_and_questions_of_another_shape_still_count(in_memory: Doings) -> None:
    """Events that nobody of ours wrote."""
    run = in_memory.journal.start("program", "odd")
    run.record("interrupt.requested", {"id": 5})
    run.record("approval.decided", {"call_id": ["x"]})
    run.record("run.stopped", {"seconds": "long"})

    assert whole(in_memory).questions == 1
