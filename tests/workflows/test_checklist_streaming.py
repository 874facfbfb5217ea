"""What LangGraph's users expect of streaming: lines 59 to 64."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest

from tests.agents.scripts import Script
from tests.workflows.checklist import covers
from victor_nb.agents import Agent
from victor_nb.errors import UsageError
from victor_nb.workflows import END, START, StreamPart, Workflow, current_runtime, interrupt


class State(TypedDict, total=False):
    x: Any
    log: Annotated[list[str], operator.add]
    answer: str


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def parts_of(graph, given, journal, modes, **options):
    """Everything that a stream tells, and its result."""

    async def read():
        stream = graph.stream(given, journal=journal, modes=modes, **options)
        return [part async for part in stream], stream.result

    return asyncio.run(read())


@pytest.fixture
def chain():
    """Two nodes, one after the other."""
    graph = Workflow(State, "chain").add_sequence([(n, lambda state, n=n: {"log": [n]}) for n in ("a", "b")])
    return graph.add_edge(START, "a").add_edge("b", END)


@covers(59)
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("values", [{"log": []}, {"log": ["a"]}, {"log": ["a", "b"]}]),
        ("updates", [{"a": {"log": ["a"]}}, {"b": {"log": ["b"]}}]),
    ],
)
def test_59_values_are_whole_states_and_updates_what_changed(journal, chain, mode, told):
    """In the order in which it happened."""
    parts, result = parts_of(chain, {}, journal, mode)

    assert [part.data for part in parts] == told
    assert {part.mode for part in parts} == {mode}
    assert result.state == {"log": ["a", "b"]}


@covers(59)
def test_59_tasks_checkpoints_and_debug_tell_of_the_engine(journal, chain):
    """A task begins with its input and ends with its result; a checkpoint knows what is next; debug has both."""
    tasks, _ = parts_of(chain, {}, journal, "tasks")
    assert [(part.data["name"], "input" in part.data, "result" in part.data) for part in tasks] == [
        ("a", True, False),
        ("a", False, True),
        ("b", True, False),
        ("b", False, True),
    ]
    checkpoints, _ = parts_of(chain, {}, journal, "checkpoints")
    assert [(part.data["superstep"], part.data["next"]) for part in checkpoints] == [(0, ["a"]), (1, ["b"]), (2, [])]
    debug, _ = parts_of(chain, {}, journal, "debug")
    assert {part.data["type"] for part in debug} == {"task", "checkpoint"}
    assert len(debug) == len(tasks) + len(checkpoints)


@covers(59, 62)
def test_59_62_several_modes_come_as_typed_parts(journal, chain):
    """Each part says its mode; what there is no mode for is refused."""
    parts, result = parts_of(chain, {}, journal, ["updates", "values"])

    assert [part.mode for part in parts] == ["values", "updates", "values", "updates", "values"]
    assert all(isinstance(part, StreamPart) for part in parts)
    assert (result.status, result.interrupts) == ("finished", ())
    with pytest.raises(UsageError, match="Did you mean 'values'"):
        parts_of(chain, {}, journal, "value")


@covers(60)
def test_60_parts_of_a_subgraph_say_from_where_they_are(journal, chain):
    """Their namespace is the step of the node that the subgraph is."""
    outer = Workflow(State, "outer").add_node("inner", chain).add_edge(START, "inner")
    parts, _ = parts_of(outer, {}, journal, "updates")

    assert [(part.namespace, list(part.data)) for part in parts] == [
        (("1/inner",), ["a"]),
        (("1/inner",), ["b"]),
        ((), ["inner"]),
    ]


@covers(61)
def test_61_a_node_writes_into_the_stream(journal):
    """Anything, by a parameter or from code below; nothing of it is kept, and without a listener it is lost."""

    def work(state, writer):
        writer({"progress": 0.5})
        current_runtime().writer("half done")

    graph = Workflow(State).add_node(work).add_edge(START, "work")
    parts, result = parts_of(graph, {}, journal, "custom")

    assert [part.data for part in parts] == [{"progress": 0.5}, "half done"]
    assert not any(event.type.startswith("custom") for event in journal.events(result.run_id))
    graph.run_sync({}, journal=journal)


@covers(62)
def test_62_a_result_has_the_state_and_the_questions(journal):
    """Of a stream as of a run; the questions are in the stream, too."""
    graph = Workflow(State).add_node("ask", lambda state: {"x": interrupt("sure?")}).add_edge(START, "ask")
    parts, result = parts_of(graph, {}, journal, "updates")

    assert result.status == "waiting"
    assert [question.value for question in result.interrupts] == ["sure?"]
    assert parts[-1].data["__interrupt__"] == result.interrupts


@covers(63)
def test_63_the_events_of_a_run_are_a_stream_for_anybody(journal, chain):
    """Live or later, from any process, in one order: what a view, a test or a log wants is a projection of them."""
    run = chain.run_sync({}, journal=journal)
    with journal.subscribe(run.run_id) as events:
        told = [(event.type, event.data.get("name")) for event in events]

    assert told[0][0] == "run.started"
    assert told[-1][0] == "run.finished"
    assert [name for type_, name in told if type_ == "step.finished"] == ["a", "b"]


@covers(64)
def test_64_the_text_of_models_comes_as_it_is_written(journal):
    """With the node that asked, so that a reader can choose."""
    graph = Workflow(State)
    graph.add_node("quiet", Agent("quiet", Script("not for you").model()), prompt="a", output="x")
    graph.add_node("loud", Agent("loud", Script("one two three").streaming()), prompt="b", output="answer")
    graph.add_edge(START, "quiet").add_edge("quiet", "loud")
    parts, result = parts_of(graph, {}, journal, "messages")

    assert "".join(text for text, about in (part.data for part in parts) if about["node"] == "loud") == "one two three "
    assert len(parts) >= 3
    assert result.state["answer"].strip() == "one two three"
