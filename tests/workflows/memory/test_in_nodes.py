"""A memory inside of nodes: a node that runs again reads what it read, and writes nothing twice."""

from __future__ import annotations

import asyncio
from typing import TypedDict

import pytest

from victor_nb.journal import open_journal
from victor_nb.testing import KillPoint, kill_and_resume
from victor_nb.workflows import END, START, Command, NodeFailed, RetryPolicy, Runtime, Workflow, interrupt
from victor_nb.workflows.memory import Memory

NOTES = ("notes",)


class State(TypedDict, total=False):
    seen: object


def one_node(action, **options):
    """A workflow of one node."""
    graph = Workflow(State, "remembers")
    graph.add_node("node", action, **options)
    return graph.add_edge(START, "node").add_edge("node", END)


def test_nodes_of_both_kinds_are_given_the_store_of_the_journal(journal):
    """By a parameter named `store`, or through their runtime; what they write is there for everybody."""

    def counts(state, store):
        return {"seen": store.change(NOTES, "n", lambda n: n + 1, default=0)}

    async def reads(state, runtime: Runtime):
        found = await runtime.store.aget(NOTES, "n")
        return {"seen": ("read", found.value)}

    graph = Workflow(State, "both")
    graph.add_sequence([counts, reads]).add_edge(START, "counts").add_edge("reads", END)

    assert graph.run_sync({}, journal=journal).state["seen"] == ("read", 1)
    assert graph.run_sync({}, journal=journal).state["seen"] == ("read", 2)
    assert Memory(journal).get(NOTES, "n").value == 2


def test_a_node_awaits_many_calls_at_once(journal):
    """Each is a step of its own, and each is done."""

    async def many(state, store):
        await asyncio.gather(*[store.aput(NOTES, str(n), n) for n in range(20)])
        found = await asyncio.gather(*[store.aget(NOTES, str(n)) for n in range(20)])
        counted = await asyncio.gather(*[store.achange(NOTES, "sum", lambda s: s + 1, default=0) for _ in range(5)])
        return {"seen": ([item.value for item in found], sorted(counted))}

    done = one_node(many).run_sync({}, journal=journal)
    assert done.state["seen"] == (list(range(20)), [1, 2, 3, 4, 5])
    assert len(journal.events(done.run_id, types=["step.finished"])) == 46


def test_a_node_that_runs_again_after_a_question_reads_what_it_read(journal):
    """Whatever others have written in the meantime; and its own writes are not made again."""

    def ask(state, store):
        before = store.get(NOTES, "n").value
        store.change(NOTES, "count", lambda count: count + 1, default=0)
        found = [item.key for item in store.search(NOTES)]
        return {"seen": [before, found, interrupt("go on?")]}

    memory = Memory(journal)
    memory.put(NOTES, "n", "old")
    graph = one_node(ask)
    waiting = graph.run_sync({}, journal=journal)
    memory.put(NOTES, "n", "new")
    memory.put(NOTES, "other", 1)
    done = graph.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)

    assert done.state["seen"] == ["old", ["count", "n"], "yes"]
    assert memory.get(NOTES, "count").value == 1


def test_another_attempt_goes_on_after_what_the_failed_one_did(journal):
    """A retry writes nothing twice."""
    attempts = []

    def flaky(state, store):
        count = store.change(NOTES, "count", lambda count: count + 1, default=0)
        attempts.append(count)
        if len(attempts) < 3:
            raise ConnectionError("gone")
        return {"seen": count}

    graph = one_node(flaky, retry=RetryPolicy(attempts=3, wait_s=0))

    assert graph.run_sync({}, journal=journal).state["seen"] == 1
    assert attempts == [1, 1, 1]


def test_a_resumed_run_finds_what_its_failed_node_had_read_and_written(journal):
    """The same holds across executions."""
    problems = [RuntimeError("no")]

    def node(state, store):
        count = store.change(NOTES, "count", lambda count: count + 1, default=0)
        if problems:
            raise problems.pop()
        return {"seen": count}

    graph = one_node(node)
    with pytest.raises(NodeFailed):
        graph.run_sync({}, journal=journal)
    done = graph.run_sync(run_id="last", journal=journal)

    assert done.state["seen"] == 1


def counting(journal, run_id):
    """A program whose one node counts its runs."""

    def count(state, store):
        counted = store.change(NOTES, "runs", lambda runs: runs + 1, default=0)
        store.change(NOTES, "runs", lambda runs: runs + 10)
        return {"seen": counted}

    graph = one_node(count)
    print(graph.run_sync({} if run_id is None else None, run_id=run_id, journal=journal).state)


@pytest.mark.parametrize(
    "point",
    [KillPoint("before", "step.finished", "change"), KillPoint("after", "step.finished", "change")],
    ids=["before it is on record", "after it is on record"],
)
def test_a_change_is_made_once_though_its_process_is_killed(point, tmp_path):
    """Whether or not its record came to be: the value knows which step made it."""
    back = kill_and_resume(counting, point, folder=tmp_path)

    assert (back.code, back.output.strip()) == (0, "{'seen': 1}")
    with open_journal(back.journal_url) as journal:
        assert Memory(journal).get(NOTES, "runs").value == 11


def test_outside_of_nodes_every_change_is_a_new_one(journal):
    """Also inside of a step, such as an agent's tool, that makes several."""
    memory = Memory(journal)

    def twice():
        return [memory.change(NOTES, "n", lambda n: n + 1, default=0) for _ in range(2)]

    assert journal.start().step_sync("tool", twice) == [1, 2]


def test_a_strict_replay_touches_no_store(journal):
    """The record answers, whatever has become of the items."""

    def node(state, store):
        return {"seen": store.change(NOTES, "n", lambda n: n + 1, default=0)}

    graph = one_node(node)
    first = graph.run_sync({}, journal=journal)
    Memory(journal).delete(NOTES, "n")
    again = graph.run_sync({}, journal=journal, replay="strict")

    assert (again.state, again.replayed) == (first.state, True)
    assert Memory(journal).get(NOTES, "n") is None


def test_what_a_node_did_with_the_memory_is_on_record_below_it(journal):
    """As steps of kind "memory", with what was asked."""

    def node(state, store):
        store.put(NOTES, "n", {"text": "hi"})
        store.search(NOTES, query="hi")

    run = one_node(node).run_sync({}, journal=journal)
    steps = [event for event in journal.events(run.run_id, types=["step.finished"]) if event.data["kind"] == "memory"]

    assert [(event.data["name"], event.parent_id) for event in steps] == [("put", "1/node"), ("search", "1/node")]
    assert steps[1].data["inputs"] == {"namespace": ["notes"], "query": "hi"}


def test_a_memory_of_the_callers_own_is_what_nodes_are_given(journal):
    """With an embedder, times, or in another journal."""
    mine = Memory(journal, ttl_s=60, room="mine")

    def node(state, store):
        store.put(NOTES, "n", 1)
        return {"seen": store is mine}

    assert one_node(node).run_sync({}, journal=journal, store=mine).state == {"seen": True}
    assert mine.get(NOTES, "n").value == 1
    assert Memory(journal).get(NOTES, "n") is None
