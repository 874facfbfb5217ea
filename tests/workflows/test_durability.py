"""What is on disk when: every superstep, or every few milliseconds; and a run that is asked to stop."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, TypedDict

import pytest

from victor_nb import END, START, Workflow, open_journal
from victor_nb.workflows import WorkflowStopped


class State(TypedDict, total=False):
    x: int
    messages: Annotated[list[str], operator.add]


def counting(last: int, effect: str = "pure") -> Workflow:
    wf = Workflow(State, "count").add_node("count", lambda state: {"x": state["x"] + 1}, effect=effect)
    wf.add_edge(START, "count")
    return wf.add_conditional_edges("count", lambda s: "count" if s["x"] < last else END, ["count", END])


def test_turns_commit_many_supersteps_at_once_and_lose_none(sqlite_journal):
    """The record is the same as with a commit for each."""
    by_step = counting(100).run_sync({"x": 0}, journal=sqlite_journal)
    before = sqlite_journal.stats()["appends"]

    by_turn = counting(100).run_sync({"x": 0}, journal=sqlite_journal, durability="turn")

    assert sqlite_journal.stats()["appends"] - before < 80
    names = [[(e.type, e.step_id) for e in sqlite_journal.events(run.run_id)] for run in (by_step, by_turn)]
    assert names[0] == names[1]


def test_what_a_node_with_an_effect_did_is_committed_at_once(sqlite_journal):
    """Together with all that came before it."""
    before = sqlite_journal.stats()["appends"]

    counting(20, effect="effect").run_sync({"x": 0}, journal=sqlite_journal, durability="turn")

    assert sqlite_journal.stats()["appends"] - before >= 40


def test_a_result_does_not_wait_for_a_node_that_takes_long(tmp_path):
    """While the next node works, it is committed."""
    url = f"sqlite:///{tmp_path / 'victor.db'}"
    seen = []

    async def look(state):
        with open_journal(url) as other:
            for _ in range(1000):
                seen[:] = [event.step_id for event in other.events("last" and journal.runs()[0].run_id)]
                if "1/first" in seen:
                    return
                await asyncio.sleep(0.001)

    wf = Workflow(State).add_node("first", lambda state: {"x": 1}).add_node(look)
    wf.add_edge(START, "first").add_edge("first", "look")
    with open_journal(url) as journal:
        wf.run_sync({}, journal=journal, durability="turn")

    assert "1/first" in seen


def test_a_run_is_stopped_from_elsewhere_and_goes_on_later(sqlite_journal):
    """By a signal, as `victor stop` sends it; also while a node waits."""
    is_over = False

    async def wait(state, runtime):
        if not is_over:
            runtime.run.journal.signal(runtime.run_id, "stop")
            await asyncio.Event().wait()
        return {"x": 1}

    wf = Workflow(State).add_node(wait).add_edge(START, "wait")
    with pytest.raises(WorkflowStopped, match="asked the workflow to stop"):
        wf.run_sync({}, journal=sqlite_journal)
    assert sqlite_journal.runs()[0].status == "stopped"

    is_over = True
    assert wf.run_sync(run_id="last", journal=sqlite_journal).state["x"] == 1


# -- size --------------------------------------------------------------------------------------------------------------


def talking(last: int) -> Workflow:
    wf = Workflow(State, "talk").add_edge(START, "say")
    wf.add_node("say", lambda state: {"messages": ["m" * 500], "x": state["x"] + 1})
    return wf.add_conditional_edges("say", lambda s: "say" if s["x"] < last else END, ["say", END])


def bytes_of(journal, run_id) -> int:
    events = journal.events(run_id)
    blobs = {name for event in events for name in blobs_in(event.data)}
    return sum(len(event.raw) for event in events) + sum(len(journal.blob(name)) for name in blobs)


def blobs_in(value) -> list[str]:
    if isinstance(value, dict):
        own = [value["$json"]] if "$json" in value else []
        return own + [name for item in value.values() for name in blobs_in(item)]
    return [name for item in value for name in blobs_in(item)] if isinstance(value, list) else []


def test_a_growing_list_costs_what_is_added_to_it(memory_journal):
    """Twice the messages, twice the bytes: never the whole list again and again."""
    small, large = (
        bytes_of(memory_journal, talking(n).run_sync({"x": 0}, journal=memory_journal).run_id) for n in (400, 800)
    )

    assert large < 2.2 * small
    assert large < 800 * 500 * 2.3


def test_a_large_value_that_nobody_touches_is_stored_once(memory_journal):
    """In the input; steps, snapshots and the result refer to it."""

    class Carrying(TypedDict, total=False):
        x: int
        load: str

    def bytes_with(size: int) -> int:
        wf = Workflow(Carrying, "carry").add_node("count", lambda s: {"x": s["x"] + 1}).add_edge(START, "count")
        wf.add_conditional_edges("count", lambda s: "count" if s["x"] < 3000 else END, ["count", END])
        given = {"x": 0, "load": "l" * size}
        run = wf.run_sync(given, journal=memory_journal, max_steps=5000)
        assert any(event.type == "state.snapshot" for event in memory_journal.events(run.run_id))
        return bytes_of(memory_journal, run.run_id)

    assert bytes_with(1_000_000) - bytes_with(1_000) < 1_010_000


def test_a_long_run_is_resumed_from_its_newest_snapshot(sqlite_journal):
    """Only the results after it are read."""
    with pytest.raises(Exception, match="supersteps"):
        counting(5000).run_sync({"x": 0}, journal=sqlite_journal, max_steps=2500)
    run = sqlite_journal.resume("last", since="state.snapshot")
    read = len(run.placed.finished_ids())
    run.stop("test")

    assert 0 < read <= 1000
    assert counting(5000).run_sync(run_id="last", journal=sqlite_journal, max_steps=6000).state["x"] == 5000


@pytest.fixture
def memory_journal():
    with open_journal("memory:") as opened:
        yield opened
