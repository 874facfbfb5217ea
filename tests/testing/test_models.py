"""Models for tests: scripts are followed, requests are remembered, and what is forbidden ends the test."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.testing.adding import SCRIPT, add, adder
from victor_nb import Agent
from victor_nb.agents import BudgetExceeded, ModelFailed
from victor_nb.models import resolve
from victor_nb.testing import ForbiddenCall, ForbiddenModel, ScriptedModel, Turn, assert_run, forbidden


@dataclass
class Sum:
    """A structured answer."""

    total: int


def test_a_scripted_model_remembers_what_it_was_asked(victor_journal):
    """The tools' results are in the second request."""
    agent = adder()

    result = agent.run_sync("add", journal=victor_journal)

    assert result.text == "Both are odd: 3 and 7."
    first, second = agent.model.requests
    assert len(first) < len(second)
    assert [part.content for part in second[-1].parts] == ["3", "7"]


def test_a_script_streams_word_by_word(victor_journal):
    """Live text arrives in pieces that together are the answer."""
    pieces = []

    def hear(event):
        if event.type == "model.delta":
            pieces.append(event.data["text"])

    adder("one two three").run_sync("count", journal=victor_journal, on_event=hear)

    assert pieces == ["one ", "two ", "three"]


@pytest.mark.parametrize(("output", "value"), [(Sum, {"total": 3}), (list[int], [1, 2])])
def test_data_answers_in_the_type_that_was_asked_for(victor_journal, output, value):
    """The script says what the answer is, not how the framework wants it wrapped."""
    result = adder(Turn(data=value), output=output).run_sync("add", journal=victor_journal)

    assert result.data == (Sum(3) if output is Sum else value)


def test_data_is_text_for_an_agent_that_answers_in_text(victor_journal):
    """Without an output type, data is its JSON."""
    assert adder(Turn(data={"total": 3})).run_sync("add", journal=victor_journal).text == '{"total": 3}'


def test_a_script_that_is_over_fails_the_test(victor_journal):
    """A model that is asked too often is a finding, not an empty answer."""
    with pytest.raises(AssertionError, match="the script has 1 turns"):
        adder(*SCRIPT[:1]).run_sync("add", journal=victor_journal)


def test_a_failure_is_raised_once(victor_journal):
    """A provider's outage can be rehearsed: the first attempt fails, the resumed run gets the answer."""
    from pydantic_ai.exceptions import ModelHTTPError

    agent = adder(SCRIPT[0], ModelHTTPError(503, "scripted"), SCRIPT[1])
    with pytest.raises(ModelFailed):
        agent.run_sync("add", journal=victor_journal)
    stopped = victor_journal.find("last").run_id

    assert agent.run_sync(run_id=stopped, journal=victor_journal).text == "Both are odd: 3 and 7."
    assert_run(victor_journal).finished().called("add", times=2)


def test_a_resumed_run_goes_on_where_the_script_was(victor_journal):
    """A new model object with the same script answers the turn that is due, not the first one."""
    from victor_nb import Budget

    with pytest.raises(BudgetExceeded):
        adder(budget=Budget(steps=3)).run_sync("add", journal=victor_journal)
    again = adder()

    assert again.run_sync(run_id="last", journal=victor_journal).text == "Both are odd: 3 and 7."
    assert len(again.model.requests) == 1


def test_a_replay_asks_neither_model_nor_tools(victor_journal):
    """The forbidden twins prove it."""
    first = adder().run_sync("add", journal=victor_journal)
    twin = Agent(name="adder", model=ForbiddenModel(), tools=[forbidden(add)])

    again = twin.run_sync("add", journal=victor_journal, replay="strict")

    assert (again.text, again.replayed) == (first.text, True)


def test_the_twin_of_any_model_replays_its_recordings(victor_journal):
    """A recording is found by the model's name and provider; the twin has both."""
    model = resolve("offline")
    first = Agent(model=model, tools=[add]).run_sync("add a=1 b=2", journal=victor_journal)
    twin = Agent(model=ForbiddenModel.like(model), tools=[forbidden(add)])

    assert twin.run_sync("add a=1 b=2", journal=victor_journal, replay="strict").text == first.text


def test_a_forbidden_model_ends_the_test(victor_journal):
    """Asking it is no error that an agent could handle."""
    with pytest.raises(ForbiddenCall, match="model 'scripted' was asked"):
        Agent(model=ForbiddenModel()).run_sync("hello", journal=victor_journal)


def test_a_forbidden_tool_ends_the_test(victor_journal):
    """Its refusal is not told to the model as other errors of tools are; the test would pass then."""
    with pytest.raises(ForbiddenCall, match="tool 'add' was called"):
        adder(tools=[forbidden(add)]).run_sync("add", journal=victor_journal)


def test_a_forbidden_tool_looks_like_the_original():
    """Same name, description and schema, so that recordings of the original fit."""
    twin = forbidden(add)

    assert (twin.name, twin.description, twin.parameters) == (add.name, add.description, add.parameters)


def test_a_model_without_a_stream_is_asked_whole():
    """Code that asks a model directly, without an agent, gets the same turns."""
    import asyncio

    from pydantic_ai.messages import ModelRequest
    from pydantic_ai.models import ModelRequestParameters

    model = ScriptedModel([Turn("adding", calls=(("add", {"a": 1, "b": 2}),))])
    answer = asyncio.run(model.request([ModelRequest.user_text_prompt("add")], None, ModelRequestParameters()))

    assert answer.text == "adding"
    assert [(call.tool_name, call.tool_call_id) for call in answer.tool_calls] == [("add", "call_0_0")]
