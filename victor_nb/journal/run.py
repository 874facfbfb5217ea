"""A run: one execution, whose steps answer from the record or are done and then recorded.

1. A step's result is committed before `step` returns it.
2. A step is looked up first, always; in a strict replay a step that is not found is an error, never an action.
3. `step` and `step_sync` differ in how they wait and in nothing else.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

import msgspec

from victor_nb.errors import Resumable, VictorError
from victor_nb.journal import step_events
from victor_nb.journal.codec import Writer, from_json
from victor_nb.journal.doubts import Doubt, who_decides
from victor_nb.journal.effects import Effect, OnDoubt, ReplayMode
from victor_nb.journal.errors import JournalError, LeaseLost, Paused, ReplayMiss, RunFinished
from victor_nb.journal.events import LIVE_ONLY, Event, RunInfo, Status
from victor_nb.journal.failures import described, rebuilt, steps_failed_by, tag
from victor_nb.journal.log import Entry, RunLog
from victor_nb.journal.mail import SharedMail
from victor_nb.journal.placed import PlacedSteps
from victor_nb.journal.replay import miss_of
from victor_nb.journal.spans import Span
from victor_nb.journal.steps import CURRENT, Past, Step, StepIds

if TYPE_CHECKING:
    from victor_nb.journal.journal import Journal

T = TypeVar("T")
_SKIPPED: Final = object()
_NO_BLOBS: Final[dict[str, bytes]] = {}


class Run:
    """One execution. Made by `Journal.start`, `resume` or `replay`; usable from any thread and event loop.

    As a context manager it ends itself: finished when the block ends, stopped when it was interrupted or raised a
    `Resumable`, failed otherwise.

    Attributes:
        id: the run's id; sorts by time.
        mode: "record" does what is not recorded; "strict" refuses to; "auto" does, in a new run.
        on_doubt: what happens to a step with an effect that may or may not have happened.
        placed: steps that an engine knows by their place.
        doubt_handler: asked when `on_doubt` is "ask"; without one, the run stops and stays resumable.
    """

    def __init__(
        self,
        journal: Journal,
        info: RunInfo,
        past: Past,
        log: RunLog | None,
        *,
        mode: ReplayMode,
        on_doubt: OnDoubt,
        recording: str = "",
        spans: Sequence[Span] = (),
        begin: Event | None = None,
    ) -> None:
        self.id, self.info, self.mode, self.on_doubt = info.run_id, info, mode, on_doubt
        self.doubt_handler: Doubt | None = None
        self.is_ended = False
        self._journal, self._past, self._log = journal, past, log
        self._recording = recording
        self._ids = StepIds()
        self._opening = threading.Lock()
        self._answered: set[str] = set()
        self._executed = 0
        self._in_flight = 0
        self._began = time.monotonic()
        self._mail = SharedMail(journal.store, info.run_id)
        self.placed = PlacedSteps(self, spans, begin)

    @property
    def journal(self) -> Journal:
        """Where the run is recorded."""
        return self._journal

    @property
    def replayed(self) -> bool:
        """Whether every step so far was answered by the record."""
        return self._executed == 0

    @property
    def record_id(self) -> str:
        """The run that holds the record: this one, or the recording where nothing had to be added to it."""
        return self.id if self._log is not None else self._recording

    @property
    def origin(self) -> str:
        """The first run of the chain of recordings that this one was built on."""
        info = self.info
        while info.parent:
            info = self._journal.find(info.parent)
        return info.run_id

    def random(self) -> random.Random:
        """A source of randomness that gives the same numbers in every execution and replay."""
        return random.Random(self.origin)

    def now(self) -> float:
        """The time, in seconds since the epoch, as it was when the record was made."""
        return self.step_sync("now", self._journal.clock, kind="clock")

    # -- steps -----------------------------------------------------------------------------------------------------

    async def step(
        self,
        name: str,
        body: Callable[[], Awaitable[T]],
        *,
        kind: str = "step",
        inputs: object = None,
        effect: Effect = Effect.PURE,
        keep_inputs: bool = False,
    ) -> T:
        """Return the recorded result of this step, or do it and record it.

        Args:
            name: what is done; with `kind` and `inputs` it identifies the step.
            body: does it; called at most once, never in a replay.
            kind: "model", "tool", "node", … ; how views and metrics group steps.
            inputs: what the result depends on; any storable value.
            effect: what a resumed run may do if the process dies in the middle.
            keep_inputs: keep long inputs whole, so that they can be shown.

        Raises:
            Unstorable: the inputs or the result cannot be written down.
            StepInDoubt: the step had started before a kill, has effects, and nobody decided what to do.
            ReplayMiss: in a strict replay, there is no record of this step.
            LeaseLost: another process has taken over the run.
        """
        step = self._enter(name, kind, inputs, effect, keep_inputs)
        if (recorded := self._past.results.get(step.id)) is not None:
            return cast(T, self._answer(step, recorded))
        if (doubt := self._to_be_done(step)) is not None:
            decision = doubt(step)
            if self._settle(step, await decision if isinstance(decision, Awaitable) else decision) is _SKIPPED:
                return None  # type: ignore[return-value]
        began, is_done = self._begin(step), False
        inside = CURRENT.set(step)
        self._in_flight += 1
        try:
            result = await body()
            is_done = True
            entry = self._finished(step, result, began)
            if self._in_flight > 1:
                await self._writer().write_with_turn(entry)
            else:
                self._writer().write(entry)
        except Exception as failure:
            self._failed(step, failure, began, is_done)
            raise
        except Paused as pause:
            self._paused(step, pause, began)
            raise
        finally:
            self._in_flight -= 1
            CURRENT.reset(inside)
        return result

    def step_sync(
        self,
        name: str,
        body: Callable[[], T],
        *,
        kind: str = "step",
        inputs: object = None,
        effect: Effect = Effect.PURE,
        keep_inputs: bool = False,
    ) -> T:
        """`step` for a body that is an ordinary function."""
        step = self._enter(name, kind, inputs, effect, keep_inputs)
        if (recorded := self._past.results.get(step.id)) is not None:
            return cast(T, self._answer(step, recorded))
        if (doubt := self._to_be_done(step)) is not None and self._settle(step, doubt(step)) is _SKIPPED:
            return None  # type: ignore[return-value]
        began, is_done = self._begin(step), False
        inside = CURRENT.set(step)
        try:
            result = body()
            is_done = True
            self._writer().write(self._finished(step, result, began))
        except Exception as failure:
            self._failed(step, failure, began, is_done)
            raise
        except Paused as pause:
            self._paused(step, pause, began)
            raise
        finally:
            CURRENT.reset(inside)
        return result

    def _enter(self, name: str, kind: str, inputs: object, effect: Effect, keep_inputs: bool) -> Step:
        if self.is_ended:
            raise RunFinished(
                f"run {self.id} has ended; it takes no further steps", hint="begin another: journal.start(…)"
            )
        canonical, blobs = b"null", _NO_BLOBS
        if inputs is not None:
            writer = Writer(self._journal.redactor)
            canonical, blobs = writer.canonical(inputs), writer.blobs
        outer = CURRENT.get()
        parent_id = outer.id if outer is not None and outer.run_id == self.id else ""
        step_id = self._ids.next(parent_id, kind, name, canonical)
        return Step(self.id, step_id, parent_id, kind, name, effect, canonical, keep_inputs, blobs)

    def _answer(self, step: Step, recorded: bytes) -> Any:
        if self._recording:
            self._answered.add(step.id)
            if self._journal.hub.is_heard(self.id):
                self._show_again(step, recorded)
        return self._journal.result_in(recorded)

    def _show_again(self, step: Step, recorded: bytes) -> None:
        """Let listeners of a replay see the step as they would have seen it live."""
        self._announce("step.started", step_events.started(step, self._journal.redactor).raw, step)
        self._announce("step.finished", recorded, step)

    def _announce(self, type_: str, raw: bytes, step: Step | None = None, *, replayed: bool = True) -> None:
        ids = (step.id, step.parent_id) if step else ("", "")
        self._journal.hub.publish(Event(self.id, LIVE_ONLY, self._journal.clock(), type_, *ids, raw, replayed))

    def _to_be_done(self, step: Step) -> Doubt | None:
        """Check that the step may be done now; return whom to ask first, if it is in doubt."""
        if (failed := self._past.failures.get(step.id)) is not None:
            self._answered.add(step.id)
            if self._recording and self._journal.hub.is_heard(self.id):
                self._announce("step.failed", failed, step)
            error = self._journal.load(from_json(failed)["error"])
            raise rebuilt(error, step_id=step.id, run_id=self.id)
        if self.mode == "strict":
            raise miss_of(step, self._journal, self._recording, self._answered)
        return who_decides(step, self._past, self.on_doubt, self.doubt_handler)

    def _settle(self, step: Step, decision: str) -> object:
        """Record what was decided about a step in doubt; return _SKIPPED if it is not to be done."""
        if decision not in ("retry", "skip"):
            raise ValueError(f"a step in doubt is answered by 'retry' or 'skip', not {decision!r}")
        if step.id not in self._past.resolved:
            self.record("step.resolved", {"decision": decision}, step_id=step.id)
        self._past.doubtful.pop(step.id, None)
        if decision == "retry":
            return None
        self._writer().write(step_events.skipped(step, self._journal.redactor))
        return _SKIPPED

    def _begin(self, step: Step) -> float:
        self._executed += 1
        if step.effect is not Effect.PURE:
            self._writer().write(step_events.started(step, self._journal.redactor))
        return time.perf_counter()

    def _finished(self, step: Step, result: object, began: float) -> Entry:
        return step_events.finished(step, result, _ms_since(began), self._journal.redactor)

    def _paused(self, step: Step, pause: Paused, began: float) -> None:
        """Take back the beginning of a step that waits for somebody before it had its effect."""
        if step.effect is Effect.PURE or self._log is None:
            return
        redactor = self._journal.redactor
        self._log.write(step_events.failed(step, pause, _ms_since(began), redactor, is_resumable=True))

    def _failed(self, step: Step, failure: Exception, began: float, is_done: bool, *, is_survived: bool = True) -> None:
        """Record a failure, unless the journal itself is what failed: then the step stays in doubt.

        So does an effect that was had and only could not be written down, or of which nobody knows whether it was had:
        it must not be had again unasked.
        """
        tag(failure, step.id)
        if self._log is None or isinstance(failure, JournalError | LeaseLost):
            return
        ms, redactor = _ms_since(began), self._journal.redactor
        try:
            self._log.write(
                step_events.failed(step, failure, ms, redactor, is_done=is_done, is_resumable=not is_survived)
            )
        except VictorError as second:
            failure.add_note(f"and it could not be recorded: {second.what}")

    def _writer(self) -> RunLog:
        """The run's log; a run that replays gets one of its own when it first has something to add."""
        if self._log is not None:
            return self._log
        if self.mode == "strict":
            raise ReplayMiss("a strict replay writes nothing", f"run {self.id}", "use --replay auto to add to it")
        with self._opening:
            self._log = self._log or self._journal.open_log_of_replay(self.info)
        return self._log

    # -- other events ----------------------------------------------------------------------------------------------

    def record(self, type: str, data: dict[str, object], step_id: str = "") -> None:
        """Append an event that is not a step; in a replay that adds nothing it is only shown."""
        writer = Writer(self._journal.redactor)
        type, raw = self._journal.redactor.clean_text(type), writer.body(data)
        inside = CURRENT.get()
        parent_id = "" if inside is None else inside.parent_id if inside.id == step_id else "" if step_id else inside.id
        if self._log is None:
            self._journal.hub.publish(
                Event(self.id, LIVE_ONLY, self._journal.clock(), type, step_id, parent_id, raw, True)
            )
        else:
            self._log.write(Entry(type, raw, step_id, parent_id, writer.blobs))

    def publish(self, type: str, data: dict[str, object], step_id: str = "", *, replayed: bool = False) -> None:
        """Show something to listeners in this process without keeping it."""
        if not self._journal.hub.is_heard(self.id):
            return
        raw = self._journal.redactor.clean_json(msgspec.json.encode(data))
        self._journal.hub.publish(Event(self.id, LIVE_ONLY, self._journal.clock(), type, step_id, "", raw, replayed))

    def take_signals(self, reader: object | None = None) -> list[tuple[str, dict[str, object]]]:
        """Return what `Journal.signal` sent to this run since the last call, oldest first; a replay gets no mail.

        Args:
            reader: whoever else reads the run's mail from its beginning, without taking it from this one.
        """
        return [] if self._log is None else self._mail.new_for(self if reader is None else reader)

    # -- the end ---------------------------------------------------------------------------------------------------

    def finish(self, result: object = None, *, blobs: Mapping[str, bytes] = _NO_BLOBS, **totals: object) -> None:
        """End the run well.

        Args:
            blobs: what a result refers to that is written down already.
            totals: kept beside the result, such as `usage` and `cost_usd`.
        """
        self._end("run.finished", Status.FINISHED, {"result": result, **totals}, blobs)

    def fail(self, failure: BaseException) -> None:
        """End the run with an error; resuming it tries the failed step anew."""
        self._end("run.failed", Status.FAILED, {"error": described(failure), "steps": steps_failed_by(failure)})

    def stop(self, reason: str, failure: BaseException | None = None) -> None:
        """End this execution with the run left to be resumed. `reason`: "interrupt", "budget", "doubt", …"""
        body: dict[str, Any] = {"reason": reason, "steps": steps_failed_by(failure) if failure else []}
        if failure is not None:
            body["error"] = described(failure)
        self._end("run.stopped", Status.STOPPED, body)

    def _end(self, type_: str, status: Status, body: dict[str, Any], blobs: Mapping[str, bytes] = _NO_BLOBS) -> None:
        if self.is_ended:
            return
        writer = Writer(self._journal.redactor)
        raw = writer.body({**body, "seconds": round(time.monotonic() - self._began, 3)})
        self.is_ended = True
        try:
            if self._log is None:
                self._announce(type_, raw)
            else:
                self._log.write(Entry(type_, raw, blobs={**blobs, **writer.blobs}, status=status, power_safe=True))
        finally:
            self._journal.release(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if failure is None:
            self.finish()
            return
        try:
            if not isinstance(failure, Exception):  # Ctrl-C, a cancelled task, a closed generator
                self.stop("interrupt", failure)
            elif isinstance(failure, Resumable):
                self.stop("resumable", failure)
            else:
                self.fail(failure)
        except VictorError as second:
            failure.add_note(f"and the journal could not note the end of the run: {second.what}")


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
