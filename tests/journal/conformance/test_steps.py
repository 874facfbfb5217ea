"""Steps: looked up before they are done, recorded before they return; whatever the store."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from victor_nb.errors import Resumable
from victor_nb.journal import Effect, RecordedFailure, ReplayMiss, StepInDoubt, Unstorable, current_step


class Body:
    """A step's body that counts how often it ran."""

    def __init__(self, result=None):
        self.times, self.result = 0, result

    def __call__(self):
        self.times += 1
        return self.result

    async def later(self):
        await asyncio.sleep(0)
        return self()


def killed(journal, run):
    """What a SIGKILL leaves: the lease is there, its owner is not."""
    journal.release(run.id)


def test_a_finished_step_answers_a_resumed_run(journal):
    """A step that was recorded is not done again."""
    body = Body({"answer": (1, 2)})
    run = journal.start()
    first = run.step_sync("s", body, inputs={"x": 1})
    killed(journal, run)

    assert journal.resume(run.id).step_sync("s", body, inputs={"x": 1}) == first == {"answer": (1, 2)}
    assert body.times == 1


def test_async_steps_are_the_same_steps(journal):
    """What `step` recorded answers `step_sync`, and the other way round."""
    body = Body("r")
    run = journal.start()
    asyncio.run(run.step("s", body.later, inputs=1))
    killed(journal, run)

    assert journal.resume(run.id).step_sync("s", body, inputs=1) == "r"
    assert body.times == 1


@pytest.mark.parametrize(
    "other", [{"name": "t"}, {"kind": "tool"}, {"inputs": {"x": 2}}], ids=["name", "kind", "inputs"]
)
def test_a_step_is_known_by_kind_name_and_inputs(journal, other):
    """A step that differs in one of them is another step."""
    same = {"name": "s", "kind": "step", "inputs": {"x": 1}}
    run = journal.start()
    run.step_sync(body=Body("old"), **same)
    killed(journal, run)

    assert journal.resume(run.id).step_sync(body=Body("new"), **{**same, **other}) == "new"


def test_equal_steps_are_told_apart_by_how_often_they_came(journal):
    """The third time is answered by the third record."""
    run = journal.start()
    for number in range(3):
        run.step_sync("s", Body(number))
    killed(journal, run)
    resumed = journal.resume(run.id)

    assert [resumed.step_sync("s", Body("new")) for _ in range(4)] == [0, 1, 2, "new"]


def test_the_order_of_keys_does_not_matter(journal):
    """Equal inputs are equal however they were written down."""
    run = journal.start()
    run.step_sync("s", Body("old"), inputs={"a": 1, "b": 2})
    killed(journal, run)

    assert journal.resume(run.id).step_sync("s", Body("new"), inputs={"b": 2, "a": 1}) == "old"


def test_steps_nest(journal):
    """A step inside a step belongs to it, and both can be found again."""

    def outer():
        return run.step_sync("inner", lambda: (current_step().name, current_step().parent_id))

    run = journal.start()
    name, parent = run.step_sync("outer", outer)

    inner, outer_event = journal.events(run.id, types=["step.finished"])
    assert (name, parent, inner.parent_id) == ("inner", outer_event.step_id, outer_event.step_id)
    assert current_step() is None


def test_an_inner_step_survives_the_loss_of_its_outer_one(journal):
    """When the outer step is done again, the inner one answers from the record."""
    inner = Body("kept")

    def outer():
        run.step_sync("inner", inner)
        raise KeyboardInterrupt

    run = journal.start()
    with pytest.raises(KeyboardInterrupt):
        run.step_sync("outer", outer)
    killed(journal, run)
    resumed = journal.resume(run.id)

    assert resumed.step_sync("outer", lambda: resumed.step_sync("inner", inner)) == "kept"
    assert inner.times == 1


def test_parallel_tasks_are_recorded_each(journal):
    """A thousand tasks of one event loop leave a thousand steps."""

    async def main(run, body):
        return await asyncio.gather(*(run.step("s", body.later, inputs=n) for n in range(1000)))

    body = Body("r")
    run = journal.start()
    asyncio.run(main(run, body))
    killed(journal, run)
    asyncio.run(main(journal.resume(run.id), body))

    assert body.times == 1000


def test_parallel_threads_are_recorded_each(journal):
    """Threads share a run; numbers stay without gaps."""
    run = journal.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: run.step_sync("s", Body(n), inputs=n), range(400)))

    assert [event.seq for event in journal.outline(run.id)] == list(range(1, 402))


def test_a_step_that_is_cancelled_is_not_recorded_as_failed(journal):
    """A cancelled step did not fail: it is in doubt, and its effect class decides."""

    async def forever():
        await asyncio.Event().wait()

    async def main(run):
        task = asyncio.ensure_future(run.step("s", forever, effect=Effect.READ))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run = journal.start()
    asyncio.run(main(run))

    assert [event.type for event in journal.events(run.id)] == ["run.started", "step.started"]


def test_a_value_that_cannot_be_stored_is_an_error_at_its_step(journal):
    """The error names the path inside the value; the run can go on with something else."""
    run = journal.start()

    with pytest.raises(Unstorable, match=r"result\['rows'\]\[1\]"):
        run.step_sync("s", lambda: {"rows": [1, threading.Lock()]})
    assert run.step_sync("s", lambda: "fine") == "fine"


def test_an_ended_run_takes_no_steps(journal):
    """What comes after the end would be lost, so it is refused."""
    run = journal.start()
    run.finish()

    with pytest.raises(Exception, match="has ended"):
        run.step_sync("s", Body())


class TestFailures:
    """A failure that the program survived is part of its past; the one that ended it is tried again."""

    def failing(self, run, failure):
        def body():
            raise failure

        with pytest.raises(type(failure)):
            run.step_sync("fails", body)

    def test_a_survived_failure_is_shown_again(self, journal):
        """The resumed program sees the error that it had caught, of the same class."""
        run = journal.start()
        self.failing(run, KeyError("gone"))
        run.step_sync("next", Body())
        killed(journal, run)
        body = Body()

        with pytest.raises(KeyError, match="gone"):
            journal.resume(run.id).step_sync("fails", body)
        assert body.times == 0

    def test_a_survived_failure_of_an_unknown_class_is_described(self, journal):
        """An error that cannot be rebuilt safely is still an error, and says what it was."""

        class OwnError(Exception):
            pass

        run = journal.start()
        self.failing(run, OwnError("gone"))
        run.step_sync("next", Body())
        killed(journal, run)

        with pytest.raises(RecordedFailure, match="OwnError: gone"):
            journal.resume(run.id).step_sync("fails", Body())

    def test_the_failure_that_ended_the_run_is_tried_again(self, journal):
        """Resuming a failed run means trying what failed, even if other steps ended after it."""

        def program(run):
            with run:
                try:
                    run.step_sync("fails", lambda: (_ for _ in ()).throw(ValueError("no")))
                finally:
                    run.step_sync("a sibling", Body())

        run = journal.start()
        with pytest.raises(ValueError, match="no"):
            program(run)

        assert journal.resume(run.id).step_sync("fails", Body("mended")) == "mended"

    def test_a_failure_that_only_asked_to_be_resumed_is_tried_again(self, journal):
        """A stop is no answer: whatever ran beside it, the resumed run does the step."""
        run = journal.start()
        self.failing(run, Resumable("enough for now"))
        run.step_sync("next", Body())
        killed(journal, run)

        assert journal.resume(run.id).step_sync("fails", Body("done")) == "done"


class TestDoubt:
    """A step that had started and not finished is in doubt; its effect class decides."""

    def interrupted(self, journal, effect):
        run = journal.start()

        def body():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run.step_sync("mail", body, effect=effect)
        killed(journal, run)
        return run

    @pytest.mark.parametrize("effect", [Effect.PURE, Effect.READ, Effect.IDEMPOTENT])
    def test_harmless_steps_are_done_again(self, journal, effect):
        """Doing them twice is doing them once."""
        run = self.interrupted(journal, effect)

        assert journal.resume(run.id).step_sync("mail", Body("sent"), effect=effect) == "sent"

    def test_an_effect_is_not_repeated_without_a_decision(self, journal):
        """With nobody to ask, the run stops, and the error says how to decide."""
        run = self.interrupted(journal, Effect.EFFECT)
        body = Body()

        with pytest.raises(StepInDoubt, match="--on-doubt retry"):
            journal.resume(run.id).step_sync("mail", body, effect=Effect.EFFECT)
        assert body.times == 0

    @pytest.mark.parametrize(("decision", "result"), [("retry", "sent"), ("skip", None)])
    def test_a_policy_decides(self, journal, decision, result):
        """`retry` does it again, `skip` leaves it, and the next resume is not asked."""
        run = self.interrupted(journal, Effect.EFFECT)
        resumed = journal.resume(run.id, on_doubt=decision)
        assert resumed.step_sync("mail", Body("sent"), effect=Effect.EFFECT) == result
        killed(journal, resumed)

        assert journal.resume(run.id).step_sync("mail", Body("again"), effect=Effect.EFFECT) == result

    @pytest.mark.parametrize("decision", ["retry", "skip"])
    def test_a_person_decides(self, journal, decision):
        """The handler is told which step, and its decision is journaled."""
        run = self.interrupted(journal, Effect.EFFECT)
        resumed = journal.resume(run.id)
        asked = []
        resumed.doubt_handler = lambda step: asked.append(step.name) or decision
        resumed.step_sync("mail", Body("sent"), effect=Effect.EFFECT)

        assert asked == ["mail"]
        assert [e.data["decision"] for e in journal.events(run.id, types=["step.resolved"])] == [decision]

    def test_the_idempotency_key_is_the_same_in_every_attempt(self, journal):
        """A service that saw the first attempt recognises the second."""
        keys = []
        run = journal.start()

        def body():
            keys.append(current_step().idempotency_key)
            if len(keys) == 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run.step_sync("pay", body, effect=Effect.IDEMPOTENT)
        killed(journal, run)
        journal.resume(run.id).step_sync("pay", body, effect=Effect.IDEMPOTENT)

        assert keys[0] == keys[1]
        assert keys[0].startswith(run.id)


class TestReplay:
    """A replay answers from the record; strict does nothing else."""

    def recorded(self, journal):
        with journal.start("agent", "a", {"prompt": "x"}) as run:
            run.step_sync("one", Body(1), inputs={"q": "alpha"})
            run.step_sync("two", Body(2), inputs={"q": "beta", "long": "z" * 2000})
        return run

    def test_a_strict_replay_runs_nothing_and_writes_nothing(self, journal):
        """Everything comes from the record, and the journal stays as it was."""
        run, body = self.recorded(journal), Body()
        before = journal.outline(run.id)
        with journal.replay(run.id) as replay:
            assert replay.step_sync("one", body, inputs={"q": "alpha"}) == 1
            assert replay.step_sync("two", body, inputs={"q": "beta", "long": "z" * 2000}) == 2
            assert replay.replayed

        assert (body.times, journal.outline(run.id), replay.record_id) == (0, before, run.id)

    def test_a_strict_miss_names_the_input_that_changed(self, journal):
        """The difference is shown, as far as the record kept it."""
        run = self.recorded(journal)
        replay = journal.replay(run.id)
        with pytest.raises(ReplayMiss, match="q: recorded 'alpha', now 'gamma'"):
            replay.step_sync("one", Body(), inputs={"q": "gamma"})
        replay = journal.replay(run.id)
        replay.step_sync("one", Body(), inputs={"q": "alpha"})
        with pytest.raises(ReplayMiss, match=r"(?s)long: recorded") as miss:
            replay.step_sync("two", Body(), inputs={"q": "beta", "long": "y" * 2000})
        assert "q:" not in miss.value.what

    def test_a_strict_miss_says_when_a_step_is_new(self, journal):
        """A step that the recording never had is named."""
        with pytest.raises(ReplayMiss, match="no further step 'three'"):
            journal.replay(self.recorded(journal).id).step_sync("three", Body())

    def test_an_automatic_replay_records_only_what_is_missing(self, journal):
        """What is new goes into a new run that is built on the recording, and both answer the next replay."""
        run = self.recorded(journal)
        first = Body("first")
        with journal.replay(run.id, "auto") as replay:
            assert replay.step_sync("one", Body(), inputs={"q": "alpha"}) == 1
            assert replay.record_id == run.id
            assert replay.step_sync("three", first) == "first"

        assert replay.record_id == replay.id != run.id
        assert journal.find(replay.id).parent == run.id
        names = [event.data["name"] for event in journal.history(replay.id, types=["step.finished"])]
        assert names == ["one", "two", "three"]
        with journal.replay(replay.id) as again:
            assert again.step_sync("one", Body(), inputs={"q": "alpha"}) == 1
            assert again.step_sync("three", first) == "first"
        assert first.times == 1

    def test_an_automatic_replay_that_lacks_nothing_leaves_no_trace(self, journal):
        """A replay that found everything is no new run."""
        run = self.recorded(journal)
        with journal.replay(run.id, "auto") as replay:
            replay.step_sync("one", Body(), inputs={"q": "alpha"})

        assert [info.run_id for info in journal.runs()] == [run.id]

    def test_time_and_chance_are_replayed(self, journal):
        """The clock and the dice show what they showed."""
        with journal.start() as run:
            then = (run.now(), run.random().random())

        with journal.replay(run.id) as replay:
            assert (replay.now(), replay.random().random()) == then
