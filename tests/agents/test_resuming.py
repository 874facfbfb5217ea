"""Runs go on where they stopped, replay for nothing, and say what has changed."""

from __future__ import annotations

import asyncio

import pandas as pd
import pytest

from tests.agents.scripts import Never, Script, told_by_tools
from victor_nb.agents import Agent, Budget, BudgetExceeded, RequestChanged
from victor_nb.journal import Journal, ReplayMiss, RunFinished, RunNotFound, StepInDoubt
from victor_nb.tools import tool


def run(agent: Agent, journal: Journal, prompt: str | None = "please", **options: object):
    return asyncio.run(agent.run(prompt, journal=journal, **options))


def make_counter(effect: str = "effect"):
    calls: list[int] = []

    @tool(effect=effect)
    def add(x: int) -> int:
        """Add to the list."""
        calls.append(x)
        return len(calls)

    return add, calls


def interrupted(journal: Journal, add, turns: int = 3) -> tuple[Script, str]:
    """A run that was stopped by its budget after two of its steps."""
    script = Script(*[[("add", {"x": turn})] for turn in range(turns)], "done")
    with pytest.raises(BudgetExceeded):
        run(Agent("a", script.model(), [add], budget=Budget(steps=2)), journal)
    return script, journal.find("last").run_id


def test_a_strict_replay_asks_no_model_and_calls_no_tool(journal):
    """A model and a tool that raise when used are never used."""
    add, calls = make_counter()
    recorded = run(Agent("a", Script([("add", {"x": 1})], "one").model(), [add]), journal)
    calls.clear()

    replayed = run(Agent("a", Never.model(), [add]), journal, replay="strict")

    assert replayed.text == recorded.text
    assert replayed.replayed
    assert replayed.run_id == recorded.run_id
    assert replayed.usage == recorded.usage
    assert calls == []
    assert len(journal.runs()) == 1


def test_a_replay_finds_the_newest_recording_of_the_same_request(journal):
    """Other prompts have other recordings."""
    for answer in ("old", "new"):
        run(Agent("a", Script(answer).model()), journal, "A?")
    run(Agent("a", Script("other").model()), journal, "B?")

    assert run(Agent("a", Never.model()), journal, "A?", replay="strict").text == "new"


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"prompt": "what else?"}, "prompt"),
        ({"instructions": "be rude"}, "instructions"),
        ({"model": Never.model("another")}, "model"),
        ({"output": list[int]}, "output"),
        ({"variables": {"df": pd.DataFrame({"a": [1, 2, 4]})}}, "variables.df"),
    ],
)
def test_a_strict_replay_that_misses_says_what_changed(journal, changed, word):
    """The error names the part of the request that differs and shows both values."""
    variables = {"df": pd.DataFrame({"a": [1, 2, 3]})}
    run(Agent("a", Script("recorded").model(), instructions="be kind"), journal, "what?", variables=variables)
    now = {"prompt": "what?", "instructions": "be kind", "output": str, "variables": variables, **changed}
    agent = Agent("a", changed.get("model", Never.model()), instructions=now["instructions"], output=now["output"])

    with pytest.raises(ReplayMiss, match=word):
        run(agent, journal, now["prompt"], replay="strict", variables=now["variables"])


def test_a_strict_replay_names_the_tool_that_changed(journal):
    """A new docstring or parameter is a change, and the tool is named."""
    add, _ = make_counter()
    run(Agent("a", Script("recorded").model(), [add]), journal)

    @tool(name="add", effect="effect")
    def other(x: int, y: int = 0) -> int:
        """Add two things."""
        return x + y

    with pytest.raises(ReplayMiss, match=r"tools\.add"):
        run(Agent("a", Never.model(), [other]), journal, replay="strict")


def test_a_named_recording_that_misses_in_the_middle_shows_the_difference(journal):
    """With the recording given by its id, the first step that differs is named."""
    recorded = run(Agent("a", Script("fine").model()), journal, "count the cats")

    with pytest.raises(ReplayMiss, match=r"prompt(.|\n)*cats(.|\n)*dogs"):
        run(Agent("a", Never.model()), journal, "count the dogs", replay="strict", run_id=recorded.run_id)


def test_a_named_recording_that_misses_names_the_tool_and_the_model_that_changed(journal):
    """A digest alone would tell nobody anything."""
    add, _ = make_counter()
    recorded = run(Agent("a", Script("fine").model(), [add]), journal)

    @tool(name="add")
    def other(x: int) -> int:
        """Do something else."""
        return x

    with pytest.raises(ReplayMiss, match=r"tools\.add"):
        run(Agent("a", Never.model(), [other]), journal, replay="strict", run_id=recorded.run_id)
    with pytest.raises(ReplayMiss, match=r"model: recorded 'function:scripted', now 'function:new'"):
        run(Agent("a", Never.model("new"), [add]), journal, replay="strict", run_id=recorded.run_id)


def test_auto_does_what_is_missing_in_a_new_run(journal):
    """A recording that answers is used; without one the work is done and recorded."""
    first = run(Agent("a", Script("one").model()), journal, replay="auto")
    second = run(Agent("a", Never.model()), journal, replay="auto")

    assert not first.replayed
    assert second.replayed
    assert second.run_id == first.run_id
    assert len(journal.runs()) == 1


def test_a_replay_is_not_paid_for_again(journal):
    """The result tells what its calls took, the replay's own books stay at zero."""
    first = run(Agent("a", Script("one").model()), journal)
    events = []

    again = run(Agent("a", Never.model()), journal, replay="strict", on_event=events.append)

    assert again.usage == first.usage
    assert events[-1].type == "run.finished"
    assert events[-1].data["usage"]["requests"] == 0


def test_passing_the_id_of_an_unfinished_run_resumes_it(journal):
    """Finished steps answer from the journal; the first missing one is done."""
    add, calls = make_counter()
    script, run_id = interrupted(journal, add)
    asked = len(script.requests)

    result = run(Agent("a", script.model(), [add]), journal, run_id=run_id)

    assert result.text == "done"
    assert calls == [0, 1, 2]
    assert asked + len(script.requests[asked:]) == 4
    assert result.usage.requests == 4
    assert not result.replayed


def test_a_resumed_run_may_leave_the_prompt_out(journal):
    """The recorded prompt is used again."""
    add, _ = make_counter()
    script, run_id = interrupted(journal, add)

    assert run(Agent("a", script.model(), [add]), journal, None, run_id=run_id).text == "done"


def test_a_run_is_not_resumed_with_another_request(journal):
    """That would mix two conversations; the error shows the difference."""
    add, _ = make_counter()
    script, run_id = interrupted(journal, add)

    with pytest.raises(RequestChanged, match="prompt: recorded 'please', now 'something else'"):
        run(Agent("a", script.model(), [add]), journal, "something else", run_id=run_id)


def test_a_finished_run_cannot_be_resumed(journal):
    """The error says how to replay it."""
    result = run(Agent("a", Script("one").model()), journal)

    with pytest.raises(RunFinished, match="replay"):
        run(Agent("a", Never.model()), journal, run_id=result.run_id)


def test_an_unknown_run_is_an_error(journal):
    """With the way to list the known ones."""
    with pytest.raises(RunNotFound, match="victor runs"):
        run(Agent("a", Never.model()), journal, run_id="nothing")


def in_doubt(journal: Journal, effect: str = "effect") -> tuple[Script, str, list[int]]:
    """A run whose process died inside its only tool call, as its record shows it."""
    script = Script([("add", {"x": 7})], "done")
    calls: list[int] = []

    class Killed(BaseException):
        pass

    @tool(name="add", effect=effect)
    async def dies(x: int) -> int:
        """Add to the list."""
        calls.append(x)
        raise Killed

    with pytest.raises(Killed):
        run(Agent("a", script.model(), [dies]), journal)
    run_id = journal.find("last").run_id
    journal.release(run_id)
    return script, run_id, calls


@pytest.mark.parametrize("effect", ["pure", "read", "idempotent"])
def test_harmless_tools_in_doubt_are_done_again(journal, effect):
    """Nobody needs to be asked."""
    script, run_id, _ = in_doubt(journal, effect)
    add, calls = make_counter(effect)

    assert run(Agent("a", script.model(), [add]), journal, run_id=run_id).text == "done"
    assert calls == [7]


def test_an_effect_in_doubt_stops_a_run_that_nobody_watches(journal):
    """The error names both ways on; nothing is repeated."""
    script, run_id, _ = in_doubt(journal)
    add, calls = make_counter()

    with pytest.raises(StepInDoubt, match=f"victor resume {run_id} --on-doubt retry"):
        run(Agent("a", script.model(), [add]), journal, run_id=run_id)
    assert calls == []
    assert journal.find(run_id).status == "stopped"
    stopped = journal.events(run_id, types=["run.stopped"])
    assert stopped[-1].data["reason"] == "doubt"


@pytest.mark.parametrize(("decision", "done"), [("retry", [7]), ("skip", [])])
def test_a_policy_decides_about_an_effect_in_doubt(journal, decision, done):
    """`on_doubt` repeats the call or leaves it; left calls are told to the model as what they are."""
    script, run_id, _ = in_doubt(journal)
    add, calls = make_counter()
    agent = Agent("a", script.model(), [add])

    result = run(agent, journal, run_id=run_id, on_doubt=decision)

    assert result.text == "done"
    assert calls == done
    assert ("not known" in told_by_tools(script)[0]) == (decision == "skip")
    assert run(Agent("a", Never.model(), [add]), journal, replay="strict").text == "done"
