"""Graphs: nodes, edges, routes, joins, commands and sends; what a run of them gives back."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypedDict

import pytest
from pydantic import BaseModel

from victor_nb import END, START, Agent, Command, Send, Workflow, send
from victor_nb.errors import UsageError
from victor_nb.workflows import (
    PARENT,
    ConcurrentWrites,
    InvalidUpdate,
    NodeFailed,
    Overwrite,
    StepLimitReached,
    WorkflowStopped,
)


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def naming(name: str, **more):
    """A node that adds its name."""
    return lambda state: {"names": [name], **more}


def graph(*names: str, state: type = State) -> Workflow:
    wf = Workflow(state, "graph")
    for name in names:
        wf.add_node(name, naming(name))
    return wf


def test_nodes_run_along_their_edges_and_their_updates_are_joined(journal):
    """A key without a reducer is replaced, one with a reducer is joined."""
    wf = graph("a", "b").add_edge(START, "a").add_edge("a", "b").add_edge("b", END)
    wf.add_node("c", lambda state: {"x": state["x"] + len(state["names"])}).add_edge("b", "c")

    result = wf.run_sync({"x": 40}, journal=journal)

    assert result.state == {"x": 42, "names": ["a", "b"]}
    assert result.status == "finished"
    assert journal.find(result.run_id).status == "finished"


async def run_async(wf, *args, **options):
    return await wf.run(*args, **options)


def test_sync_and_async_nodes_run_under_both_faces(journal):
    """Awaiting a workflow and waiting for it give the same."""

    async def later(state):
        await asyncio.sleep(0)
        return {"names": ["later"]}

    wf = graph("a").add_node(later).add_edge(START, "a").add_edge("a", "later")

    awaited = asyncio.run(run_async(wf, {"x": 1}, journal=journal))

    assert awaited.state == wf.run_sync({"x": 1}, journal=journal).state == {"x": 1, "names": ["a", "later"]}


def test_the_sync_face_works_inside_a_running_loop(journal):
    """A cell of a notebook has a loop already."""

    async def cell():
        return graph("a").add_edge(START, "a").run_sync({}, journal=journal)

    assert asyncio.run(cell()).state == {"names": ["a"]}


@dataclass
class AsDataclass:
    x: int
    names: Annotated[list[str], operator.add] = field(default_factory=list)


class AsModel(BaseModel):
    x: int
    names: Annotated[list[str], operator.add] = []


@pytest.mark.parametrize("kind", [AsDataclass, AsModel])
def test_a_state_may_be_a_dataclass_or_a_model(journal, kind):
    """Nodes are given instances, and the result is one."""
    wf = Workflow(kind).add_node("a", lambda state: {"x": state.x + 1, "names": ["a"]}).add_edge(START, "a")

    assert wf.run_sync(kind(x=1), journal=journal).state == kind(x=2, names=["a"])


def test_parallel_nodes_are_joined_in_the_order_of_the_graph_and_not_of_their_ends(journal):
    """Which of them was faster cannot be seen."""
    second_is_done = asyncio.Event()

    async def first(state):
        await second_is_done.wait()
        return {"names": ["first"]}

    async def second(state):
        second_is_done.set()
        return {"names": ["second"]}

    wf = Workflow(State).add_node(first).add_node(second).add_edge(START, "first").add_edge(START, "second")

    assert wf.run_sync({}, journal=journal).state["names"] == ["first", "second"]


def test_an_edge_from_several_nodes_waits_for_all_of_them(journal):
    """The join runs once, after the longer of two branches."""
    wf = graph("a", "b", "c", "join")
    wf.add_edge(START, "a").add_edge(START, "b").add_edge("b", "c").add_edge(["a", "c"], "join")

    assert wf.run_sync({}, journal=journal).state["names"] == ["a", "b", "c", "join"]


def test_a_route_says_where_to_go(journal):
    """By the names of nodes, or by answers that stand for nodes; also from the very beginning."""
    wf = graph("small", "large", "end")
    wf.add_conditional_edges(START, lambda state: state["x"] > 10, {True: "large", False: "small"})
    wf.add_conditional_edges("small", lambda state: ["end"], ["end", END])
    wf.add_conditional_edges("large", lambda state: END, ["end", END])

    assert wf.run_sync({"x": 1}, journal=journal).state["names"] == ["small", "end"]
    assert wf.run_sync({"x": 11}, journal=journal).state["names"] == ["large"]


def test_a_route_sees_what_its_node_wrote(journal):
    """It decides on the state as the node left it."""
    wf = graph("b").add_node("a", lambda state: {"x": 5}).add_edge(START, "a")
    wf.add_conditional_edges("a", lambda state: "b" if state["x"] == 5 else END, ["b", END])

    assert wf.run_sync({"x": 1}, journal=journal).state["names"] == ["b"]


def test_a_route_that_leads_nowhere_says_what_it_can_answer(journal):
    """The error names the answer and the known ones."""
    wf = graph("a", "b").add_edge(START, "a").add_conditional_edges("a", lambda state: "bb", ["b"])

    with pytest.raises(InvalidUpdate, match=r"answered .bb., which leads nowhere\. Did you mean .b."):
        wf.run_sync({}, journal=journal)


def test_a_command_updates_and_goes_on(journal):
    """What a node says with it counts together with its edges."""

    def a(state) -> Command[Literal["b"]] if False else Command:
        return Command(update={"x": 1}, goto="b")

    wf = graph("b").add_node("a", a, ends=["b"]).add_edge(START, "a")

    assert wf.run_sync({}, journal=journal).state == {"x": 1, "names": ["b"]}


def test_sends_run_a_node_once_for_each_argument(journal):
    """The map of a map-reduce: results are joined in the order of the sends."""
    wf = Workflow(State).add_node("split", lambda state: None).add_node("work", lambda item: {"names": [f"<{item}>"]})
    wf.add_edge(START, "split").add_conditional_edges("split", lambda state: send("work", range(state["x"])), ["work"])
    wf.add_node("join", lambda state: {"x": len(state["names"])}).add_edge("work", "join")

    assert wf.run_sync({"x": 20}, journal=journal).state == {"x": 20, "names": [f"<{n}>" for n in range(20)]}


def test_a_node_can_send_by_itself(journal):
    """Sends may be returned, alone or with updates."""
    wf = Workflow(State).add_node("work", lambda item: {"names": [item]})
    wf.add_node("split", lambda state: [{"x": 1}, Send("work", "a"), Send("work", "b")], ends=["work"])
    wf.add_edge(START, "split")

    assert wf.run_sync({}, journal=journal).state == {"x": 1, "names": ["a", "b"]}


def test_a_cycle_ends_where_its_route_says(journal):
    """Loops are edges like any others."""
    wf = Workflow(State).add_node("count", lambda state: {"x": state["x"] + 1}).add_edge(START, "count")
    wf.add_conditional_edges("count", lambda state: "count" if state["x"] < 50 else END, ["count", END])

    assert wf.run_sync({"x": 0}, journal=journal).state == {"x": 50, "names": []}


def test_a_cycle_without_an_end_is_stopped_and_can_be_gone_on_with(journal):
    """The limit loses nothing: a larger one lets the same run go on."""
    wf = Workflow(State).add_node("count", lambda state: {"x": state["x"] + 1}).add_edge(START, "count")
    wf.add_conditional_edges("count", lambda state: "count" if state["x"] < 30 else END, ["count", END])

    with pytest.raises(StepLimitReached, match="took 10 supersteps and still has work: count") as stopped:
        wf.run_sync({"x": 0}, journal=journal, max_steps=10)
    run_id = journal.runs()[0].run_id

    assert f"run {run_id}" in stopped.value.where
    assert wf.run_sync(run_id=run_id, journal=journal).state["x"] == 30


def test_two_nodes_that_write_one_key_together_are_told(journal):
    """Without a reducer nobody could say which value is meant."""
    wf = Workflow(State).add_edge(START, "a").add_edge(START, "b")
    wf.add_node("a", naming("a", x=1)).add_node("b", naming("b", x=2))

    with pytest.raises(ConcurrentWrites, match="'a' and 'b' ran together and both wrote 'x'"):
        wf.run_sync({}, journal=journal)


def test_overwrite_replaces_what_a_reducer_would_join(journal):
    """It survives the journal as well."""
    wf = graph("a").add_node("b", lambda state: {"names": Overwrite(["new"])}).add_edge(START, "a").add_edge("a", "b")

    result = wf.run_sync({}, journal=journal)

    assert result.state["names"] == ["new"]
    assert wf.run_sync({}, journal=journal, replay="strict").state["names"] == ["new"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("text", r"node 'a' gave 'text' \(str\), which is no update"),
        ({"nmaes": []}, "node 'a' wrote 'nmaes', which is no key of State. Did you mean 'names'"),
        (Command(goto="bb"), "node 'a' leads to 'bb', which is no node"),
    ],
)
def test_a_node_that_returns_nonsense_is_told_what_it_may_return(journal, answer, told):
    """The error names the node, what it gave and what it could have given."""
    wf = Workflow(State).add_node("a", lambda state: answer, ends=[]).add_edge(START, "a")

    with pytest.raises(InvalidUpdate, match=told):
        wf.run_sync({}, journal=journal)


def test_deferred_nodes_wait_until_nothing_else_is_due(journal):
    """A branch of another length does not run the join twice."""
    wf = graph("a", "b", "c").add_node("last", naming("last"), defer=True)
    wf.add_edge(START, "a").add_edge(START, "b").add_edge("b", "c").add_edge("a", "last").add_edge("c", "last")

    assert wf.run_sync({}, journal=journal).state["names"] == ["a", "b", "c", "last"]


# -- graphs inside graphs ----------------------------------------------------------------------------------------------


class Inner(TypedDict, total=False):
    names: Annotated[list[str], operator.add]
    secret: str


def inner() -> Workflow:
    wf = Workflow(Inner, "inner").add_node("i", lambda state: {"names": ["i"], "secret": "s"})
    return wf.add_node("j", lambda state: {"names": [state["secret"]]}).add_edge(START, "i").add_edge("i", "j")


def test_a_workflow_is_a_node_and_shares_the_keys_that_both_have(journal):
    """What it adds to a list is added once; keys of its own stay inside."""
    wf = graph("a", "z").add_node("sub", inner())
    wf.add_edge(START, "a").add_edge("a", "sub").add_edge("sub", "z")

    result = wf.run_sync({}, journal=journal)

    assert result.state == {"names": ["a", "i", "s", "z"]}
    steps = {event.step_id: event.parent_id for event in journal.events(result.run_id, types=("step.finished",))}
    assert steps == {"1/a": "", "2/sub:1/i": "2/sub", "2/sub:2/j": "2/sub", "2/sub": "", "3/z": ""}


def test_a_workflow_run_inside_a_node_is_a_part_of_the_run(journal):
    """Its steps are below the node; there is one run."""

    async def call(state):
        return {"names": (await inner().run({"names": ["given"]})).state["names"]}

    wf = Workflow(State).add_node(call).add_edge(START, "call")

    result = wf.run_sync({}, journal=journal)

    assert result.state["names"] == ["given", "i", "s"]
    assert [info.run_id for info in journal.runs()] == [result.run_id]


def test_a_sub_workflow_can_speak_to_the_graph_around_it(journal):
    """PARENT hands over: the update and the target are the outer graph's."""
    sub = Workflow(Inner, "sub").add_node(
        "i", lambda state: Command({"names": ["up"]}, goto="b", graph=PARENT), ends=[]
    )
    sub.add_node("never", naming("never")).add_edge(START, "i").add_edge("i", "never")
    wf = graph("b").add_node("sub", sub, ends=["b"]).add_edge(START, "sub")

    assert wf.run_sync({}, journal=journal).state["names"] == ["up", "b"]


def test_an_agent_is_a_node(journal):
    """Its requests are steps below the node, in the workflow's own run."""

    class Asked(TypedDict, total=False):
        question: str
        answer: str

    wf = Workflow(Asked).add_node("ask", Agent("helper"), output="answer").add_edge(START, "ask")

    result = wf.run_sync({"question": "What is 2 + 2?"}, journal=journal)

    assert result.state["answer"]
    models = [e for e in journal.events(result.run_id, types=("step.finished",)) if e.data["kind"] == "model"]
    assert [event.parent_id for event in models] == ["1/ask"]
    assert len(journal.runs()) == 1


# -- what is asked for -------------------------------------------------------------------------------------------------


def test_a_recorded_run_is_replayed_without_calling_a_node(journal):
    """The same input finds the recording."""
    calls = []
    wf = Workflow(State).add_node("a", lambda state: calls.append(1) or {"x": 1}).add_edge(START, "a")
    wf.run_sync({"x": 0}, journal=journal)

    replayed = wf.run_sync({"x": 0}, journal=journal, replay="strict")

    assert replayed.replayed
    assert replayed.state == {"x": 1, "names": []}
    assert calls == [1]


def test_nodes_are_given_what_their_parameters_name(journal):
    """The context is the caller's own object and is never recorded."""
    seen = {}

    def a(state, runtime, context, config):
        seen.update(step=runtime.step_id, left=runtime.remaining_steps, context=context, config=config)

    context = object()
    Workflow(State).add_node(a).add_edge(START, "a").run_sync(
        {}, journal=journal, context=context, config={"tag": "t"}, max_steps=5
    )

    assert seen == {"step": "1/a", "left": 4, "context": context, "config": {"tag": "t"}}


def test_a_node_can_have_the_run_stop_after_this_superstep(journal):
    """Draining loses nothing."""

    def a(state, runtime):
        runtime.drain()
        return {"names": ["a"]}

    wf = graph("b").add_node(a).add_edge(START, "a").add_edge("a", "b")

    with pytest.raises(WorkflowStopped, match="before b"):
        wf.run_sync({}, journal=journal)

    assert wf.run_sync(run_id="last", journal=journal).state["names"] == ["a", "b"]


def test_at_most_so_many_nodes_run_at_once(journal):
    """`max_concurrency` bounds a wide map."""
    now, most = 0, 0

    async def work(item):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    wf = Workflow(State).add_node("work", work)
    wf.add_conditional_edges(START, lambda state: send("work", range(20)), ["work"])
    wf.run_sync({}, journal=journal, max_concurrency=3)

    assert most == 3


@pytest.mark.parametrize("name", ["a", START, "a#1", ""])
def test_a_name_that_cannot_be_one_is_refused_when_it_is_given(name):
    """Taken, reserved, or unreadable as part of a step's id."""
    with pytest.raises(UsageError):
        graph("a").add_node(name, naming("x"))


def test_a_workflow_without_input_says_so(journal):
    """Neither an input nor a run: there is nothing to do."""
    with pytest.raises(UsageError, match="was given no input"):
        graph("a").add_edge(START, "a").run_sync(journal=journal)


def test_runs_of_a_thread_go_on_with_the_state_of_the_one_before(journal):
    """A conversation: each input is an update of what is there; a failed run leaves the thread as it was."""

    def reply(state):
        if state["x"]:
            raise ValueError("broken")
        return {"names": [f"reply {len(state['names'])}"]}

    wf = Workflow(State, "chat").add_node(reply).add_edge(START, "reply")

    def say(name, x=0):
        return wf.run_sync({"names": [name], "x": x}, thread="t", journal=journal)

    say("a")
    with pytest.raises(NodeFailed):
        say("lost", 1)
    second = say("b")

    assert second.state["names"] == ["a", "reply 1", "b", "reply 3"]
    assert second.run.state(0)["names"] == ["a", "reply 1", "b"]
