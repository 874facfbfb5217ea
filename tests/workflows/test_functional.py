"""The functional form: a workflow as a function, its steps as functions."""

from __future__ import annotations

import asyncio
import threading

import pytest

from victor_nb import Command, RetryPolicy, interrupt, step, workflow
from victor_nb.errors import UsageError
from victor_nb.workflows import Final, NodeFailed


def test_a_function_is_a_workflow_and_returns_what_it_returns(journal):
    """Its steps are below its one node; a replay calls nothing."""
    calls = []

    @step
    def double(number: int) -> int:
        calls.append(number)
        return number * 2

    @workflow
    def main(numbers):
        """Double all numbers."""
        return [double(number) for number in numbers]

    result = main.run_sync([1, 2, 1], journal=journal)

    assert result.state == [2, 4, 2]
    steps = journal.events(result.run_id, types=("step.finished",))
    assert [(event.data["name"], event.parent_id) for event in steps] == [("double", "1/main")] * 3 + [("main", "")]
    assert main.run_sync([1, 2, 1], journal=journal, replay="strict").state == [2, 4, 2]
    assert calls == [1, 2, 1]
    assert main.graph.about == "Double all numbers."


def test_finished_steps_are_not_done_again_after_a_failure(journal):
    """The function is called from its beginning; its steps answer."""
    calls = []

    @step
    def work(name):
        calls.append(name)
        if name == "b" and calls.count("b") == 1:
            raise OSError("once")
        return name

    @workflow(name="main")
    def main(input):
        return work("a") + work("b")

    with pytest.raises(NodeFailed, match="once"):
        main.run_sync(1, journal=journal)

    assert main.run_sync(run_id="last", journal=journal).state == "ab"
    assert calls == ["a", "b", "b"]


def test_async_steps_run_side_by_side(journal):
    """As any coroutines do."""
    both = asyncio.Barrier(2) if hasattr(asyncio, "Barrier") else None

    @step
    async def meet(name):
        assert both is not None
        await both.wait()
        return name

    @workflow
    async def main(names):
        return await asyncio.gather(*map(meet, names))

    assert asyncio.run(ran(main, ["a", "b"], journal)) == ["a", "b"]


async def ran(main, given, journal):
    return (await main.run(given, journal=journal)).state


def test_ordinary_steps_run_side_by_side_when_they_are_submitted(journal):
    """In threads; results come in the order of the items."""
    both = threading.Barrier(2, timeout=10)

    @step
    def meet(name):
        both.wait()
        return name

    @workflow
    def main(names):
        return [handle.result() for handle in meet.map(names)]

    assert main.run_sync(["a", "b"], journal=journal).state == ["a", "b"]


def test_a_submitted_async_step_is_awaited(journal):
    """Each handle can be waited for on its own."""

    @step
    async def double(number):
        return number * 2

    @workflow
    async def main(number):
        first, second = double.submit(number), double.submit(number + 1)
        return await second, await first

    assert main.run_sync(1, journal=journal).state == (4, 2)


def test_questions_in_a_function_are_answered_in_their_order(journal):
    """Steps before them are not done again."""
    drafts = []

    @step
    def draft():
        drafts.append(1)
        return "draft"

    @workflow
    def main():
        text = draft()
        return f"{text} {interrupt('ok?')} {interrupt('sure?')}"

    first = main.run_sync(journal=journal)
    second = main.run_sync(Command(resume="yes"), run_id=first.run_id, journal=journal)
    result = main.run_sync(Command(resume="very"), run_id=first.run_id, journal=journal)

    assert (first.status, second.interrupts[0].value) == ("waiting", "sure?")
    assert result.state == "draft yes very"
    assert drafts == [1]


def test_a_failing_step_is_tried_again_as_its_policy_says(journal):
    """Ordinary and async."""
    tries = []

    @step(retry=RetryPolicy(attempts=3, wait_s=0, retry_on=OSError))
    def flaky():
        tries.append("flaky")
        if len(tries) < 3:
            raise OSError
        return "ok"

    @step(retry=RetryPolicy(attempts=2, wait_s=0), timeout_s=1)
    async def slow():
        tries.append("slow")
        if tries.count("slow") == 1:
            await asyncio.Event().wait()
        return "ok"

    @workflow
    async def main():
        return flaky(), await slow()

    assert main.run_sync(journal=journal).state == ("ok", "ok")
    assert tries == ["flaky"] * 3 + ["slow"] * 2


def test_a_cached_step_answers_in_other_runs(journal):
    """For equal arguments."""
    calls = []

    @step(cache=True)
    def work(x):
        calls.append(x)
        return x + 1

    @workflow
    def main(x):
        return work(x)

    assert [main.run_sync(x, journal=journal).state for x in (1, 1, 2)] == [2, 2, 3]
    assert calls == [1, 2]


def test_runs_of_a_thread_know_what_the_one_before_them_left(journal):
    """`previous` is what was returned, or what was saved beside it."""

    @workflow
    def count(number, previous):
        total = (previous or 0) + number
        return Final(value=f"sum {total}", save=total)

    told = [count.run_sync(number, thread="t", journal=journal).state for number in (1, 2, 3)]

    assert told == ["sum 1", "sum 3", "sum 6"]
    assert count.run_sync(5, thread="other", journal=journal).state == "sum 5"


def test_outside_of_a_workflow_a_step_is_its_function():
    """Which makes it easy to test."""

    @step
    def double(number):
        """Double it."""
        return number * 2

    assert double(2) == 4
    assert double.__doc__ == "Double it."
    with pytest.raises(UsageError, match="only in a workflow"):
        double.submit(2)


def test_an_ordinary_step_cannot_have_a_time_limit():
    """Nobody could stop it."""
    with pytest.raises(UsageError, match="is no async function"):
        step(timeout_s=1)(lambda: None)
