"""What LangGraph's users expect where things fail, and of caches: lines 32 to 40."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, TypedDict

import pytest

from tests.workflows.checklist import covers
from victor_nb.workflows import (
    END,
    START,
    CachePolicy,
    Command,
    Memory,
    NodeFailed,
    NodeTimeout,
    RetryPolicy,
    Runtime,
    Workflow,
    WorkflowStopped,
)


class State(TypedDict, total=False):
    x: int
    log: Annotated[list[str], operator.add]


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def failing(*failures, result="done"):
    """A node that fails with each of these in turn, and then does not."""
    left = list(failures)

    def node(state):
        if left:
            raise left.pop(0)
        return {"log": [result]}

    return node


def alone(action, **options):
    """A graph of one node."""
    return Workflow(State, "alone").add_node("node", action, **options).add_edge(START, "node").add_edge("node", END)


AT_ONCE = {"wait_s": 0.0}


@covers(32)
def test_32_a_policy_says_which_failures_are_worth_another_attempt(journal):
    """By class or by a predicate; others fail at once, and so does one attempt too many."""
    gone, wrong = ConnectionError("gone"), ValueError("wrong")
    retry = RetryPolicy(attempts=3, retry_on=ConnectionError, **AT_ONCE)

    assert alone(failing(gone, gone), retry=retry).run_sync({}, journal=journal).state["log"] == ["done"]
    with pytest.raises(NodeFailed, match="wrong"):
        alone(failing(wrong), retry=retry).run_sync({}, journal=journal)
    with pytest.raises(NodeFailed, match="gone"):
        alone(failing(gone, gone, gone), retry=retry).run_sync({}, journal=journal)
    chosen = RetryPolicy(retry_on=lambda failure: "gone" in str(failure), **AT_ONCE)
    assert alone(failing(gone), retry=chosen).run_sync({}, journal=journal).state["log"] == ["done"]


@covers(32)
def test_32_of_several_policies_the_first_that_applies_counts(journal):
    """Each counts its own attempts."""
    policies = [
        RetryPolicy(attempts=3, retry_on=ConnectionError, **AT_ONCE),
        RetryPolicy(attempts=2, retry_on=TimeoutError, **AT_ONCE),
    ]
    node = failing(ConnectionError(), TimeoutError(), ConnectionError())

    assert alone(node, retry=policies).run_sync({}, journal=journal).state["log"] == ["done"]


@covers(32)
def test_32_waits_grow_up_to_a_limit_and_vary():
    """Backoff and jitter, as numbers."""
    policy = RetryPolicy(wait_s=1.0, factor=3.0, max_wait_s=5.0, jitter=0.5)

    assert [policy.wait_after(attempt, 0.0) for attempt in (1, 2, 3)] == [1.0, 3.0, 5.0]
    assert policy.wait_after(1, 1.0) == 1.5


@covers(33)
def test_33_a_node_has_a_time_for_an_attempt(journal):
    """Sync nodes too; a retry policy may give it another chance."""
    attempts = []

    async def hangs_once(state, runtime: Runtime):
        attempts.append(runtime.attempt)
        if runtime.attempt == 1:
            await asyncio.Event().wait()
        return {"log": ["done"]}

    graph = alone(hangs_once, timeout_s=1, retry=RetryPolicy(retry_on=NodeTimeout, **AT_ONCE))
    assert graph.run_sync({}, journal=journal).state["log"] == ["done"]
    assert attempts == [1, 2]


@covers(33)
def test_33_an_idle_node_is_given_up_and_one_that_shows_life_is_not(journal):
    """A heartbeat is a sign of life, and so is whatever it writes into the stream."""

    async def alive_then_idle(state, runtime: Runtime):
        for _ in range(8):
            await asyncio.sleep(0.05)
            runtime.heartbeat()
        await asyncio.Event().wait()

    with pytest.raises(NodeTimeout, match="no sign of life"):
        alone(alive_then_idle, idle_s=0.3).run_sync({}, journal=journal)


@covers(34)
def test_34_a_node_handles_what_another_failed_with_for_good(journal):
    """It is told which node and how, and may go anywhere."""

    def mend(state, runtime: Runtime):
        failure = runtime.failure
        return Command(update={"log": [f"{failure['node']}: {failure['type']}"]}, goto="after")

    graph = Workflow(State)
    graph.add_node("bad", failing(*[ValueError("no")] * 9), retry=RetryPolicy(attempts=2, **AT_ONCE), on_error=mend)
    graph.add_node("after", lambda state: {"log": ["after"]})
    graph.add_edge(START, "bad")

    done = graph.run_sync({}, journal=journal)
    assert done.state["log"] == ["bad: ValueError", "after"]
    assert done.status == "finished"


@covers(35)
def test_35_nodes_get_the_defaults_that_were_set_before_them(journal):
    """Those that say otherwise keep what they say."""
    graph = Workflow(State).set_node_defaults(retry=RetryPolicy(attempts=2, **AT_ONCE), timeout_s=60)
    graph.add_node("default", failing(ValueError())).add_node("own", failing(), retry=RetryPolicy(attempts=5))
    graph.add_edge(START, "default").add_edge("default", "own")

    assert graph.run_sync({}, journal=journal).state["log"] == ["done", "done"]
    assert graph.nodes["own"].retry[0].attempts == 5
    assert graph.nodes["own"].timeout == graph.nodes["default"].timeout


@covers(37)
def test_37_a_run_drains_when_it_is_asked_to(journal):
    """From inside a node: the superstep is finished, the run stops, and can go on."""

    def asks(state, runtime: Runtime):
        runtime.drain()
        return {"log": ["asks"]}

    graph = Workflow(State).add_node("beside", lambda state: {"log": ["beside"]}).add_node(asks)
    graph.add_node("after", lambda state: {"log": ["after"]})
    graph.add_edge(START, "asks").add_edge(START, "beside").add_edge("asks", "after")

    with pytest.raises(WorkflowStopped, match="before after"):
        graph.run_sync({}, journal=journal)
    assert graph.run_sync(run_id="last", journal=journal).state["log"] == ["beside", "asks", "after"]


@covers(37)
def test_37_a_run_is_stopped_from_outside(journal):
    """By anybody who knows its id, from any process, also in the middle of a node; and it can go on."""
    first = [True]

    async def told(state, runtime: Runtime):
        if first:
            first.clear()
            journal.signal(runtime.run_id, "stop")
            await asyncio.Event().wait()
        return {"log": ["told"]}

    graph = Workflow(State).add_sequence([told, ("after", lambda state: {"log": ["after"]})]).add_edge(START, "told")

    with pytest.raises(WorkflowStopped):
        graph.run_sync({}, journal=journal)
    assert graph.run_sync(run_id="last", journal=journal).state["log"] == ["told", "after"]


def counting(calls):
    """A node whose calls are counted."""

    def node(state):
        calls.append(state["x"])
        return {"log": [f"made {len(calls)}"]}

    return node


@covers(38)
def test_38_a_cached_answer_is_used_by_other_runs_for_equal_inputs(journal):
    """By the whole input or by what a key function takes of it, until its time is over."""
    calls = []
    clock = journal.clock = Clock()
    graph = alone(counting(calls), cache=CachePolicy(key=lambda state: state["x"], ttl_s=60))

    assert [graph.run_sync({"x": x}, journal=journal).state["log"] for x in (1, 1, 2)] == [
        ["made 1"],
        ["made 1"],
        ["made 2"],
    ]
    clock.now += 61
    assert graph.run_sync({"x": 1}, journal=journal).state["log"] == ["made 3"]


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self):
        return self.now


@covers(39)
def test_39_the_cache_can_be_cleared(journal):
    """For one node, or for all; the long-term memory keeps what it has, and does not show what is cached."""
    calls = []
    graph = alone(counting(calls), cache=True)
    graph.run_sync({"x": 1}, journal=journal)
    Memory(journal).put(("mine",), "k", 1)
    assert Memory(journal).list_namespaces() == [("mine",)]

    assert graph.clear_cache("node", journal=journal) == 1
    assert graph.clear_cache(journal=journal) == 0
    graph.run_sync({"x": 1}, journal=journal)
    assert calls == [1, 1]
    assert [item.key for item in Memory(journal).search()] == ["k"]


@covers(40)
def test_40_a_cached_answer_is_seen_in_the_stream_and_in_the_journal(journal):
    """The part of the task says so, and the event does."""
    graph = alone(counting([]), cache=True)
    graph.run_sync({"x": 1}, journal=journal)

    async def parts():
        stream = graph.stream({"x": 1}, journal=journal, modes="tasks")
        return [part.data async for part in stream], stream.result.run_id

    told, run_id = asyncio.run(parts())
    assert told[-1]["cached"] is True
    assert [event.data.get("cached") for event in journal.events(run_id, types=["step.finished"])] == [True]
