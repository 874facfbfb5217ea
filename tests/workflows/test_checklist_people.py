"""What LangGraph's users expect where a person has a say: lines 53 to 58."""

from __future__ import annotations

import operator
from typing import Annotated, Any, Literal, TypedDict

import pytest

from tests.agents.scripts import Script
from tests.workflows.checklist import covers
from victor_nb.agents import Agent, ApprovalDenied, Decision
from victor_nb.tools import tool
from victor_nb.workflows import END, START, Command, ResumeMismatch, Workflow, current_runtime, interrupt, send
from victor_nb.workflows.memory import Memory


class State(TypedDict, total=False):
    x: Any
    log: Annotated[list[Any], operator.add]
    answer: str


@pytest.fixture
def journal(sqlite_journal):
    """Where the runs of these tests are kept."""
    return sqlite_journal


def alone(action, **options):
    """A graph of one node."""
    return Workflow(State, "alone").add_node("node", action, **options).add_edge(START, "node").add_edge("node", END)


@covers(53)
def test_53_a_node_may_ask_anywhere_and_often(journal):
    """In order, in loops too; the node runs again from its beginning, and every question keeps its answer."""
    begun = []

    def node(state):
        begun.append(1)
        name = interrupt("your name?")
        sizes = [interrupt({"size of": thing}) for thing in ("hat", "shoe")]
        return {"x": [name, *sizes]}

    graph, asked = alone(node), []
    done = graph.run_sync({}, journal=journal)
    for answer in ("ada", 56, 39):
        assert done.status == "waiting"
        asked += [question.value for question in done.interrupts]
        done = graph.run_sync(Command(resume=answer), run_id=done.run_id, journal=journal)

    assert done.state["x"] == ["ada", 56, 39]
    assert asked == ["your name?", {"size of": "hat"}, {"size of": "shoe"}]
    assert len(begun) == 4


@covers(54, 57)
def test_54_57_several_questions_at_once_are_answered_by_id(journal):
    """Of parallel branches; one at a time or together, and a bare value is refused where it could be for any."""
    graph = Workflow(State).add_node("ask", lambda number: {"log": [(number, interrupt(f"number {number}?"))]})
    graph.add_conditional_edges(START, lambda state: send("ask", [1, 2, 3]), ["ask"])
    waiting = graph.run_sync({}, journal=journal)
    ids = {question.value: question.id for question in waiting.interrupts}

    assert list(ids) == ["number 1?", "number 2?", "number 3?"]
    with pytest.raises(ResumeMismatch, match="3 questions"):
        graph.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)
    two = {ids["number 1?"]: "a", ids["number 3?"]: "c"}
    waiting = graph.run_sync(Command(resume=two), run_id=waiting.run_id, journal=journal)
    assert [question.value for question in waiting.interrupts] == ["number 2?"]
    done = graph.run_sync(Command(resume="b"), run_id=waiting.run_id, journal=journal)
    assert done.state["log"] == [(1, "a"), (2, "b"), (3, "c")]


@covers(55)
def test_55_an_answer_has_to_fit_its_schema(journal):
    """The question carries it as JSON Schema; what does not fit is asked for again, with what was wrong."""

    def node(state):
        return {"x": interrupt("how many?", schema=int)}

    graph = alone(node)
    waiting = graph.run_sync({}, journal=journal)
    assert waiting.interrupts[0].schema == {"type": "integer"}
    waiting = graph.run_sync(Command(resume="some"), run_id=waiting.run_id, journal=journal)
    assert waiting.status == "waiting"
    assert "integer" in str(waiting.interrupts[0].value)
    assert graph.run_sync(Command(resume=3), run_id=waiting.run_id, journal=journal).state["x"] == 3


@covers(56)
def test_56_a_run_can_stop_before_and_after_nodes(journal):
    """Without a change of the nodes, for looking; giving it nothing goes on."""
    graph = Workflow(State).add_sequence([(name, lambda state, name=name: {"log": [name]}) for name in "abc"])
    graph.add_edge(START, "a")

    first = graph.run_sync({}, journal=journal, interrupt_before=["b"])
    assert (first.status, first.state["log"], first.interrupts[0].when) == ("waiting", ["a"], "before")
    second = graph.run_sync(run_id=first.run_id, journal=journal, interrupt_after=["b"])
    assert (second.status, second.state["log"], second.interrupts[0].when) == ("waiting", ["a", "b"], "after")
    assert graph.run_sync(run_id=first.run_id, journal=journal).state["log"] == ["a", "b", "c"]


@covers(57)
def test_57_a_question_in_a_subgraph_reaches_the_caller(journal):
    """The answer goes back to the very node; what the subgraph had done before is not done again."""
    done = []
    inner = Workflow(State, "inner").add_sequence(
        [("work", lambda state: done.append(1)), ("ask", lambda state: {"x": interrupt("really?")})]
    )
    inner.add_edge(START, "work")
    outer = Workflow(State, "outer").add_node("inner", inner).add_edge(START, "inner")

    waiting = outer.run_sync({}, journal=journal)
    assert waiting.interrupts[0].value == "really?"
    assert outer.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal).state["x"] == "yes"
    assert done == [1]


@covers(57)
def test_57_a_tool_of_an_agent_can_ask(journal):
    """The model is not asked again for what it has said already."""
    script = Script([("book", {"city": "Paris"})], "booked")

    @tool(effect="idempotent")
    def book(city: str) -> str:
        """Book a journey."""
        return f"{city}: {interrupt({'confirm': city})}"

    graph = Workflow(State).add_node("clerk", Agent("clerk", script.model(), [book]), prompt="book", output="answer")
    graph.add_edge(START, "clerk")

    waiting = graph.run_sync({}, journal=journal)
    assert waiting.interrupts[0].value == {"confirm": "Paris"}
    done = graph.run_sync(Command(resume="confirmed"), run_id=waiting.run_id, journal=journal)
    assert done.state["answer"] == "booked"
    assert len(script.requests) == 2


def clerk(script, done):
    """An agent in a node, with a tool that needs approval."""

    @tool(approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        done.append(amount)
        return f"paid {amount}"

    return (
        Workflow(State)
        .add_node("clerk", Agent("clerk", script.model(), [pay]), prompt="pay", output="answer")
        .add_edge(START, "clerk")
    )


@covers(58)
@pytest.mark.parametrize(
    ("word", "data", "paid"),
    [
        ("approve", {}, [5]),
        ("approve", {"arguments": {"amount": 3}}, [3]),
        ("deny", {"message": "too much"}, []),
    ],
    ids=["approve", "edit", "reject with a word"],
)
def test_58_a_tool_call_is_approved_edited_or_rejected(journal, word, data, paid):
    """The run stops with the question on record; a decision about exactly this call lets it go on."""
    script, done = Script([("pay", {"amount": 5})], "done"), []
    graph = clerk(script, done)

    with pytest.raises(ApprovalDenied) as stopped:
        graph.run_sync({}, journal=journal)
    run_id = journal.find("last").run_id
    assert "victor approve" in stopped.value.hint
    asked = journal.events(run_id, types=["approval.requested"])[0].data
    journal.signal(run_id, word, {"call_id": asked["call_id"], "call_hash": asked["call_hash"], "by": "ada", **data})

    assert graph.run_sync(run_id=run_id, journal=journal).state["answer"] == "done"
    assert done == paid


class Reviewer:
    """A person who decides inside of the workflow, with a question of the run."""

    async def decide(self, request):
        word: Literal["yes", "no"] = interrupt({"tool": request.tool, "arguments": dict(request.arguments)})
        return Decision(word == "yes", by="reviewer")


@covers(58)
def test_58_or_with_a_question_of_the_workflow(journal):
    """An approver that asks by `interrupt` makes one kind of waiting of both."""
    script, done = Script([("pay", {"amount": 5})], "done"), []

    @tool(approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        done.append(amount)
        return "paid"

    agent = Agent("clerk", script.model(), [pay])

    async def ask(state):
        result = await agent.run("pay", approver=Reviewer())
        return {"answer": result.text}

    waiting = alone(ask).run_sync({}, journal=journal)
    assert waiting.interrupts[0].value == {"tool": "pay", "arguments": {"amount": 5}}
    alone(ask).run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)
    assert done == [5]


@covers(66)
def test_66_tools_of_an_agent_in_a_node_reach_runtime_and_store(journal):
    """Injected by nobody: code below a node finds its runtime; several calls of one turn run side by side."""
    script = Script([("note", {"text": "a"}), ("note", {"text": "b"}), ("broken", {})], "noted")

    @tool(effect="idempotent")
    def note(text: str) -> str:
        """Keep a note."""
        runtime = current_runtime()
        runtime.store.put(("notes",), text, {"by": runtime.node, "for": runtime.context})
        return "kept"

    @tool(effect="pure")
    def broken() -> str:
        """Fail."""
        raise ValueError("no such thing")

    graph = Workflow(State).add_node("clerk", Agent("c", script.model(), [note, broken]), prompt="go", output="answer")
    graph.add_edge(START, "clerk")
    done = graph.run_sync({}, journal=journal, context="ada")

    assert done.state["answer"] == "noted"
    found = Memory(journal).search(("notes",))
    assert {item.key: item.value for item in found} == {
        "a": {"by": "clerk", "for": "ada"},
        "b": {"by": "clerk", "for": "ada"},
    }
    told = str(script.requests[-1][-1])
    assert "no such thing" in told, "the model is told of a tool's failure and may go on"
