"""Questions to a person: the run stops, and goes on with the answer where it stood."""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

import pytest

from victor_nb import START, Command, Workflow, interrupt, send
from victor_nb.errors import UsageError
from victor_nb.workflows import ResumeMismatch


class State(TypedDict, total=False):
    names: Annotated[list[str], operator.add]


def test_a_question_stops_the_run_and_its_answer_is_what_the_call_returns(journal):
    """Nodes that were finished are not called again."""
    calls = []

    def before(state):
        calls.append("before")

    def ask(state):
        calls.append("ask")
        return {"names": [interrupt("your name?")]}

    wf = Workflow(State).add_node(before).add_node(ask).add_edge(START, "before").add_edge("before", "ask")
    waiting = wf.run_sync({}, journal=journal)

    assert (waiting.status, [one.value for one in waiting.interrupts]) == ("waiting", ["your name?"])

    result = wf.run_sync(Command(resume="Ada"), run_id=waiting.run_id, journal=journal)

    assert (result.status, result.state) == ("finished", {"names": ["Ada"]})
    assert calls == ["before", "ask", "ask"]


def test_a_run_that_goes_on_without_an_answer_waits_with_the_same_question(journal):
    """Nothing is asked twice."""
    wf = Workflow(State).add_node("ask", lambda state: {"names": [interrupt("?")]}).add_edge(START, "ask")
    first = wf.run_sync({}, journal=journal)

    again = wf.run_sync(run_id=first.run_id, journal=journal)

    assert again.interrupts == first.interrupts
    assert len(journal.events(first.run_id, types=("interrupt.requested",))) == 1


def test_several_questions_of_one_node_are_answered_one_after_another(journal):
    """Also in a loop: each time that the line is reached is a question of its own."""

    def ask(state):
        return {"names": [interrupt(f"name {number}?") for number in range(3)]}

    wf = Workflow(State).add_node(ask).add_edge(START, "ask")
    result = wf.run_sync({}, journal=journal)
    for name in ("a", "b", "c"):
        assert result.status == "waiting"
        result = wf.run_sync(Command(resume=name), run_id=result.run_id, journal=journal)

    assert result.state["names"] == ["a", "b", "c"]


def test_parallel_questions_are_told_together_and_answered_by_their_ids(journal):
    """One value cannot answer two questions."""

    def ask(item):
        return {"names": [f"{item}: {interrupt(item)}"]}

    wf = Workflow(State).add_node(ask).add_conditional_edges(START, lambda state: send("ask", ["x", "y"]), ["ask"])
    waiting = wf.run_sync({}, journal=journal)
    ids = {one.value: one.id for one in waiting.interrupts}

    with pytest.raises(ResumeMismatch, match="asks 2 questions and one value was given"):
        wf.run_sync(Command(resume="?"), run_id=waiting.run_id, journal=journal)

    half = wf.run_sync(Command(resume={ids["y"]: 2}), run_id=waiting.run_id, journal=journal)
    assert [one.value for one in half.interrupts] == ["x"]
    result = wf.run_sync(Command(resume={ids["x"]: 1}), run_id=waiting.run_id, journal=journal)
    assert result.state["names"] == ["x: 1", "y: 2"]


def test_an_answer_that_nobody_asked_for_is_refused(journal):
    """It would be lost silently otherwise."""
    wf = Workflow(State).add_node("fail", lambda state: 1 / 0).add_edge(START, "fail")
    with pytest.raises(Exception, match="division by zero"):
        wf.run_sync({}, journal=journal)

    with pytest.raises(ResumeMismatch, match="the run asks nothing"):
        wf.run_sync(Command(resume=1), run_id="last", journal=journal)


def test_a_question_inside_a_sub_workflow_stops_and_resumes_the_outer_run(journal):
    """Both as a node and when it is called inside one."""
    inner = Workflow(State, "inner").add_node("ask", lambda state: {"names": [interrupt("?")]}).add_edge(START, "ask")

    async def call(state):
        return {"names": (await inner.run({})).state["names"]}

    wf = Workflow(State).add_node("sub", inner).add_node(call).add_edge(START, "sub").add_edge("sub", "call")
    first = wf.run_sync({}, journal=journal)
    second = wf.run_sync(Command(resume="one"), run_id=first.run_id, journal=journal)
    result = wf.run_sync(Command(resume="two"), run_id=first.run_id, journal=journal)

    assert second.status == "waiting"
    assert result.state["names"] == ["one", "two"]


def test_an_answer_that_does_not_fit_its_type_is_asked_for_again(journal):
    """The question then says what was wrong with it."""
    wf = Workflow(State).add_node("ask", lambda state: {"names": ["x"] * interrupt("how many?", schema=int)})
    wf.add_edge(START, "ask")
    first = wf.run_sync({}, journal=journal)
    assert first.interrupts[0].schema == {"type": "integer"}

    second = wf.run_sync(Command(resume="many"), run_id=first.run_id, journal=journal)
    assert second.interrupts[0].value["not accepted"] == "many"

    assert wf.run_sync(Command(resume="3"), run_id=first.run_id, journal=journal).state["names"] == ["x"] * 3


@pytest.mark.parametrize("when", ["interrupt_before", "interrupt_after"])
def test_a_run_can_be_told_to_stop_at_a_node(journal, when):
    """It goes on without a value."""
    wf = Workflow(State).add_sequence([(name, lambda state, n=name: {"names": [n]}) for name in "abc"])
    wf.add_edge(START, "a")
    waiting = wf.run_sync({}, journal=journal, **{when: ["b"]})

    assert waiting.state["names"] == (["a"] if when == "interrupt_before" else ["a", "b"])
    assert waiting.interrupts[0].when == when.removeprefix("interrupt_")
    result = wf.run_sync(run_id=waiting.run_id, journal=journal, **{when: ["b"]})
    assert (result.status, result.state["names"]) == ("finished", ["a", "b", "c"])


def test_an_update_may_come_with_the_answer(journal):
    """The node that asked sees both."""

    def ask(state):
        return {"names": [f"{interrupt('?')} after {len(state['names'])}"]}

    wf = Workflow(State).add_node(ask).add_edge(START, "ask")
    first = wf.run_sync({}, journal=journal)

    result = wf.run_sync(Command(resume="yes", update={"names": ["told"]}), run_id=first.run_id, journal=journal)

    assert result.state["names"] == ["told", "yes after 1"]
    assert result.run.state() == result.state
    assert wf.run_sync(run_id=first.run_id, journal=journal, replay="strict").state == result.state


def test_a_run_is_sent_elsewhere_by_an_edit_and_not_by_an_answer(journal):
    """The error says how."""
    wf = Workflow(State).add_node("ask", lambda state: {"names": [interrupt("?")]})
    wf.add_node("other", lambda state: {"names": ["other"]}).add_edge(START, "ask").add_edge("ask", "other")
    first = wf.run_sync({}, journal=journal)

    with pytest.raises(UsageError, match="goto would lead it elsewhere"):
        wf.run_sync(Command(resume=1, goto="other"), run_id=first.run_id, journal=journal)

    first.run.edit(goto="other")
    assert wf.run_sync(run_id=first.run_id, journal=journal).state["names"] == ["other"]
