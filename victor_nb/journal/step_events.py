"""The events of a step, ready to be written: what their bodies hold, and nothing of when they are written."""

from __future__ import annotations

from victor_nb.errors import Resumable
from victor_nb.journal.codec import Writer
from victor_nb.journal.effects import Effect
from victor_nb.journal.errors import OutcomeUnknown
from victor_nb.journal.failures import described
from victor_nb.journal.log import Entry
from victor_nb.journal.redaction import Redactor
from victor_nb.journal.steps import Step


def started(step: Step, redactor: Redactor) -> Entry:
    """The step begins; power-safe before an effect: a mail that was sent must not be forgotten by a power cut."""
    writer = Writer(redactor)
    inputs = step.shown_inputs()
    raw = writer.body({"kind": step.kind, "name": step.name, "inputs": inputs, "effect": step.effect.value})
    blobs = writer.blobs | step.kept_blobs()
    return Entry("step.started", raw, step.id, step.parent_id, blobs, power_safe=step.effect is Effect.EFFECT)


def finished(step: Step, result: object, ms: float, redactor: Redactor) -> Entry:
    """The step has its result.

    Raises:
        Unstorable: the result cannot be written down.
    """
    writer = Writer(redactor)
    body: dict[str, object] = {"kind": step.kind, "name": step.name}
    if step.effect is Effect.PURE and step.inputs != b"null":
        body["inputs"] = step.shown_inputs()
        writer.blobs |= step.kept_blobs()
    body["result"], body["ms"] = result, ms
    if step.notes:
        body |= step.notes
    return Entry("step.finished", writer.body(body), step.id, step.parent_id, writer.blobs)


def skipped(step: Step, redactor: Redactor) -> Entry:
    """Somebody decided that the step is not to be done."""
    body: dict[str, object] = {"kind": step.kind, "name": step.name, "result": None, "skipped": True, "ms": 0.0}
    return Entry("step.finished", Writer(redactor).body(body), step.id, step.parent_id)


def failed(
    step: Step,
    failure: BaseException,
    ms: float,
    redactor: Redactor,
    *,
    is_done: bool = False,
    is_resumable: bool = False,
) -> Entry:
    """The step has failed.

    Args:
        is_done: its body had returned, so that an effect was had.
        is_resumable: resuming tries it anew, though the program went on after it.
    """
    body: dict[str, object] = {"kind": step.kind, "name": step.name, "error": described(failure), "ms": ms}
    if is_resumable or isinstance(failure, Resumable):
        body["resumable"] = True
    if step.effect is Effect.EFFECT and (is_done or isinstance(failure, OutcomeUnknown)):
        body["in_doubt"] = True
    writer = Writer(redactor)
    return Entry("step.failed", writer.body(body), step.id, step.parent_id, writer.blobs)
