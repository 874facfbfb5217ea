"""Validation: everything that is wrong with a graph, at once, before anything runs."""

from __future__ import annotations

import operator
from itertools import pairwise
from typing import Annotated, Literal, TypedDict

import pytest

from victor_nb import END, START, Command, Workflow, interrupt
from victor_nb.workflows import InvalidState, InvalidUpdate, InvalidWorkflow
from victor_nb.workflows.validation import problems_of


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def graph(*names: str) -> Workflow:
    wf = Workflow(State, "graph")
    for name in names:
        wf.add_node(name, lambda state: None)
    return wf


def told(wf: Workflow) -> list[tuple[str, str]]:
    return [(problem.what, problem.where) for problem in wf.validate()]


def test_a_graph_that_makes_sense_has_no_problems():
    """Nor has one whose routes lead who knows where."""
    wf = graph("a", "b").add_edge(START, "a").add_conditional_edges("a", lambda state: state["x"])

    assert wf.validate() == []


def test_all_problems_are_told_at_once_each_with_its_place_and_a_hint():
    """Running raises them all as one error."""
    wf = graph("alpha", "b").add_edge(START, "alpa").add_edge("alpha", START).add_edge(["b", "c"], END)
    wf.add_conditional_edges("b", lambda state: "z", {"z": "zeta"})

    assert told(wf) == [
        ("there is no node 'alpa'. Did you mean 'alpha'?", "edge __start__ → alpa"),
        ("__start__ cannot stand there", "edge alpha → __start__"),
        ("there is no node 'c'.", "edge ['b', 'c'] → __end__"),
        ("there is no node 'zeta'.", "conditional edges of 'b'"),
    ]
    assert all(problem.hint for problem in wf.validate())
    with pytest.raises(InvalidWorkflow, match="the graph has 4 problems") as error:
        wf.run_sync({})
    assert list(error.value.problems) == wf.validate()


def test_a_graph_needs_nodes_and_a_beginning():
    """The hints say how."""
    assert told(Workflow(State, "empty")) == [("the graph has no nodes", "workflow 'empty'")]
    assert told(graph("a")) == [("nothing runs first", "START")]


def test_nodes_that_nothing_leads_to_are_told():
    """Also those behind one another."""
    wf = graph("a", "b", "c").add_edge(START, "a").add_edge("b", "c")

    assert told(wf) == [("nothing leads to it", "node 'b'"), ("nothing leads to it", "node 'c'")]


def test_commands_lead_where_their_types_or_their_source_say():
    """Nodes that are only reached by a command are reached."""

    def by_type(state) -> Command[Literal["b"]]:  # type: ignore[type-arg]
        return Command(goto="b")

    def by_source(state):
        return Command(goto="c" if state else "a")

    wf = graph("c").add_node("a", by_source).add_edge(START, "a")
    assert wf.validate() == []
    wf = graph("b", "c").add_node("a", by_type, ends=["b"]).add_edge(START, "a")
    assert told(wf) == [("nothing leads to it", "node 'c'")]


def test_two_nodes_that_surely_write_one_key_together_are_told():
    """Unless a reducer joins what they write."""
    wf = Workflow(State, "graph").add_node("a", writes_x).add_node("b", writes_x_too)
    wf.add_edge(START, "a").add_edge(START, "b")

    assert told(wf) == [("'a' and 'b' run together after '__start__' and both write 'x'", "state key 'x'")]


def writes_x(state):
    return {"x": 1, "names": ["a"]}


def writes_x_too(state):
    if state:
        return {"x": 2}
    return {"x": 3, "names": ["b"]}


def test_inputs_are_checked_by_their_schema(journal):
    """A key that is not there, a value of another type."""
    from pydantic import BaseModel

    class Model(BaseModel):
        x: int

    wf = Workflow(Model).add_node("a", lambda state: None).add_edge(START, "a")

    with pytest.raises(InvalidUpdate, match="the input wrote 'y', which is no key of Model"):
        wf.run_sync({"y": 1}, journal=journal)
    with pytest.raises(InvalidState, match="the input wrote 'one' to 'x': Input should be a valid integer"):
        wf.run_sync({"x": "one"}, journal=journal)
    with pytest.raises(InvalidState, match="no value yet for 'x'"):
        wf.run_sync({}, journal=journal)


def test_a_state_is_one_of_three_kinds():
    """Anything else is a programmer's mistake."""
    with pytest.raises(TypeError, match="a state is a TypedDict, a dataclass or a pydantic model"):
        Workflow(int)


def test_a_parameter_that_no_node_is_given_is_refused_when_the_node_is_added():
    """The error lists what a node can take."""
    with pytest.raises(TypeError, match="node 'a' has a parameter 'more' that no node is given"):
        Workflow(State).add_node("a", lambda state, more: None)


def count_up(state):
    return {"x": state["x"] + 1}


def count_down(state):
    return {"x": state["x"] - 1}


def ask_on(state):
    return {"x": interrupt("go on?")}


def test_a_cycle_that_nothing_leads_out_of_is_told():
    """Unless a node of it may stop the run: a conversation may well go on for ever."""
    wf = Workflow(State, "graph").add_node(count_up).add_node(count_down).add_edge(START, "count_up")
    wf.add_edge("count_up", "count_down").add_edge("count_down", "count_up")
    assert told(wf) == [("count_up → count_down → count_up goes round for ever", "node 'count_up'")]

    wf = Workflow(State, "graph").add_node(count_up).add_node(ask_on).add_edge(START, "count_up")
    wf.add_edge("count_up", "ask_on").add_edge("ask_on", "count_up")
    assert wf.validate() == []


def test_a_graph_of_thousands_of_nodes_is_checked_node_by_node_and_not_pair_by_pair():
    """A long chain, a wide fan with a join; each node is looked at a bounded number of times."""
    looked = 0

    class Counting(dict):
        def __getitem__(self, name):
            nonlocal looked
            looked += 1
            return super().__getitem__(name)

    names = [f"n{number}" for number in range(2000)]
    wf = graph(*names).add_edge(START, "n0")
    for source, target in pairwise(names):
        wf.add_edge(source, target)

    assert problems_of("graph", Counting(wf.nodes), wf.edges, wf.joins, wf.routes, wf.schemas[0]) == []
    assert looked < 20 * len(names)
