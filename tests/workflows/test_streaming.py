"""Streams: what happens in a workflow, told while it happens."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, TypedDict

import pytest

from victor_nb import START, Agent, Workflow, interrupt, send
from victor_nb.errors import UsageError
from victor_nb.workflows import StreamPart


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def chain() -> Workflow:
    wf = Workflow(State, "chain").add_node("a", lambda state: {"names": ["a"]})
    wf.add_node("b", lambda state: {"names": ["b"], "x": 2})
    return wf.add_edge(START, "a").add_edge("a", "b")


def parts_of(wf: Workflow, given, journal, modes, **options) -> list[StreamPart]:
    async def read():
        stream = wf.stream(given, modes=modes, journal=journal, **options)
        return [part async for part in stream]

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("updates", [{"a": {"names": ["a"]}}, {"b": {"names": ["b"], "x": 2}}]),
        ("values", [{"x": 1, "names": []}, {"x": 1, "names": ["a"]}, {"x": 2, "names": ["a", "b"]}]),
        (
            "checkpoints",
            [
                {"superstep": 0, "state": {"x": 1, "names": []}, "next": ["a"]},
                {"superstep": 1, "state": {"x": 1, "names": ["a"]}, "next": ["b"]},
                {"superstep": 2, "state": {"x": 2, "names": ["a", "b"]}, "next": []},
            ],
        ),
        (
            "tasks",
            [
                {"id": "1/a", "name": "a", "input": {"x": 1, "names": []}},
                {"id": "1/a", "name": "a", "result": {"names": ["a"]}, "goto": []},
                {"id": "2/b", "name": "b", "input": {"x": 1, "names": ["a"]}},
                {"id": "2/b", "name": "b", "result": {"names": ["b"], "x": 2}, "goto": []},
            ],
        ),
    ],
)
def test_each_mode_tells_its_part(sqlite_journal, mode, told):
    """In the order in which it happens."""
    parts = parts_of(chain(), {"x": 1}, sqlite_journal, mode)

    assert [part.data for part in parts] == told
    assert {part.mode for part in parts} == {mode}


def test_several_modes_come_together_and_debug_is_checkpoints_and_tasks(sqlite_journal):
    """One stream, each part with its mode."""
    both = parts_of(chain(), {"x": 1}, sqlite_journal, ("updates", "values"))
    debug = parts_of(chain(), {"x": 1}, sqlite_journal, "debug")

    assert [part.mode for part in both] == ["values", "updates", "values", "updates", "values"]
    assert [part.data["type"] for part in debug] == ["checkpoint", *["task", "task", "checkpoint"] * 2]


def test_nodes_write_into_the_stream(sqlite_journal):
    """By their runtime, or a parameter named writer; anything, also what could not be journaled."""
    thing = object()
    wf = Workflow(State).add_node("a", lambda state, writer: writer(thing)).add_edge(START, "a")

    assert [part.data for part in parts_of(wf, {}, sqlite_journal, "custom")] == [thing]


def test_parts_of_sub_workflows_say_where_they_come_from(sqlite_journal):
    """The namespace is the steps around them."""
    wf = Workflow(State).add_node("sub", chain()).add_edge(START, "sub")

    parts = parts_of(wf, {"x": 1}, sqlite_journal, "updates")

    assert [(part.namespace, list(part.data)) for part in parts] == [
        (("1/sub",), ["a"]),
        (("1/sub",), ["b"]),
        ((), ["sub"]),
    ]


def test_texts_of_models_come_in_pieces(sqlite_journal):
    """With the node inside which they are written."""

    class Asked(TypedDict, total=False):
        question: str
        answer: str

    wf = Workflow(Asked).add_node("ask", Agent("helper")).add_edge(START, "ask")

    parts = parts_of(wf, {"question": "2 + 2?"}, sqlite_journal, ("messages", "values"))

    texts = [part.data for part in parts if part.mode == "messages"]
    assert "".join(text for text, _ in texts) == parts[-1].data["answer"]
    assert {told["node"] for _, told in texts} == {"ask"}


def test_questions_are_told(sqlite_journal):
    """And the stream's result waits."""
    wf = Workflow(State).add_node("ask", lambda state: interrupt("?")).add_edge(START, "ask")

    async def read():
        stream = wf.stream({}, modes="updates", journal=sqlite_journal)
        with pytest.raises(RuntimeError, match="before it was read to its end"):
            _ = stream.result
        return [part.data async for part in stream], stream.result

    (told,), result = asyncio.run(read())

    assert told["__interrupt__"] == result.interrupts
    assert result.status == "waiting"


def test_a_replay_streams_as_the_live_run_did_in_the_order_of_the_graph(sqlite_journal):
    """Whatever ended first when it was recorded."""
    wf = Workflow(State).add_node("work", lambda item: {"names": [str(item)]})
    wf.add_conditional_edges(START, lambda state: send("work", range(9)), ["work"])
    wf.run_sync({}, journal=sqlite_journal)

    parts = parts_of(wf, {}, sqlite_journal, "updates", replay="strict")

    assert [part.data["work"]["names"] for part in parts] == [[str(number)] for number in range(9)]


def test_leaving_a_stream_cancels_the_run_which_can_be_resumed(sqlite_journal):
    """Nobody reads on, nothing goes on."""
    wf = chain().add_node("wait", wait := Waits()).add_edge("b", "wait")

    async def leave():
        async for part in wf.stream({}, modes="updates", journal=sqlite_journal):
            if "b" in part.data:
                return

    asyncio.run(leave())
    assert sqlite_journal.runs()[0].status == "stopped"
    wait.is_over = True
    assert wf.run_sync(run_id="last", journal=sqlite_journal).state["names"] == ["a", "b"]


class Waits:
    is_over = False

    async def __call__(self, state):
        if not self.is_over:
            await asyncio.Event().wait()


def test_an_unknown_mode_is_told_with_the_nearest(sqlite_journal):
    """Before anything runs."""
    with pytest.raises(UsageError, match="no stream mode 'update'"):
        parts_of(chain(), {}, sqlite_journal, "update")
    assert sqlite_journal.runs() == []
