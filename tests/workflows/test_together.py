"""Nodes of one superstep side by side: ordinary functions in threads, awaited ones in tasks."""

from __future__ import annotations

import asyncio
import operator
import threading
from typing import Annotated, TypedDict

import pytest

from victor_nb import END, START, Workflow, send
from victor_nb.journal import open_journal
from victor_nb.workflows import NodeFailed


class State(TypedDict, total=False):
    names: Annotated[list[str], operator.add]


@pytest.fixture
def journal():
    """An empty journal."""
    with open_journal("memory:") as opened:
        yield opened


def fan_out(part, items, **options):
    """A workflow that gives each item to `part`."""
    workflow = Workflow(State).add_node("part", part, **options).add_edge("part", END)
    workflow.add_conditional_edges(START, lambda state: send("part", items), ["part"])
    return workflow


def test_ordinary_functions_need_no_task_each(journal):
    """Five hundred of them, looked at from inside one."""
    seen = []

    async def run():
        loop = asyncio.get_running_loop()

        def part(number):
            seen.append(len(asyncio.all_tasks(loop)))
            return {"names": [str(number)]}

        return await fan_out(part, range(500)).run({}, journal=journal)

    result = asyncio.run(run())

    assert result.state["names"] == [str(number) for number in range(500)]
    assert max(seen) < 10


def test_ordinary_functions_run_at_the_same_time(journal):
    """Each waits for all others."""
    meeting = threading.Barrier(8, timeout=20)

    result = fan_out(lambda number: {"names": [f"{number} {meeting.wait() >= 0}"]}, range(8)).run_sync(
        {}, journal=journal
    )

    assert result.state["names"] == [f"{number} True" for number in range(8)]


def test_updates_are_joined_in_the_order_of_the_graph_whoever_ends_first(journal):
    """An awaited node that ends last stands where the graph has it."""
    others_ended = threading.Event()

    def quick(state):
        others_ended.set()
        return {"names": ["quick"]}

    async def slow(state):
        await asyncio.to_thread(others_ended.wait, 20)
        return {"names": ["slow"]}

    workflow = Workflow(State).add_node("slow", slow).add_node("quick", quick)
    workflow.add_edge(START, "slow").add_edge(START, "quick")

    assert workflow.run_sync({}, journal=journal).state["names"] == ["slow", "quick"]


def test_what_one_raises_takes_nothing_from_the_others(journal):
    """They end, are recorded, and are not called again."""
    calls = []

    def part(number):
        calls.append(number)
        if number == 1 and calls.count(1) == 1:
            raise ValueError("not yet")
        return {"names": [str(number)]}

    workflow = fan_out(part, range(4))
    with pytest.raises(NodeFailed, match="not yet"):
        workflow.run_sync({}, journal=journal)
    result = workflow.run_sync(run_id="last", journal=journal)

    assert result.state["names"] == ["0", "1", "2", "3"]
    assert sorted(calls) == [0, 1, 1, 2, 3]


def test_a_failure_that_another_node_handles_leads_there(journal):
    """Also out of a thread."""

    def part(number):
        if number == 1:
            raise ValueError("broken")
        return {"names": [str(number)]}

    workflow = fan_out(part, range(3), on_error="mend").add_edge("mend", END)
    workflow.add_node("mend", lambda number, runtime: {"names": [f"mended {runtime.failure['what']}"]})

    assert workflow.run_sync({}, journal=journal).state["names"] == ["0", "2", "mended broken"]


def test_what_ended_before_a_run_is_cancelled_is_kept(journal):
    """A call that does not come back keeps nobody waiting; the others are not called again."""
    calls, is_resumed, never = [], [], threading.Event()

    def part(number):
        calls.append(number)
        if number == 2 and not is_resumed:
            never.wait(20)
        return {"names": [str(number)]}

    workflow = fan_out(part, range(3))

    async def cancelled():
        work = asyncio.ensure_future(workflow.run({}, journal=journal))
        while 2 not in calls or len(journal.events(journal.runs()[0].run_id, types=["step.finished"])) < 3:
            await asyncio.sleep(0)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled())
    is_resumed.append(True)
    result = workflow.run_sync(run_id="last", journal=journal)
    never.set()

    assert result.state["names"] == ["0", "1", "2"]
    assert sorted(calls) == [0, 1, 2, 2]
