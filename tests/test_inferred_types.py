"""What a type checker infers of programs that use the package: mypy reads this file, and here it runs as well."""

from __future__ import annotations

import asyncio
from typing import assert_type

from pydantic import BaseModel

from victor_nb import Agent, Command, interrupt, open_journal, step, tool, workflow
from victor_nb.testing import ScriptedModel, Turn
from victor_nb.workflows import WorkflowResult


@tool
def twice(number: int) -> int:
    """Double a number."""
    return 2 * number


@tool(category="numbers")
async def later(number: int) -> float:
    """Halve a number, some day."""
    return number / 2


@step
def parsed(text: str) -> list[int]:
    """Read numbers."""
    return [int(word) for word in text.split()]


@step(name="sum")
async def summed(numbers: list[int]) -> int:
    """Add numbers."""
    return sum(numbers)


@workflow
async def total(text: str) -> int:
    """Add the numbers of a text."""
    numbers = assert_type(parsed(text), list[int])
    handle = parsed.submit("1 2")
    assert_type(handle.result(), list[int])
    return assert_type(await summed(numbers), int)


@workflow
def asked(question: str) -> str:
    """Ask a person."""
    if assert_type(interrupt(question, schema=bool), bool):
        return "yes"
    return "no"


def test_a_tool_is_called_like_its_function() -> None:
    """And by the JSON arguments of a model, where one that is awaited gives what it gives then."""
    assert assert_type(twice(2), int) == 4
    assert assert_type(asyncio.run(twice.call({"number": 3})), int) == 6
    assert assert_type(asyncio.run(later.call({"number": 3})), float) == 1.5


class Weather(BaseModel):
    """An answer with fields."""

    city: str
    celsius: float


def test_an_agent_answers_in_the_type_that_it_was_given() -> None:
    """Text if it was given none; whoever takes any agent, as `Agent[object]`, takes this one."""
    agent = Agent("forecaster", model=ScriptedModel([Turn(data={"city": "Oslo", "celsius": 3})]), output=Weather)
    assert_type(agent, Agent[Weather])
    assert_type(Agent("poet"), Agent[str])
    assert_type(Agent("counter", output=list[int]), Agent[list[int]])
    anybody: Agent[object] = agent

    with open_journal("memory:") as journal:
        result = agent.run_sync("How is it in Oslo?", journal=journal)
    assert assert_type(result.data, Weather).city == "Oslo"
    assert anybody.output is Weather


def test_the_state_of_a_workflow_is_what_its_function_returns() -> None:
    """With steps that keep the types of theirs."""
    with open_journal("memory:") as journal:
        result = assert_type(total.run_sync("1 2 3", journal=journal), WorkflowResult[int])
    assert assert_type(result.state, int) == 6


def test_an_answer_has_the_type_that_was_asked_for() -> None:
    """And the workflow goes on with it."""
    with open_journal("memory:") as journal:
        first = asked.run_sync("Shall we?", journal=journal)
        again = asked.run_sync(Command(resume=True), run_id=first.run_id, journal=journal)
    assert assert_type(again.state, str) == "yes"
