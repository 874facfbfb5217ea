"""Coordinators: any capability of the framework takes part in a durable run, and its work is journaled."""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest
from pydantic_ai import capabilities
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.capabilities import Toolset as ToolsetCapability
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.toolsets import DynamicToolset, FunctionToolset

from tests.agents.scripts import Never, Script, told_by_tools
from victor_nb.agents import Agent, Budget, BudgetExceeded, ModelFailed, ToolSetupError
from victor_nb.agents.digests import digests_of
from victor_nb.agents.failures import translated
from victor_nb.agents.tooling import effect_of
from victor_nb.journal import Effect, Journal
from victor_nb.tools import tool


def run(agent: Agent, journal: Journal, **options: object):
    return asyncio.run(agent.run("go", journal=journal, **options))


def broken(messages, info) -> ModelResponse:
    raise ModelHTTPError(503, "broken", {"message": "overloaded"})


def test_a_failure_that_a_coordinator_survived_is_survived_again_when_resumed(journal):
    """The failed request is not made again; the fallback sees an error that it knows."""
    if not hasattr(capabilities, "ModelFallback"):
        pytest.skip("this release of pydantic-ai has no ModelFallback")
    asked: list[int] = []

    def fail_once(messages, info) -> ModelResponse:
        asked.append(1)
        return broken(messages, info)

    @tool(effect="pure")
    def look() -> str:
        """Look."""
        return "seen"

    script = Script([("look", {})], [("look", {})], "done")
    first = FunctionModel(fail_once, model_name="first")
    second = script.model()

    def agent(steps: int) -> Agent:
        fallback = capabilities.ModelFallback(second)
        return Agent("a", first, [look], coordinators=[fallback], budget=Budget(steps=steps))

    with pytest.raises(BudgetExceeded):
        run(agent(3), journal)
    tried = len(asked)
    result = run(agent(50), journal, run_id=journal.find("last").run_id)

    assert result.text == "done"
    assert len(script.requests) == 3
    assert len(asked) - tried <= 2, "requests that had failed before were made again"


def test_tools_of_a_capability_are_steps_with_their_declared_effect(journal):
    """A foreign toolset's calls are recorded and answered by a replay."""
    done: list[str] = []
    foreign = FunctionToolset[None](id="foreign")

    @foreign.tool_plain(metadata={"effect": "read"})
    def peek(place: str) -> dict[str, int]:
        """Peek."""
        done.append(place)
        return {"found": 3}

    script = Script([("peek", {"place": "box"})], "three")
    capability = ToolsetCapability(foreign)

    result = run(Agent("a", script.model(), coordinators=[capability]), journal)
    again = run(Agent("a", Never.model(), coordinators=[capability]), journal, replay="strict")

    started = [e.data for e in journal.events(result.run_id, types=["step.started"]) if e.data["kind"] == "tool"]
    assert done == ["box"]
    assert started[0]["effect"] == "read"
    assert started[0]["inputs"] == {"call_id": "call-0-0", "arguments": {"place": "box"}}
    assert again.usage.tool_calls == result.usage.tool_calls == 1
    assert again.text == "three"


def test_tools_that_are_found_at_run_time_are_found_again_in_a_replay(journal):
    """Discovery is a step too."""
    found: list[int] = []

    def discover(ctx) -> FunctionToolset[None]:
        found.append(1)
        toolset = FunctionToolset[None]()

        @toolset.tool_plain
        def late() -> str:
            """Come late."""
            return "here"

        return toolset

    capability = ToolsetCapability(DynamicToolset(discover, id="late", per_run_step=False))
    script = Script([("late", {})], "done")

    result = run(Agent("a", script.model(), coordinators=[capability]), journal)
    again = run(Agent("a", Never.model(), coordinators=[capability]), journal, replay="strict")

    kinds = {e.data["kind"] for e in journal.events(result.run_id, types=["step.finished"])}
    assert "framework" in kinds
    assert told_by_tools(script) == ["here"]
    assert again.text == "done"


def test_a_coordinator_that_needs_an_id_says_so(journal):
    """The framework's complaint about the agent's parts becomes ours."""
    capability = ToolsetCapability(FunctionToolset[None]([print]))

    with pytest.raises(ToolSetupError, match="id"):
        run(Agent("a", Never.model(), coordinators=[capability]), journal)


def test_a_coordinator_sees_and_changes_requests(journal):
    """What it adds is on record as sent."""

    class Polite(AbstractCapability[None]):
        def get_instructions(self):
            return "say please"

    script = Script("please")
    result = run(Agent("a", script.model(), coordinators=[Polite()]), journal)

    started = journal.events(result.run_id, types=["step.started"])[0].data
    assert "say please" in started["inputs"]["instructions"]


@pytest.mark.parametrize(
    ("metadata", "effect"),
    [
        (None, Effect.EFFECT),
        ({"effect": "pure"}, Effect.PURE),
        ({"annotations": {"readOnlyHint": True}}, Effect.READ),
        ({"annotations": {"idempotentHint": True}}, Effect.IDEMPOTENT),
        ({"annotations": {}}, Effect.EFFECT),
    ],
)
def test_the_effect_of_a_foreign_tool(metadata, effect):
    """Its own word, the hints of MCP, else the careful class."""
    assert effect_of(metadata) is effect


def test_failures_of_the_framework_are_translated_once():
    """Groups give their weightiest member; a programmer's error stays what it is."""
    own = ModelFailed("x")

    assert translated(own, "r") is own
    assert translated(ExceptionGroup("g", [ValueError("a"), ExceptionGroup("h", [own])]), "r") is own
    assert isinstance(translated(ExceptionGroup("g", [ValueError("a")]), "r"), ValueError)


def test_variables_are_known_by_their_content():
    """One changed cell is another digest; an equal copy is not."""
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    changed = frame.copy()
    changed.loc[0, "b"] = "z"

    def one(value: object) -> str:
        return digests_of({"v": value})["v"]

    assert one(frame) == one(frame.copy())
    assert one(frame) != one(changed)
    assert one(frame) != one(frame.rename(columns={"a": "c"}))
    assert one(frame["a"]) == one(frame["a"].copy())
    assert one(pd.DataFrame({"l": [[1], [2]]})) != one(pd.DataFrame({"l": [[1], [3]]}))
    assert one(np.arange(3)) == one(np.arange(3))
    assert one({"k": 1}) == one({"k": 1}) != one({"k": 2})
    assert one(object()) == one(object())


def test_the_offline_model_answers_where_none_is_named(journal):
    """No key, no network; it says what it is."""
    frame = pd.DataFrame({"height": [1.0, 2.0, 3.0]})

    result = asyncio.run(Agent("a").run("how many rows are in df?", journal=journal, variables={"df": frame}))

    assert "3" in result.text
    assert result.usage.tool_calls >= 1
    assert result.cost_usd == 0.0
    assert result.metadata
