"""Budgets stop a run before it spends more, count every real call once, and leave the run resumable."""

from __future__ import annotations

import asyncio

import pytest

from tests.agents.scripts import Script
from victor_nb.agents import Agent, Budget, BudgetExceeded, PriceUnknown, Usage
from victor_nb.agents.budget import Ledger, Stopwatch, worked_seconds
from victor_nb.errors import Resumable, UsageError
from victor_nb.journal import Event, Journal
from victor_nb.tools import tool


@tool(effect="pure")
def tick(x: int) -> int:
    """Count."""
    return x


def endless() -> Script:
    return Script(*[[("tick", {"x": turn})] for turn in range(500)])


def run(agent: Agent, journal: Journal, **options: object):
    return asyncio.run(agent.run("go", journal=journal, **options))


def test_steps_are_limited(journal):
    """Model and tool calls count together; the run is stopped, not failed."""
    with pytest.raises(BudgetExceeded, match=r"5 steps") as raised:
        run(Agent("a", endless().model(), [tick], budget=Budget(steps=5)), journal)

    info = journal.find("last")
    assert isinstance(raised.value, Resumable)
    assert raised.value.what == "the budget is used up: 5 of 5 steps"
    assert raised.value.hint.endswith(f"victor resume {info.run_id} --max-steps 10")
    assert info.status == "stopped"
    assert len(journal.events(info.run_id, types=["step.finished"])) == 5
    assert journal.events(info.run_id, types=["run.stopped"])[0].data["reason"] == "budget"


def test_a_run_without_a_limit_on_steps_still_ends(journal):
    """The default stops a loop that would never end."""
    with pytest.raises(BudgetExceeded, match="200 steps"):
        run(Agent("a", endless().model(), [tick]), journal)


def test_tokens_are_limited(journal):
    """No call follows the one that passed the limit."""
    with pytest.raises(BudgetExceeded, match="tokens"):
        run(Agent("a", endless().model(), [tick], budget=Budget(tokens=200)), journal)


def test_working_time_is_limited_inside_a_call_that_hangs(journal):
    """The call is cancelled; the error names the limit."""

    @tool(effect="read")
    async def hang() -> None:
        """Never ends."""
        await asyncio.Event().wait()

    with pytest.raises(BudgetExceeded, match=r"0\.1 seconds"):
        run(Agent("a", Script([("hang", {})]).model(), [hang], budget=Budget(seconds=0.1)), journal)
    assert journal.find("last").status == "stopped"


def test_a_larger_budget_lets_a_run_go_on_and_counts_what_was_spent(journal):
    """Two attempts together may make as many calls as the larger budget says, not as both together."""
    script = endless()
    with pytest.raises(BudgetExceeded):
        run(Agent("a", script.model(), [tick], budget=Budget(steps=5)), journal)
    run_id = journal.find("last").run_id

    with pytest.raises(BudgetExceeded, match="9 steps"):
        run(Agent("a", script.model(), [tick], budget=Budget(steps=9)), journal, run_id=run_id)

    assert len(journal.events(run_id, types=["step.finished"])) == 9
    assert len(script.requests) == 5


def test_parallel_calls_that_pass_the_limit_together_can_be_resumed(journal):
    """Several calls of one turn hit the limit at once; none of them stays failed."""
    script = Script([("tick", {"x": number}) for number in range(6)], "done")
    with pytest.raises(BudgetExceeded):
        run(Agent("a", script.model(), [tick], budget=Budget(steps=3)), journal)
    run_id = journal.find("last").run_id

    assert run(Agent("a", script.model(), [tick]), journal, run_id=run_id).text == "done"


def test_a_replay_is_free_of_budgets(journal):
    """A recording that took ten steps replays under a budget of one."""
    script = Script(*[[("tick", {"x": turn})] for turn in range(5)], "done")
    run(Agent("a", script.model(), [tick]), journal)

    again = run(Agent("a", script.model(), [tick], budget=Budget(steps=1)), journal, replay="strict")

    assert again.text == "done"


def test_a_cost_limit_needs_a_price(journal):
    """With an unknown price the limit could not be kept: the run stops after the first answer, which is kept."""
    from pydantic_ai.models.function import FunctionModel

    class Remote(FunctionModel):
        @property
        def system(self) -> str:
            return "somewhere"

    script = endless()
    model = Remote(script.model().function, model_name="nobody-knows")

    with pytest.raises(PriceUnknown, match="--max-tokens"):
        run(Agent("a", model, [tick], budget=Budget(cost_usd=1.0)), journal)
    assert len(script.requests) == 1
    assert len(journal.events(journal.find("last").run_id, types=["step.finished"])) == 1


def test_known_prices_are_booked_and_limited(journal):
    """The cost of a request is on its step and in the result."""
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel
    from pydantic_ai.usage import RequestUsage

    class Remote(FunctionModel):
        @property
        def system(self) -> str:
            return "openai"

    def answer(messages, info):
        part = ToolCallPart("tick", {"x": 1}) if len(messages) == 1 else TextPart("done")
        usage = RequestUsage(input_tokens=1_000_000, output_tokens=0)
        return ModelResponse(parts=[part], usage=usage, model_name="gpt-4o", provider_name="openai")

    agent = Agent("a", Remote(answer, model_name="gpt-4o"), [tick])

    result = run(agent, journal)
    with pytest.raises(BudgetExceeded, match="--max-cost"):
        run(Agent("a", agent.model, [tick], budget=Budget(cost_usd=0.5)), journal)

    steps = [e.data for e in journal.events(result.run_id, types=["step.finished"]) if e.data["kind"] == "model"]
    assert result.cost == pytest.approx(sum(step["cost_usd"] for step in steps))
    assert result.cost > 1
    assert steps[0]["usage"]["input_tokens"] == 1_000_000


@pytest.mark.parametrize("name", ["steps", "tokens", "cost_usd", "seconds"])
def test_a_budget_must_be_positive(name):
    """Zero is no budget; None is how to say "no limit"."""
    with pytest.raises(UsageError, match="not positive"):
        Budget(**{name: 0})


def test_a_stopwatch_stands_still_while_somebody_thinks():
    """Pauses may overlap; what was worked before counts."""
    now = [100.0]
    watch = Stopwatch(lambda: now[0], before=5.0)

    now[0] = 102.0
    with watch:
        now[0] = 110.0
        with watch:
            now[0] = 120.0
        assert watch.seconds() == 7.0
    now[0] = 121.0

    assert watch.seconds() == 8.0


def test_earlier_attempts_count_without_their_waiting():
    """Working time is from start or resume to the attempt's last event, without the wait for approval."""
    story = [
        ("run.started", 0.0),
        ("step.finished", 2.0),
        ("approval.requested", 3.0),
        ("approval.decided", 13.0),
        ("run.stopped", 14.0),
        ("run.resumed", 100.0),
        ("step.finished", 105.0),
    ]

    assert worked_seconds(Event.of("r", seq, time, type_) for seq, (type_, time) in enumerate(story, 1)) == 9.0


def test_a_ledger_counts_restored_calls_against_the_limit():
    """What the journal answered was paid for by this run, and only once."""
    ledger = Ledger(Budget(steps=2), "r", Stopwatch(lambda: 0.0))
    ledger.restore(Usage(requests=1))
    ledger.admit(Usage(tool_calls=1))

    with pytest.raises(BudgetExceeded):
        ledger.admit(Usage(requests=1))
    assert ledger.total == Usage(requests=1, tool_calls=1)
