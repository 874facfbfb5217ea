"""What LangGraph's users expect around a graph: lines 67 to 72 (66 is among the questions to people)."""

from __future__ import annotations

import asyncio
import contextvars
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import pytest
from pydantic import BaseModel, TypeAdapter

from tests.agents.scripts import Script, told_by_tools
from tests.support.require import library
from tests.workflows.checklist import covers
from tests.workflows.examples import supervisor
from victor_nb.agents import Agent
from victor_nb.tools import tool
from victor_nb.workflows import END, PARENT, START, Command, Workflow
from victor_nb.workflows.drawing import as_png, as_svg, as_text, to_mermaid


class State(TypedDict, total=False):
    x: int
    answer: str


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


@pytest.fixture
def doubling():
    """A graph that doubles."""
    graph = Workflow(State, "doubling").add_node("double", lambda state: {"x": state["x"] * 2})
    return graph.add_edge(START, "double").add_edge("double", END)


@covers(67)
def test_67_a_supervisor_is_a_node_that_answers_with_commands(journal):
    """Its workers are graphs or agents; the example is the whole program."""
    graph = supervisor.supervisor(supervisor.decide, supervisor.WORKERS)

    assert graph.run_sync(supervisor.TASK, journal=journal).state["answer"] == "Planet x has 3 moons."


@covers(67)
def test_67_agents_hand_over_to_one_another(journal):
    """A swarm: whoever has the word says who is next, from inside of its own graph, by what a tool of its was told."""

    def member(name, script, other):
        chosen = []

        @tool(name=f"hand_over_to_{other}", effect="pure")
        def hand_over() -> str:
            """Let the other one go on."""
            chosen.append(other)
            return "handed over"

        agent = Agent(name, script.model(), [hand_over])

        async def speak(state):
            result = await agent.run("go on")
            if chosen:
                return Command(goto=chosen.pop(), graph=PARENT)
            return {"answer": f"{name}: {result.text}"}

        inner = Workflow(State, f"graph of {name}").add_node("speak", speak, ends=())
        return inner.add_edge(START, "speak")

    swarm = Workflow(State, "swarm")
    swarm.add_node("ann", member("ann", Script([("hand_over_to_bob", {})], "bye"), "bob"), ends=["bob"])
    swarm.add_node("bob", member("bob", Script("done"), "ann"), ends=["ann"])
    swarm.add_edge(START, "ann")

    assert swarm.run_sync({}, journal=journal).state["answer"] == "bob: done"


@covers(68)
def test_68_a_graph_is_drawn_in_four_ways_without_a_web_service(doubling):
    """With what is inside of it; a drawing needs its shape only."""
    outer = Workflow(State, "outer").add_node("sub", doubling, label="Doubling").add_edge(START, "sub")
    shape = outer.shape()

    assert "Doubling" in to_mermaid(shape)
    assert "double" in to_mermaid(shape), "the graph inside is drawn, too"
    assert "Doubling" in as_text(shape)
    assert as_svg(shape).startswith("<svg")
    library("resvg_py", extra="png")
    assert as_png(shape).startswith(b"\x89PNG")


@dataclass
class Given:
    x: int


class Model(BaseModel):
    x: int = 1


@covers(69)
@pytest.mark.parametrize("schema", [Given, Model])
def test_69_schemas_are_the_users_own_types(schema):
    """What makes JSON Schemas of types makes them of these."""
    assert TypeAdapter(schema).json_schema()["properties"]["x"]["type"] == "integer"


@covers(70)
def test_70_a_workflow_is_a_tool_in_three_lines(journal, doubling):
    """An agent calls it as any other; inside of a run it is a part of that run."""
    script = Script([("twice", {"x": 21})], "it is 42")

    @tool(effect="pure")
    async def twice(x: int) -> int:
        """Double a number."""
        done = await doubling.run({"x": x})
        return done.state["x"]

    outer = Workflow(State).add_node("ask", Agent("a", script.model(), [twice]), prompt="21?", output="answer")
    outer.add_edge(START, "ask")

    assert outer.run_sync({}, journal=journal).state["answer"] == "it is 42"
    assert told_by_tools(script) == ["42"]
    assert len(journal.runs()) == 1


@covers(70)
def test_70_many_runs_at_once_and_options_bound_to_a_workflow(journal, doubling):
    """The functions of Python do it; each run is a run of its own."""
    run = partial(doubling.run, journal=journal, config={"tags": ["batch"]})

    async def batch():
        return await asyncio.gather(*[run({"x": x}) for x in range(5)])

    results = asyncio.run(batch())
    assert [result.state["x"] for result in results] == [0, 2, 4, 6, 8]
    assert len({result.run_id for result in results}) == len(journal.runs()) == 5


@covers(71)
def test_71_what_happened_is_traced_without_callbacks(journal, doubling):
    """Each node with its time; who listens is told while it happens, and who reads later finds the same."""
    done = doubling.run_sync({"x": 1}, journal=journal)
    (step,) = journal.events(done.run_id, types=["step.finished"])

    assert (step.data["name"], step.data["kind"], step.data["ms"] >= 0) == ("double", "node", True)


WHO = contextvars.ContextVar("who", default="nobody")


@covers(72)
def test_72_everything_is_there_sync_and_async_and_context_variables_are_kept(journal):
    """In sync nodes, which run on threads when they are several, in async ones, and inside a running loop."""

    def sync(state):
        return {"answer": WHO.get()}

    async def later(state):
        return {"x": len(WHO.get())}

    graph = Workflow(State).add_node(sync).add_node(later).add_edge(START, "sync").add_edge(START, "later")

    async def inside():
        WHO.set("ada")
        awaited = await graph.run({}, journal=journal)
        blocking = graph.run_sync({}, journal=journal)
        streamed = [part.data async for part in graph.stream({}, journal=journal)]
        return awaited.state, blocking.state, streamed

    awaited, blocking, streamed = asyncio.run(inside())
    assert awaited == blocking == {"answer": "ada", "x": 3}
    assert sorted(map(str, streamed)) == ["{'later': {'x': 3}}", "{'sync': {'answer': 'ada'}}"]
    assert graph.run_sync({}, journal=journal).state["answer"] == "nobody"
