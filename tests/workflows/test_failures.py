"""Nodes that fail, take long or were done before: retries, limits, handlers, caches, doubts."""

from __future__ import annotations

import asyncio
import operator
import threading
from typing import Annotated, TypedDict

import pytest

from victor_nb import START, RetryPolicy, Workflow, current_step, send
from victor_nb.errors import UsageError, VictorError
from victor_nb.journal import ReplayMiss, StepInDoubt, Unstorable
from victor_nb.workflows import CachePolicy, NodeFailed, NodeTimeout

AT_ONCE = {"wait_s": 0.0, "jitter": 0.0}


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def one(name: str, action, **options) -> Workflow:
    return Workflow(State, "one").add_node(name, action, **options).add_edge(START, name)


class Failing:
    """Raises the given failures, one a call, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.calls = list(failures), 0

    def __call__(self, state):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return {"names": [f"call {self.calls}"]}


def test_a_failure_names_the_node_and_what_to_do_and_the_cause_is_kept(journal):
    """The run is failed and can be resumed."""
    wf = one("div", lambda state: {"x": 1 // state["x"]})

    with pytest.raises(NodeFailed, match="node 'div' failed: ZeroDivisionError") as told:
        wf.run_sync({"x": 0}, journal=journal)

    assert isinstance(told.value.__cause__, ZeroDivisionError)
    run_id = journal.runs()[0].run_id
    assert f"victor resume {run_id}" in told.value.hint
    assert journal.find(run_id).status == "failed"


def test_our_own_errors_come_out_as_they_are(journal):
    """They say enough already."""

    def refuse(state):
        raise UsageError("no")

    with pytest.raises(UsageError, match="no"):
        one("refuse", refuse).run_sync({}, journal=journal)


def test_a_failed_run_is_resumed_at_the_node_that_failed(journal):
    """Finished nodes are not called again."""
    flaky, first = Failing(OSError("once")), Failing()
    wf = Workflow(State).add_node("first", first).add_node("flaky", flaky)
    wf.add_edge(START, "first").add_edge("first", "flaky")
    with pytest.raises(NodeFailed):
        wf.run_sync({}, journal=journal)

    result = wf.run_sync(run_id="last", journal=journal)

    assert result.state["names"] == ["call 1", "call 2"]
    assert (first.calls, flaky.calls) == (1, 2)


def test_siblings_of_a_failed_node_end_and_are_not_called_again(journal):
    """One poisoned branch costs the others nothing."""
    calls = []

    def work(item):
        calls.append(item)
        if item == 2 and calls.count(2) == 1:
            raise ValueError("poison")
        return {"names": [str(item)]}

    wf = Workflow(State).add_node(work).add_conditional_edges(START, lambda state: send("work", range(5)), ["work"])
    with pytest.raises(NodeFailed, match="poison"):
        wf.run_sync({}, journal=journal)

    assert wf.run_sync(run_id="last", journal=journal).state["names"] == ["0", "1", "2", "3", "4"]
    assert sorted(calls) == [0, 1, 2, 2, 3, 4]


# -- retries -----------------------------------------------------------------------------------------------------------


def test_a_node_is_tried_again_as_its_policy_says(journal):
    """Each further attempt is an event."""
    flaky = Failing(ConnectionError("a"), ConnectionError("b"))
    wf = one("flaky", flaky, retry=RetryPolicy(attempts=3, retry_on=ConnectionError, **AT_ONCE))

    result = wf.run_sync({}, journal=journal)

    assert result.state["names"] == ["call 3"]
    events = journal.events(result.run_id, types=("node.retried", "step.finished"))
    assert [event.type for event in events] == ["node.retried", "node.retried", "step.finished"]
    assert [event.data.get("attempt") for event in events[:2]] == [1, 2]
    assert events[2].data["attempts"] == 3


@pytest.mark.parametrize(
    "policy",
    [
        RetryPolicy(attempts=2, **AT_ONCE),
        RetryPolicy(attempts=9, retry_on=ConnectionError, **AT_ONCE),
        RetryPolicy(attempts=9, stop_on=(OSError,), **AT_ONCE),
        RetryPolicy(attempts=9, retry_on=lambda failure: "again" in str(failure), **AT_ONCE),
    ],
)
def test_a_failure_that_no_policy_covers_any_more_ends_the_run(journal, policy):
    """Too many attempts, another class, a class to stop at, a function that says no."""
    with pytest.raises(NodeFailed):
        one("flaky", Failing(*[OSError("x")] * 3), retry=policy).run_sync({}, journal=journal)


def test_of_several_policies_the_first_that_applies_counts(journal):
    """Each has attempts of its own."""
    flaky = Failing(OSError(), ValueError(), OSError())
    policies = [
        RetryPolicy(attempts=3, retry_on=OSError, **AT_ONCE),
        RetryPolicy(attempts=2, retry_on=ValueError, **AT_ONCE),
    ]

    assert one("flaky", flaky, retry=policies).run_sync({}, journal=journal).state["names"] == ["call 4"]


def test_waits_grow_up_to_a_limit_and_are_spread_by_chance():
    """Pure arithmetic; nothing waits here."""
    policy = RetryPolicy(wait_s=1, factor=2, max_wait_s=5, jitter=0.5)

    assert [policy.wait_after(attempt, 0.0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert policy.wait_after(1, 1.0) == 1.5


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"wait_s": -1}, {"jitter": -0.1}])
def test_a_policy_out_of_range_is_refused_when_it_is_made(wrong):
    """Not when the node fails for the first time, at night."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


def test_steps_inside_a_failed_attempt_are_not_done_again(journal):
    """The next attempt finds their results."""
    sent = []

    async def pay(state, runtime):
        async def send_mail():
            sent.append(1)
            return "sent"

        told = await runtime.run.step("mail", send_mail)
        if runtime.attempt == 1:
            raise OSError("after the mail")
        return {"names": [told]}

    wf = one("pay", pay, retry=RetryPolicy(attempts=2, **AT_ONCE))

    assert wf.run_sync({}, journal=journal).state["names"] == ["sent"]
    assert sent == [1]


def test_defaults_hold_for_nodes_that_say_nothing(journal):
    """From where they are set on."""
    wf = Workflow(State).set_node_defaults(retry=RetryPolicy(attempts=2, **AT_ONCE))
    wf.add_node("flaky", Failing(OSError())).add_edge(START, "flaky")

    assert wf.run_sync({}, journal=journal).state["names"] == ["call 2"]


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_node_that_never_ends_is_given_up(journal):
    """Also one that is an ordinary function and sleeps where nobody can wake it."""
    never = threading.Event()

    with pytest.raises(NodeTimeout, match=r"node 'sleep' did not end within 0\.05 s"):
        one("sleep", lambda state: never.wait(60), timeout_s=0.05).run_sync({}, journal=journal)
    never.set()


@pytest.mark.parametrize("action", ["slow", "unstorable"])
def test_an_effect_that_was_given_up_or_could_not_be_written_down_is_in_doubt(journal, action):
    """It was had, or may be had yet: nobody repeats it unasked."""
    never, times = threading.Event(), []

    def act(state):
        times.append(1)
        return {"x": threading.Lock()} if action == "unstorable" else never.wait(60)

    graph = one("act", act, effect="effect", timeout_s=0.5 if action == "slow" else None)
    with pytest.raises((NodeTimeout, Unstorable)):
        graph.run_sync({}, journal=journal)
    never.set()
    with pytest.raises(StepInDoubt):
        graph.run_sync(run_id="last", journal=journal)
    assert len(times) == 1
    graph.run_sync(run_id="last", journal=journal, on_doubt="skip")


def test_an_awaited_node_that_never_ends_is_cancelled(journal):
    """It may clean up behind itself."""
    cleaned = []

    async def wait(state):
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(1)

    with pytest.raises(NodeTimeout):
        one("wait", wait, timeout_s=0.05).run_sync({}, journal=journal)
    assert cleaned == [1]


def test_a_time_out_is_a_failure_like_others(journal):
    """A retry policy covers it."""
    tries = []

    async def wait(state):
        tries.append(1)
        if len(tries) == 1:
            await asyncio.Event().wait()
        return {"names": ["second"]}

    wf = one("wait", wait, timeout_s=1, retry=RetryPolicy(attempts=2, **AT_ONCE))

    assert wf.run_sync({}, journal=journal).state["names"] == ["second"]


def test_a_node_that_gives_signs_of_life_may_take_longer(journal):
    """The idle limit begins anew with each of them."""
    silent = asyncio.Event()

    async def work(state, runtime):
        for _ in range(5):
            runtime.heartbeat()
            await asyncio.sleep(0)
        if state["x"]:
            await silent.wait()
        return {"names": ["done"]}

    wf = one("work", work, idle_s=0.2)

    assert wf.run_sync({"x": 0}, journal=journal).state["names"] == ["done"]
    with pytest.raises(NodeTimeout, match=r"gave no sign of life for 0\.2 s"):
        wf.run_sync({"x": 1}, journal=journal)


# -- handlers ----------------------------------------------------------------------------------------------------------


def test_a_node_for_errors_goes_on_when_all_attempts_failed(journal):
    """It is told what failed; the failed node's edges are not taken."""

    def mend(state, runtime):
        return {"names": [f"{runtime.failure['node']}: {runtime.failure['type']}"]}

    wf = Workflow(State).add_node("flaky", Failing(*[OSError()] * 9), on_error=mend, retry=RetryPolicy(2, **AT_ONCE))
    wf.add_node("never", lambda state: {"names": ["never"]}).add_edge(START, "flaky").add_edge("flaky", "never")

    result = wf.run_sync({}, journal=journal)

    assert result.state["names"] == ["flaky: OSError"]
    assert wf.run_sync({}, journal=journal, replay="strict").state == result.state


# -- caches ------------------------------------------------------------------------------------------------------------


def test_a_cached_answer_serves_other_runs_with_the_same_input(journal):
    """And is told in the event."""
    calls = []

    def work(state):
        calls.append(state["x"])
        return {"names": [f"{state['x']}"]}

    wf = one("work", work, cache=True)
    wf.run_sync({"x": 1}, journal=journal)
    again = wf.run_sync({"x": 1}, journal=journal)
    wf.run_sync({"x": 2}, journal=journal)

    assert calls == [1, 2]
    assert again.state["names"] == ["1"]
    (event,) = journal.events(again.run_id, types=("step.finished",))
    assert event.data["cached"] is True


def test_a_cache_may_look_at_a_part_of_the_input_and_be_cleared(journal):
    """`key` says what the answer depends on."""
    flaky = Failing()
    wf = one("work", flaky, cache=CachePolicy(key=lambda state: state["x"] % 2))
    wf.run_sync({"x": 1}, journal=journal)
    assert wf.run_sync({"x": 3}, journal=journal).state["names"] == ["call 1"]

    assert wf.clear_cache(journal=journal) == 1
    assert wf.run_sync({"x": 3}, journal=journal).state["names"] == ["call 2"]


# -- doubts ------------------------------------------------------------------------------------------------------------


def in_doubt(journal, **options) -> tuple[Workflow, list[int], str]:
    """A run whose node had an effect, and whose process died before it could tell."""
    calls: list[int] = []

    def pay(state):
        calls.append(1)
        if len(calls) == 1:
            run = current_step()
            assert run is not None
            raise SystemExit
        return {"names": ["paid"]}

    wf = one("pay", pay, effect="effect", **options)
    with pytest.raises(SystemExit):
        wf.run_sync({}, journal=journal)
    return wf, calls, journal.runs()[0].run_id


def test_a_node_with_an_effect_that_may_have_happened_asks(journal):
    """Nobody does it again unasked."""
    wf, calls, run_id = in_doubt(journal)

    with pytest.raises(StepInDoubt, match="node 'pay' had started"):
        wf.run_sync(run_id=run_id, journal=journal)
    assert calls == [1]
    assert wf.run_sync(run_id=run_id, journal=journal, on_doubt="retry").state["names"] == ["paid"]


@pytest.mark.parametrize(("policy", "names"), [("retry", ["paid"]), ("skip", [])])
def test_a_node_may_say_what_is_done_about_its_doubts(journal, policy, names):
    """Then nobody has to be asked."""
    wf, _, run_id = in_doubt(journal, on_doubt=policy)

    assert wf.run_sync(run_id=run_id, journal=journal).state["names"] == names


# -- what cannot be kept -----------------------------------------------------------------------------------------------


def test_a_value_that_cannot_be_stored_is_told_with_its_place(journal):
    """A workflow that could not be resumed must not go on as if it could."""
    with pytest.raises(Unstorable, match=r"at result\['update'\]"):
        one("open", lambda state: {"x": threading.Lock()}).run_sync({}, journal=journal)


def test_an_unknown_recording_is_told(journal):
    """A strict replay does nothing."""
    with pytest.raises(ReplayMiss):
        one("a", Failing()).run_sync({"x": 1}, journal=journal, replay="strict")


def test_every_error_of_the_room_is_a_users_error():
    """Whoever catches VictorError catches all of them."""
    from victor_nb import workflows

    errors = [getattr(workflows, name) for name in workflows.__all__ if name[0].isupper()]
    errors = [kind for kind in errors if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(errors) > 8
    assert all(issubclass(kind, VictorError) for kind in errors)


def test_a_sub_workflow_that_is_tried_again_goes_on_where_it_failed(journal):
    """Its finished nodes answer within the same execution."""
    first, flaky = Failing(), Failing(OSError())
    inner = Workflow(State, "inner").add_node("first", first).add_node("flaky", flaky)
    inner.add_edge(START, "first").add_edge("first", "flaky")

    result = one("inner", inner, retry=RetryPolicy(attempts=2, **AT_ONCE)).run_sync({}, journal=journal)

    assert result.state["names"] == ["call 1", "call 2"]
    assert (first.calls, flaky.calls) == (1, 2)
