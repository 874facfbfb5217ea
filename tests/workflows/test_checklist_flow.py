"""What LangGraph's users expect of the flow of control: lines 23 to 31."""

from __future__ import annotations

import asyncio
import operator
import threading
from typing import Annotated, TypedDict

import pytest

from tests.workflows.checklist import covers
from victor_nb.workflows import (
    END,
    PARENT,
    START,
    Command,
    NodeFailed,
    NodeTimeout,
    Send,
    StepLimitReached,
    Workflow,
    interrupt,
    send,
)


class State(TypedDict, total=False):
    x: int
    log: Annotated[list[str], operator.add]


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def graph_of(*words, name="graph"):
    """Nodes that say their names, one after another."""
    graph = Workflow(State, name)
    graph.add_sequence([(word, lambda state, word=word: {"log": [word]}) for word in words])
    return graph.add_edge(START, words[0])


@covers(23)
def test_23_nodes_of_a_superstep_run_side_by_side(journal):
    """Each waits until the other has begun: one after the other, neither would ever end."""
    both = threading.Barrier(2, timeout=30)

    def meet(state):
        both.wait()
        return {"log": ["met"]}

    graph = Workflow(State).add_node("a", meet).add_node("b", meet).add_edge(START, "a").add_edge(START, "b")

    assert graph.run_sync({}, journal=journal).state["log"] == ["met", "met"]


@covers(23, 36)
def test_23_36_updates_of_a_superstep_are_applied_all_or_none(journal):
    """What a sibling of a failed node did is kept, is not in the state yet, and is not done again."""
    done, problems = [], [RuntimeError("no")]

    def good(state):
        done.append("good")
        return {"log": ["good"]}

    def bad(state):
        if problems:
            raise problems.pop()
        return {"log": ["bad"]}

    graph = Workflow(State).add_node(good).add_node(bad).add_edge(START, "good").add_edge(START, "bad")
    with pytest.raises(NodeFailed):
        graph.run_sync({}, journal=journal)
    assert graph.run_sync(run_id="last", journal=journal).state["log"] == ["good", "bad"]
    assert done == ["good"]


@covers(24)
def test_24_a_map_by_sends_and_a_reduce_after_it(journal):
    """Each send has its own input; results come in the order of the sends."""
    graph = Workflow(State)
    graph.add_node("split", lambda state: send("square", range(4)))
    graph.add_node("square", lambda number: {"log": [str(number * number)]})
    graph.add_node("join", lambda state: {"log": [f"sum {sum(map(int, state['log']))}"]})
    graph.add_edge(START, "split").add_edge("square", "join").add_edge("join", END)

    assert graph.run_sync({}, journal=journal).state["log"] == ["0", "1", "4", "9", "sum 14"]


@covers(24)
def test_24_a_limit_of_time_holds_for_each_send(journal):
    """It is the node's own; a send that needs another goes to a node that has it."""
    graph = Workflow(State)

    async def work(number):
        if number == 1:
            await asyncio.Event().wait()
        return {"log": [str(number)]}

    graph.add_node("work", work, timeout_s=0.1)
    graph.add_conditional_edges(START, lambda state: send("work", [0, 1]), ["work"])

    with pytest.raises(NodeTimeout, match=r"did not end within 0\.1 s"):
        graph.run_sync({}, journal=journal)


@covers(25)
def test_25_a_command_updates_and_goes_and_resumes(journal):
    """Also to several nodes, and besides what the edges say."""
    graph = graph_of("a", "b", "c")

    def decide(state):
        return Command(update={"log": ["decide"]}, goto=["b", Send("c", {"log": []})])

    def wait(state):
        return Command(update={"log": [interrupt("go on?")]}, goto="decide")

    graph.add_node(wait).add_node(decide).add_edge(START, "wait")

    waiting = graph.run_sync({}, journal=journal)
    done = graph.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)
    assert done.state["log"][:4] == ["a", "yes", "b", "decide"]


@covers(26)
def test_26_a_node_of_a_subgraph_hands_over_to_the_graph_around_it(journal):
    """With an update for that graph; the rest of the subgraph does not run."""
    inner = Workflow(State, "inner")
    inner.add_node("leave", lambda state: Command(update={"log": ["left"]}, goto="rescue", graph=PARENT), ends=())
    inner.add_node("never", lambda state: {"log": ["never"]})
    inner.add_edge(START, "leave").add_edge("leave", "never")
    outer = Workflow(State, "outer").add_node("inner", inner, ends=["rescue"])
    outer.add_node("rescue", lambda state: {"log": ["rescued"]})
    outer.add_edge(START, "inner").add_edge("rescue", END)

    assert outer.run_sync({}, journal=journal).state["log"] == ["left", "rescued"]


@covers(27)
def test_27_a_cycle_ends_at_the_limit_and_can_go_on_from_there(journal):
    """The steps that were taken are kept; a larger limit does the rest."""

    def count(state):
        return {"x": state["x"] + 1}

    graph = Workflow(State).add_node(count).add_edge(START, "count")
    graph.add_conditional_edges("count", lambda state: "count" if state["x"] < 20 else END, ["count", END])

    with pytest.raises(StepLimitReached, match="5 supersteps") as caught:
        graph.run_sync({"x": 0}, journal=journal, max_steps=5)
    assert "max_steps=" in caught.value.hint
    assert graph.run_sync(run_id="last", journal=journal).state["x"] == 20


@covers(28)
def test_28_no_more_nodes_run_at_once_than_allowed(journal):
    """The others wait for their turn; all of them run in the end."""
    now, most = set(), []

    async def work(number):
        now.add(number)
        most.append(len(now))
        for _ in range(3):
            await asyncio.sleep(0)
        now.discard(number)
        return {"log": [str(number)]}

    graph = Workflow(State).add_node("work", work)
    graph.add_conditional_edges(START, lambda state: send("work", range(9)), ["work"])
    done = graph.run_sync({}, journal=journal, max_concurrency=3)

    assert max(most) == 3
    assert done.state["log"] == [str(number) for number in range(9)]


@covers(29, 35)
def test_29_35_a_limit_of_time_for_every_step(journal):
    """As a default of all nodes: the superstep ends with the first that is over its time, and can be resumed."""
    graph = Workflow(State).set_node_defaults(timeout_s=1)
    hangs = [True]

    async def slow(state):
        if hangs:
            await asyncio.Event().wait()
        return {"log": ["slow"]}

    graph.add_node("quick", lambda state: {"log": ["quick"]}).add_node(slow)
    graph.add_edge(START, "quick").add_edge(START, "slow")

    with pytest.raises(NodeTimeout, match="'slow'"):
        graph.run_sync({}, journal=journal)
    hangs.clear()
    assert graph.run_sync(run_id="last", journal=journal).state["log"] == ["quick", "slow"]


@covers(30)
def test_30_a_graph_is_a_node_by_the_keys_that_both_know(journal):
    """What it writes to shared keys is joined once."""
    inner = graph_of("i1", "i2", name="inner")
    outer = Workflow(State, "outer").add_node("inner", inner).add_edge(START, "inner").add_edge("inner", END)

    assert outer.run_sync({"log": ["before"]}, journal=journal).state["log"] == ["before", "i1", "i2"]


class Other(TypedDict, total=False):
    words: Annotated[list[str], operator.add]


@covers(30)
def test_30_a_graph_can_be_called_inside_a_node_with_keys_of_its_own(journal):
    """It is a part of the run around it, not another run."""
    inner = Workflow(Other, "inner").add_node("say", lambda state: {"words": ["said"]}).add_edge(START, "say")

    async def call(state):
        found = await inner.run({"words": [*state["log"]]})
        return {"log": found.state["words"]}

    outer = Workflow(State, "outer").add_node(call).add_edge(START, "call")

    assert outer.run_sync({"log": ["a"]}, journal=journal).state["log"] == ["a", "a", "said"]
    assert len(journal.runs()) == 1


@covers(31)
def test_31_a_subgraph_goes_on_where_it_was(journal):
    """Its nodes are steps of the run as all others; none that had finished runs again."""
    done, problems = [], [RuntimeError("no")]

    def first(state):
        done.append("first")
        return {"log": ["first"]}

    def second(state):
        if problems:
            raise problems.pop()
        return {"log": ["second"]}

    inner = Workflow(State, "inner").add_sequence([first, second]).add_edge(START, "first")
    outer = Workflow(State, "outer").add_node("inner", inner).add_edge(START, "inner")
    with pytest.raises(NodeFailed):
        outer.run_sync({}, journal=journal)

    assert outer.run_sync(run_id="last", journal=journal).state["log"] == ["first", "second"]
    assert done == ["first"]
