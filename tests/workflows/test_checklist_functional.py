"""What LangGraph's users expect of functions as workflows: line 65, and threads of runs (43)."""

from __future__ import annotations

import asyncio
import operator
import threading
from typing import Annotated, TypedDict

import pytest

from tests.workflows.checklist import covers
from victor_nb import RetryPolicy, step, workflow
from victor_nb.workflows import START, Command, Final, Memory, NodeFailed, Workflow, interrupt


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


@covers(65)
def test_65_a_function_is_a_workflow_and_its_steps_are_done_once(journal):
    """It asks, fails and goes on as a graph does; it begins anew, and finished steps answer at once."""
    done = []

    @step(effect="idempotent")
    def write(topic):
        done.append(topic)
        return f"about {topic}"

    @workflow
    def letter(topic):
        text = write(topic)
        return f"{text}: {interrupt({'send': text})}"

    waiting = letter.run_sync("tea", journal=journal)
    assert (waiting.status, waiting.interrupts[0].value) == ("waiting", {"send": "about tea"})
    finished = letter.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)
    assert (finished.state, done) == ("about tea: yes", ["tea"])
    assert letter.run_sync("tea", journal=journal, replay="strict").replayed


@covers(65)
def test_65_steps_run_side_by_side_as_futures(journal):
    """Sync ones on threads, async ones on the event loop; results come in the order of the calls."""
    both = threading.Barrier(2, timeout=30)

    @step
    def square(number):
        both.wait()
        return number * number

    @step
    async def double(number):
        await asyncio.sleep(0)
        return number * 2

    @workflow
    def squares(numbers):
        return [one.result() for one in square.map(numbers)]

    @workflow
    async def doubles(numbers):
        return await asyncio.gather(*[double(number) for number in numbers])

    assert squares.run_sync([3, 4], journal=journal).state == [9, 16]
    assert doubles.run_sync([3, 4, 5], journal=journal).state == [6, 8, 10]


@covers(65)
def test_65_a_step_has_a_retry_policy_a_time_and_a_cache(journal):
    """Those of nodes."""
    left, calls = [ConnectionError("gone")], []

    @step(retry=RetryPolicy(wait_s=0.0))
    def flaky():
        if left:
            raise left.pop()
        return "done"

    @step(timeout_s=0.05)
    async def hangs():
        await asyncio.Event().wait()

    @step(cache=True)
    def slow(number):
        calls.append(number)
        return number

    @workflow
    async def tries(number):
        return [flaky(), slow(number)]

    @workflow
    async def waits(_):
        await hangs()

    assert tries.run_sync(1, journal=journal).state == ["done", 1]
    assert tries.run_sync(1, journal=journal).state == ["done", 1]
    assert calls == [1]
    with pytest.raises(NodeFailed, match="TimeoutError"):
        waits.run_sync(1, journal=journal)


@covers(65)
def test_65_a_thread_knows_what_its_run_before_returned(journal):
    """Or what that one saved, where it said two things."""

    @workflow
    def count(number, previous):
        total = (previous or 0) + number
        return Final(f"total {total}", save=total)

    told = [count.run_sync(number, journal=journal, thread="ada").state for number in (1, 2, 3)]
    assert told == ["total 1", "total 3", "total 6"]
    assert count.run_sync(5, journal=journal, thread="bob").state == "total 5"


class Chat(TypedDict, total=False):
    messages: Annotated[list[str], operator.add]


@covers(43)
def test_43_runs_of_one_thread_go_on_with_one_anothers_state(journal):
    """A turn of a conversation is a run of its own; the thread names what belongs together."""
    graph = Workflow(Chat).add_node("reply", lambda state: {"messages": [f"reply {len(state['messages'])}"]})
    graph.add_edge(START, "reply")

    for message in ("hi", "and now?"):
        done = graph.run_sync({"messages": [message]}, journal=journal, thread="ada")
    assert done.state["messages"] == ["hi", "reply 1", "and now?", "reply 3"]
    assert graph.run_sync({"messages": ["hi"]}, journal=journal, thread="bob").state["messages"] == ["hi", "reply 1"]
    assert Memory(journal).search() == [], "what belongs together is no item of the long-term memory"
