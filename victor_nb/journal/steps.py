"""Steps: durable units of work, looked up in the journal before they are done.

1. What a step's fate *is* gets decided here and nowhere else; runs ask and obey.
2. Nothing here reads a clock, a file or a socket.
3. A step is known by what it is (parent, kind, name), what it is given (a hash of its canonical inputs) and how
   often that happened before; never by its place in the code, so that unrelated edits keep the record usable.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Any, Final

import msgspec

from victor_nb.journal.codec import from_json
from victor_nb.journal.effects import Effect
from victor_nb.journal.events import Event

WHOLE_INPUTS_BYTES: Final = 512
"""Inputs longer than this are kept as a hash a field, unless the step asks to keep them whole."""

HISTORY_TYPES: Final = ("step.started", "step.failed", "step.resolved", "run.failed", "run.stopped")


class Step(msgspec.Struct, eq=False):
    """A step while it is being done; `current_step()` gives it to the body.

    Attributes:
        id: the same in every execution of the run, so that a resumed run finds it.
        inputs: in canonical JSON.
        blobs: the tables and long texts that the inputs refer to.
        begun_in: the run of the first attempt, where a replay goes on with what another run had begun.
    """

    run_id: str
    id: str
    parent_id: str
    kind: str
    name: str
    effect: Effect
    inputs: bytes
    keep_inputs: bool = False
    blobs: dict[str, bytes] = {}
    begun_in: str = ""
    notes: dict[str, object] | None = None

    @property
    def idempotency_key(self) -> str:
        """The same text for every attempt at this step, different for every other step: hand it to the service."""
        return f"{self.begun_in or self.run_id}/{self.id}"

    def note(self, **fields: object) -> None:
        """Add fields to the `step.finished` event, such as `usage` and `cost_usd`.

        Raises:
            ValueError: the name of a field begins with `$`, which marks the journal's own tags.
        """
        if tags := [name for name in fields if name.startswith("$")]:
            raise ValueError(f"a note cannot be called {tags[0]!r}: names that begin with $ are the journal's own")
        self.notes = {**(self.notes or {}), **fields}

    def kept_blobs(self) -> dict[str, bytes]:
        """The blobs that have to be stored, so that the inputs as the journal keeps them can be read."""
        return self.blobs if self.keep_inputs else {}

    def shown_inputs(self) -> msgspec.Raw:
        """The inputs as the journal keeps them: whole, or one hash a field."""
        if self.keep_inputs or (len(self.inputs) <= WHOLE_INPUTS_BYTES and not self.blobs):
            return msgspec.Raw(self.inputs)
        return msgspec.Raw(msgspec.json.encode(fingerprint(from_json(self.inputs))))


CURRENT: Final[ContextVar[Step | None]] = ContextVar("victor_step", default=None)


def current_step() -> Step | None:
    """The step inside which this code runs; None outside of any."""
    return CURRENT.get()


class StepIds:
    """Names the steps of one execution of a run, counting how often each came up inside its parent."""

    def __init__(self) -> None:
        self._counted: dict[str, dict[object, tuple[str, Iterator[int]]]] = {}

    def next(self, parent_id: str, kind: str, name: str, inputs: bytes) -> str:
        """Return the id of the next step of that description."""
        if (inside := self._counted.get(parent_id)) is None:
            inside = self._counted.setdefault(parent_id, {})
        # A counter gives each number once, to whichever thread asks; steps without inputs need no hash each time.
        what: object = (kind, name) if inputs == b"null" else _described(parent_id, kind, name, inputs)
        if (counted := inside.get(what)) is None:
            known = what if isinstance(what, str) else _described(parent_id, kind, name, inputs)
            counted = inside.setdefault(what, (known, count()))
        times = next(counted[1])
        return f"{counted[0]}.{times}" if times else counted[0]

    def forget(self, parent_id: str) -> None:
        """Begin to count anew inside a step, and inside all that ran in it."""
        for step_id, counter in list(self._counted.pop(parent_id, {}).values()):
            for times in range(next(counter)):
                self.forget(f"{step_id}.{times}" if times else step_id)


def _described(parent_id: str, kind: str, name: str, inputs: bytes) -> str:
    what = f"{parent_id}\0{kind}\0{name}\0".encode("utf-8", "surrogatepass")
    return blake2b(what + inputs, digest_size=8).hexdigest()


@dataclass(slots=True)
class Past:
    """What is known of the steps that came before.

    Attributes:
        results: the body of `step.finished`, by step.
        failures: the body of `step.failed`, for failures that the program had survived.
        doubtful: steps that had started and neither finished nor failed.
        resolved: what a person or policy decided about a doubtful step.
    """

    results: dict[str, bytes] = field(default_factory=dict)
    failures: dict[str, bytes] = field(default_factory=dict)
    doubtful: dict[str, Event] = field(default_factory=dict)
    resolved: dict[str, str] = field(default_factory=dict)


def past_of(
    results: dict[str, bytes], history: Iterable[Event], last_step_seq: int, *, with_last_failures: bool = False
) -> Past:
    """Fold a run's events, oldest first, into the fate of every step.

    A failure counts as survived, and is shown again, when the run went on after it; the one that ended the run, and
    one that only asked to be resumed, are forgotten, so that resuming tries them anew. A step that failed *after* it
    had its effect stays in doubt instead.

    Args:
        results: the bodies of `step.finished` by step.
        history: events of HISTORY_TYPES.
        last_step_seq: the number of the last event about any step.
        with_last_failures: keep also the failures that ended the run, because a strict replay shows them.
    """
    past = Past(results)
    failed: dict[str, Event] = {}
    for event in history:
        if event.type == "step.started":
            past.doubtful[event.step_id] = event
            past.resolved.pop(event.step_id, None)
            failed.pop(event.step_id, None)
        elif event.type == "step.failed":
            body = event.data
            if with_last_failures or not body.get("resumable"):
                failed[event.step_id] = event
            if not body.get("in_doubt"):
                past.doubtful.pop(event.step_id, None)
        elif event.type == "step.resolved":
            past.resolved[event.step_id] = event.data["decision"]
        elif not with_last_failures:
            for step_id in event.data.get("steps", ()):
                failed.pop(step_id, None)
    past.failures = {
        step_id: event.raw for step_id, event in failed.items() if with_last_failures or event.seq < last_step_seq
    }
    over = results.keys() | past.failures.keys()
    past.doubtful = {step_id: event for step_id, event in past.doubtful.items() if step_id not in over}
    return past


def merged(older: Past, newer: Past) -> Past:
    """The past of a run that was built on another: what the newer one knows comes first.

    A decision about a doubt holds for the attempt that it was made for; a doubt keeps the event of its first attempt,
    which knows the idempotency key.
    """
    results = older.results | newer.results
    decided = {k: v for k, v in older.resolved.items() if k not in newer.doubtful}
    return Past(
        results,
        {k: v for k, v in (older.failures | newer.failures).items() if k not in results},
        {k: v for k, v in (newer.doubtful | older.doubtful).items() if k not in results},
        decided | newer.resolved,
    )


def fingerprint(inputs: Any) -> dict[str, Any]:
    """One short hash a field, so that a later miss can still name the field that changed."""
    if isinstance(inputs, dict):
        return {"#": {name: _short_hash(value) for name, value in inputs.items()}}
    return {"#": _short_hash(inputs)}


def is_fingerprint(inputs: Any) -> bool:
    """Whether recorded inputs are hashes rather than values."""
    return isinstance(inputs, dict) and set(inputs) == {"#"}


def _short_hash(value: Any) -> str:
    return blake2b(msgspec.json.encode(value, order="sorted"), digest_size=6).hexdigest()


def unanswered(events: Iterable[Event], step: Step, answered: Container[str]) -> list[Event]:
    """Recorded steps like `step` (same parent, kind and name) that this replay has not come to yet."""
    return [
        event
        for event in events
        if event.parent_id == step.parent_id
        and event.step_id not in answered
        and (body := event.data)["kind"] == step.kind
        and body["name"] == step.name
    ]
