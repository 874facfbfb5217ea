"""Assertions about runs: they find what is wrong, and say it so that one sees why."""

from __future__ import annotations

import pytest

from tests.testing.adding import add, adder, publish
from victor_nb import Budget, Effect
from victor_nb.agents import ApprovalDenied, BudgetExceeded, Decision, PolicyApprover
from victor_nb.testing import Turn, assert_run


@pytest.fixture
def run(victor_journal):
    """A finished run of an agent that added twice."""
    adder().run_sync("add", journal=victor_journal)
    return assert_run(victor_journal)


def test_what_a_run_did_is_asserted_in_one_chain(run):
    """The common questions about a run read like a sentence."""
    run.finished().called("add", times=2).called("add", arguments={"a": 3}).not_called("sub").model_calls(2)
    run.order("add", "add").cost_below(0.01)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda run: run.failed(), "it is finished, not failed"),
        (lambda run: run.stopped(), "it is finished, not stopped"),
        (lambda run: run.called("add", times=1), "called 2 times, not once"),
        (lambda run: run.called("sub"), "'sub' was not called"),
        (lambda run: run.not_called("add"), "called 2 times, not 0 times"),
        (lambda run: run.called("add", arguments={"a": 9}), "had the arguments"),
        (lambda run: run.model_calls(1), "asked 2 times, not once"),
        (lambda run: run.order("add", "add", "add"), "in the order"),
        (lambda run: run.approved("add"), "no call of tool 'add' was approved"),
        (lambda run: run.denied("add"), "no call of tool 'add' was denied"),
        (lambda run: run.cost_below(0.0), "it cost 0 USD"),
    ],
)
def test_a_wrong_assertion_shows_the_timeline(run, wrong, words):
    """The failure names the expectation and lists what happened, with the arguments of each call."""
    with pytest.raises(AssertionError, match=words) as raised:
        wrong(run)

    assert "step.finished      tool add {'a': 1, 'b': 2}" in str(raised.value)
    assert "run.finished" in str(raised.value)


def test_a_failure_is_known_by_its_class(victor_journal):
    """Another class than the expected one is named, and the timeline has its words."""
    with pytest.raises(LookupError):
        adder(LookupError("no such thing")).run_sync("add", journal=victor_journal)

    run = assert_run(victor_journal).failed(LookupError)
    with pytest.raises(AssertionError, match="LookupError, not with ValueError") as raised:
        run.failed(ValueError)
    assert "LookupError: no such thing" in str(raised.value)


def test_a_stop_is_known_by_its_class(victor_journal):
    """A budget that is used up stops a run; it does not fail."""
    with pytest.raises(BudgetExceeded):
        adder(budget=Budget(steps=1)).run_sync("add", journal=victor_journal)

    assert_run(victor_journal).stopped(BudgetExceeded).model_calls(1).not_called("add")


def test_decisions_are_asserted(victor_journal):
    """Who was asked does not matter: a person's word and a policy's are both on record."""
    said = iter([True, False])

    class Person:
        async def decide(self, request):
            return Decision(next(said), by="person")

    twice = [Turn.calling("publish", text="a"), Turn.calling("publish", text="b"), "done"]
    adder(*twice, tools=[publish]).run_sync("publish", journal=victor_journal, approver=Person())
    assert_run(victor_journal).approved("publish").denied("publish").called("publish", times=1)

    with pytest.raises(ApprovalDenied):
        adder(*twice, tools=[publish]).run_sync("p", journal=victor_journal, approver=PolicyApprover("never"))
    assert_run(victor_journal).stopped(ApprovalDenied).denied("publish").not_called("publish")


def test_a_call_that_was_interrupted_counts_once(victor_journal):
    """A call in doubt began; when the resumed run does it again it is still the same call."""
    with pytest.raises(KeyboardInterrupt), victor_journal.start() as run:
        run.step_sync("send", _interrupted, kind="tool", effect=Effect.READ)
    assert_run(victor_journal).stopped(KeyboardInterrupt).called("send", times=1)

    with victor_journal.resume("last") as run:
        run.step_sync("send", lambda: "sent", kind="tool", effect=Effect.READ)
    assert_run(victor_journal).finished().called("send", times=1)


def _interrupted() -> None:
    raise KeyboardInterrupt


def test_the_arguments_of_a_pure_tool_are_known_too(victor_journal):
    """Pure steps write no start; what they were given is in their end."""
    adder(Turn.calling("add", a=5, b=6), "11", tools=[add]).run_sync("add", journal=victor_journal)

    assert_run(victor_journal).called("add", times=1, arguments={"a": 5, "b": 6})
