"""Placed steps: steps known by their place in an order that is always the same, for engines that have one.

1. A place is an identity only where the order is deterministic; there, nothing has to be hashed or counted.
2. The engine looks a step up, begins it, and writes it when it is done; what is done together is committed together.
3. What may be done about a doubt, a survived failure or a strict replay is decided by the run, as for any step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from victor_nb.journal import step_events
from victor_nb.journal.codec import INLINE_BYTES, Writer, is_plain, to_json
from victor_nb.journal.effects import Effect, OnDoubt
from victor_nb.journal.errors import Paused
from victor_nb.journal.events import Event
from victor_nb.journal.log import Entry
from victor_nb.journal.spans import Span, events_in
from victor_nb.journal.steps import Step

if TYPE_CHECKING:
    from victor_nb.journal.run import Run


class _Done(msgspec.Struct):
    """The body of a `step.finished`."""

    kind: str
    name: str
    superstep: int
    result: object
    ms: float


class PlacedSteps:
    """The placed steps of one run.

    Attributes:
        begin: the event after which the past was loaded; None if it is there from its beginning.
        spans: where the past is.
        is_fresh: whether there is none, so that no step has to be looked up.
    """

    def __init__(self, run: Run, spans: Sequence[Span], begin: Event | None) -> None:
        self.begin, self.spans = begin, tuple(spans)
        self._run, self._journal, self._past = run, run._journal, run._past
        self._redactor = run._journal.redactor
        self.is_fresh = run.mode == "record" and not self.spans
        self._loaded = run._log.seq if run._log is not None else 0

    def events(self, types: Sequence[str]) -> list[Event]:
        """Return those of the past, oldest first."""
        return events_in(self._journal.store, self.spans, types)

    def recorded(self, step_id: str) -> bytes | None:
        """Return the body of the step's `step.finished`, if there is one."""
        return self._past.results.get(step_id)

    def forget(self, step_ids: Sequence[str]) -> None:
        """Take back results that an edit of the past has overtaken."""
        for step_id in step_ids:
            self._past.results.pop(step_id, None)

    def finished_ids(self) -> list[str]:
        """The ids of all steps that have a recorded result."""
        return list(self._past.results)

    def result(self, recorded: bytes, step: Step) -> Any:
        """Return the result inside the body of a `step.finished`; a replay shows the step to listeners."""
        return self._run._answer(step, recorded)

    async def admit(self, step: Step, on_doubt: OnDoubt | None = None) -> bool:
        """Ask whether a step without a result is to be done now; False if it was decided to skip it.

        Args:
            on_doubt: overrides the run's own, for this step.

        Raises:
            StepInDoubt: it may have had its effect, and nobody decided.
            ReplayMiss: in a strict replay.
            Exception: the step had failed, and the program had survived that.
        """
        doubt = self._run._to_be_done(step)
        if doubt is None:
            return True
        if on_doubt in ("retry", "skip") and step.id not in self._past.resolved:
            return self._run._settle(step, on_doubt) is None
        decision = doubt(step)
        decided = await decision if isinstance(decision, Awaitable) else decision
        return self._run._settle(step, decided) is None

    def start(self, step: Step) -> None:
        """Note that the step begins: durably if it has an effect, else only for those who listen."""
        run = self._run
        if step.effect is not Effect.PURE:
            run._begin(step)
            return
        run._executed += 1
        if self._journal.hub.is_heard(run.id):
            run._announce("step.started", step_events.started(step, self._redactor).raw, step, replayed=False)

    def done(self, step: Step, superstep: int, result: object, ms: float) -> Entry:
        """Return the event that the step is done, ready to be written.

        Raises:
            Unstorable: the result cannot be written down.
        """
        try:
            if step.notes is None and is_plain(result):  # most events there are
                raw = to_json(_Done(step.kind, step.name, superstep, result, ms))
                if len(raw) <= INLINE_BYTES and self._redactor.clean(raw) is raw:
                    return Entry("step.finished", raw, step.id, step.parent_id)
        except (UnicodeEncodeError, RecursionError):  # half a character, a circle: the writer knows what to do
            pass
        writer = Writer(self._redactor)
        body: dict[str, object] = {"kind": step.kind, "name": step.name}
        body |= {"superstep": superstep, "result": result, "ms": ms, **(step.notes or {})}
        return Entry("step.finished", writer.body(body), step.id, step.parent_id, writer.blobs)

    def note(self, type: str, data: dict[str, object], step_id: str = "", parent_id: str = "") -> Entry:
        """Return an event that is no step, ready to be written."""
        writer = Writer(self._redactor)
        return Entry(type, writer.body(data), step_id, parent_id, writer.blobs)

    def write(self, entries: Sequence[Entry]) -> None:
        """Commit events in one transaction; in a replay that adds nothing they are only shown."""
        run = self._run
        if run.mode == "strict":
            return
        log = run._log or run._writer()
        if len(entries) == 1:
            log.write(entries[0])
        else:
            log.write_all(entries)

    def write_later(self, entry: Entry) -> None:
        """Leave an event to be committed with the next one that is written."""
        self._run._writer().write_later(entry)

    def begin_again(self, step: Step) -> None:
        """Let a further attempt at a step, in the same execution, find what was finished inside it before."""
        run, self.is_fresh = self._run, False
        if run._log is not None:
            run._log.flush()
            self._past.results |= self._journal.store.results(run.id, after=self._loaded, through=None)
            self._loaded = run._log.seq
        run._ids.forget(step.id)

    def paused(self, step: Step, pause: Paused, began: float) -> None:
        """Take back the beginning of a step that waits for a person; `began` as `time.perf_counter()` gave it."""
        self._run._paused(step, pause, began)

    def flush(self) -> None:
        """Commit what was left by `write_later`."""
        self._run._writer().flush()

    def failed(self, step: Step, failure: Exception, began: float, *, is_done: bool = False) -> None:
        """Record that the step failed; `began` as `time.perf_counter()` gave it.

        A program may survive the failure of its step; the failure of a placed one is survived by what its engine
        records instead, so that resuming always tries it anew.
        """
        self._run._failed(step, failure, began, is_done, is_survived=False)
