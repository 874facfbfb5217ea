"""What LangGraph's users expect of defining a graph: lines 1 to 14."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypedDict

import pytest
from pydantic import BaseModel

from tests.workflows.checklist import covers
from victor_nb.workflows import (
    END,
    START,
    Command,
    InvalidState,
    InvalidUpdate,
    InvalidWorkflow,
    Runtime,
    Send,
    Workflow,
    current_runtime,
)


class State(TypedDict, total=False):
    x: int
    log: Annotated[list[str], operator.add]


@dataclass
class DataclassState:
    x: int = 0
    log: Annotated[list[str], operator.add] = field(default_factory=list)


class ModelState(BaseModel):
    x: int = 0
    log: Annotated[list[str], operator.add] = []


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def says(word):
    """A node that adds a word to the log."""

    def node(state):
        return {"log": [word]}

    node.__name__ = word
    return node


def graph_of(*words, state=State):
    """Nodes that say their names; no edges."""
    graph = Workflow(state, "graph")
    for word in words:
        graph.add_node(word, says(word))
    return graph


@covers(1)
@pytest.mark.parametrize("state", [DataclassState, ModelState])
def test_01_a_state_is_an_object_where_its_schema_is_a_class(journal, state):
    """Nodes read attributes, and the result is an instance with the defaults filled in."""

    def double(state):
        return {"x": state.x * 2, "log": [f"was {state.x}"]}

    graph = Workflow(state, "doubling").add_node(double).add_edge(START, "double").add_edge("double", END)

    assert graph.run_sync({"x": 4}, journal=journal).state == state(x=8, log=["was 4"])
    assert graph.run_sync(state(x=5), journal=journal).state.x == 10


@covers(1)
def test_01_a_pydantic_state_refuses_values_of_other_types(journal):
    """In the input and from a node, with the key's name."""
    graph = Workflow(ModelState).add_node("bad", lambda state: {"x": "many"})
    graph.add_edge(START, "bad")

    with pytest.raises(InvalidState, match="'many' to 'x'"):
        graph.run_sync({}, journal=journal)
    with pytest.raises(InvalidState, match="the input"):
        graph.run_sync({"x": "few"}, journal=journal)


class Question(TypedDict):
    question: str


class Reply(TypedDict):
    reply: str


class Whole(Question, Reply):
    scratch: str


@covers(2)
def test_02_callers_see_the_input_and_output_schemas_only(journal):
    """Keys of neither are refused in the input and left out of the output; the context is an object of its own."""
    graph = Workflow(Whole, input=Question, output=Reply, context=dict)
    graph.add_node("think", lambda state, context: {"scratch": state["question"] + context["sign"]})
    graph.add_node("reply", lambda state: {"reply": state["scratch"].upper()})
    graph.add_edge(START, "think").add_edge("think", "reply").add_edge("reply", END)

    assert graph.run_sync({"question": "why"}, journal=journal, context={"sign": "?"}).state == {"reply": "WHY?"}
    with pytest.raises(InvalidUpdate, match="scratch"):
        graph.run_sync({"scratch": "x"}, journal=journal, context={})


class Private(TypedDict):
    between: int


@covers(3, 5)
def test_03_05_a_node_can_have_an_input_of_its_own_and_private_keys(journal):
    """What one node hands to the next is in no other node's state and in no output."""
    seen = []
    graph = Workflow(State)
    graph.add_node("first", lambda state: {"between": state["x"] + 1})
    graph.add_node("second", lambda private: {"x": private["between"] * 10}, input=Private)
    graph.add_node("third", lambda state: seen.append(dict(state)))
    graph.add_edge(START, "first").add_edge("first", "second").add_edge("second", "third").add_edge("third", END)

    assert graph.run_sync({"x": 1}, journal=journal).state == {"x": 20, "log": []}
    assert seen == [{"x": 20, "log": []}]


@covers(4)
def test_04_nodes_are_sync_or_async_functions_named_or_not(journal):
    """A function's name is the node's, unless another is given; lambdas and callable objects need one."""

    async def waits(state):
        await asyncio.sleep(0)
        return {"log": ["waits"]}

    class Adds:
        def __call__(self, state):
            return {"log": ["adds"]}

    graph = Workflow(State)
    graph.add_node(waits).add_node("adds", Adds()).add_node("shown", lambda state: {"log": ["lambda"]})
    graph.add_edge(START, "waits").add_edge("waits", "adds").add_edge("adds", "shown").add_edge("shown", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["waits", "adds", "lambda"]
    with pytest.raises(ValueError, match="needs one"):
        graph.add_node(lambda state: None)


@covers(6)
def test_06_a_node_takes_the_state_and_what_it_wants_by_name(journal):
    """The runtime or parts of it: context, store, writer, config; code below a node finds the same runtime."""
    told = {}

    def all_of_it(state, runtime: Runtime, context, store, writer, config):
        told.update(node=runtime.node, superstep=runtime.superstep, attempt=runtime.attempt, context=context)
        told.update(tags=config["tags"], is_same=current_runtime() is runtime and store is runtime.store)
        runtime.heartbeat()
        writer("here")

    def nothing():
        return {"x": 1}

    graph = Workflow(State).add_node(all_of_it).add_node(nothing)
    graph.add_edge(START, "all_of_it").add_edge("all_of_it", "nothing").add_edge("nothing", END)
    done = graph.run_sync({}, journal=journal, context="database", config={"tags": ["nightly"]})

    assert done.state["x"] == 1
    assert told == {
        "node": "all_of_it",
        "superstep": 1,
        "attempt": 1,
        "context": "database",
        "tags": ["nightly"],
        "is_same": True,
    }
    with pytest.raises(TypeError, match="no node is given"):
        graph.add_node("odd", lambda state, database: None)


@covers(7)
def test_07_an_edge_from_several_nodes_waits_for_all_of_them(journal):
    """However long the way of each; two single edges would run the node twice."""
    graph = graph_of("a", "b", "b2", "join")
    graph.add_edge(START, "a").add_edge(START, "b").add_edge("b", "b2")
    graph.add_edge(["a", "b2"], "join").add_edge("join", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["a", "b", "b2", "join"]


@covers(8)
def test_08_a_route_names_its_targets_by_mapping_list_or_type(journal):
    """One or several; what leads nowhere is an error that names what it may be."""

    def typed(state) -> Literal["low", "high"]:
        return "high" if state["x"] > 5 else "low"

    for route, targets in [
        (typed, None),
        (lambda state: state["x"] > 5, {True: "high", False: "low"}),
        (lambda state: "high" if state["x"] > 5 else "low", ["high", "low"]),
    ]:
        graph = graph_of("start", "low", "high")
        graph.add_edge(START, "start").add_conditional_edges("start", route, targets)
        assert graph.run_sync({"x": 9}, journal=journal).state["log"] == ["start", "high"]
        assert graph.run_sync({"x": 1}, journal=journal).state["log"] == ["start", "low"]

    graph = graph_of("start", "low", "high")
    graph.add_edge(START, "start").add_conditional_edges("start", lambda state: "hgih", ["low", "high"])
    with pytest.raises(InvalidUpdate, match="Did you mean 'high'"):
        graph.run_sync({"x": 1}, journal=journal)


@covers(8)
def test_08_a_route_may_answer_with_several_targets_and_sends(journal):
    """All of them run in the next superstep; a send brings its own input."""
    graph = graph_of("start", "low")
    graph.add_node("square", lambda number: {"log": [str(number * number)]})
    graph.add_edge(START, "start")
    graph.add_conditional_edges("start", lambda state: ["low", Send("square", 3), Send("square", 4)], ["low", "square"])

    assert graph.run_sync({}, journal=journal).state["log"] == ["start", "low", "9", "16"]


@covers(9)
def test_09_a_sequence_adds_nodes_and_the_edges_between_them(journal):
    """Functions, or pairs of a name and a function."""
    graph = Workflow(State).add_sequence([says("a"), ("second", says("b")), says("c")])
    graph.add_edge(START, "a").add_edge("c", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["a", "b", "c"]


@covers(10)
def test_10_the_entry_can_be_conditional(journal):
    """A route from START; a node without an edge onwards ends its branch as an edge to END does."""
    graph = graph_of("new", "known")
    graph.add_conditional_edges(START, lambda state: "known" if state.get("x") else "new", ["new", "known"])
    graph.add_edge("known", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["new"]
    assert graph.run_sync({"x": 1}, journal=journal).state["log"] == ["known"]


@covers(11)
def test_11_all_problems_of_a_graph_are_told_at_once(journal):
    """Missing targets first; then what nothing leads to, and what two nodes write at once without a reducer."""
    graph = graph_of("a", "b")
    graph.add_edge(START, "a").add_edge("a", "bb").add_edge("c", END)
    with pytest.raises(InvalidWorkflow) as caught:
        graph.run_sync({}, journal=journal)
    assert [(one.where, "'b'" in one.what) for one in caught.value.problems] == [
        ("edge a → bb", True),
        ("edge c → __end__", False),
    ]

    graph = graph_of("a", "island")
    graph.add_node("one", lambda state: {"x": 1}).add_node("two", lambda state: {"x": 2})
    assert [one.what for one in Workflow(State).validate()] == ["the graph has no nodes"]
    assert any("nothing runs first" in one.what for one in graph.validate())
    graph.add_edge(START, "a")
    assert [one.where for one in graph.validate()] == ["node 'island'", "node 'one'", "node 'two'"]
    assert journal.runs() == []


@covers(12)
def test_12_a_deferred_node_waits_until_nothing_else_is_due(journal):
    """Though edges have led to it long before."""
    graph = graph_of("start", "short", "long", "longer")
    graph.add_node("last", says("last"), defer=True)
    graph.add_edge(START, "start").add_edge("start", "short").add_edge("start", "long").add_edge("long", "longer")
    graph.add_edge("short", "last").add_edge("longer", "last").add_edge("last", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["start", "short", "long", "longer", "last"]


@covers(13)
def test_13_where_a_command_may_lead_is_drawn(journal):
    """Told by `ends`, by the return type, or read in the source."""

    def typed(state) -> Command[Literal["b"]]:
        return Command(goto="b")

    def told(state):
        return Command(goto=state["log"][0])

    def read(state):
        return Command(goto="b" if state else END)

    for node, ends in [(typed, None), (told, ["b", END]), (read, None)]:
        graph = graph_of("b").add_node("a", node, ends=ends).add_edge(START, "a")
        arrows = [edge for edge in graph.shape().edges if (edge.source, edge.target) == ("a", "b")]
        assert [edge.is_conditional for edge in arrows] == [True]


@covers(14)
def test_14_nodes_carry_metadata_labels_and_a_description(journal):
    """Metadata is the caller's own; the label and the first sentence of the docstring are drawn."""

    def described(state):
        """Say nothing. At length."""

    graph = Workflow(State)
    graph.add_node("a", described, metadata={"owner": "ada"}, label="First")
    graph.add_edge(START, "a")
    shape = next(node for node in graph.shape().nodes if node.id == "a")

    assert graph.nodes["a"].metadata == {"owner": "ada"}
    assert (shape.label, shape.about) == ("First", "Say nothing")
