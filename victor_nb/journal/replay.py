"""Why a recording has no answer: what was asked then, what is asked now, and the difference in words."""

from __future__ import annotations

import difflib
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from victor_nb.journal.codec import Writer, from_json
from victor_nb.journal.errors import ReplayMiss
from victor_nb.journal.events import Event, RunInfo
from victor_nb.journal.steps import Step, fingerprint, is_fingerprint, unanswered

if TYPE_CHECKING:
    from victor_nb.journal.journal import Journal

MOST_CHANGES: Final = 5
LONGEST_VALUE: Final = 160
_MISSING: Final = object()


class Change(NamedTuple):
    """One place in two JSON values that is not the same."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if isinstance(self.before, str) and isinstance(self.after, str) and "\n" in self.before + self.after:
            lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=1)
            shown = "\n    ".join(list(lines)[2:14])
            return f"{self.path}:\n    {shown}"
        return f"{self.path}: recorded {_shown(self.before)}, now {_shown(self.after)}"


def changes(before: Any, after: Any, path: str = "") -> list[Change]:
    """Return every place where two values differ, in the order of the recorded one; tables and arrays as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            change
            for key in keys
            for change in changes(before.get(key, _MISSING), after.get(key, _MISSING), f"{path}.{key}" if path else key)
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [change for place, (one, other) in pairs for change in changes(one, other, f"{path}[{place}]")]
    return [] if _are_equal(before, after) else [Change(path or "inputs", before, after)]


def _are_equal(before: Any, after: Any) -> bool:
    try:
        return bool(before == after)
    except (ValueError, TypeError):  # tables and arrays compare cell by cell, or not at all
        return Writer().canonical(before) == Writer().canonical(after)


def miss_of(step: Step, journal: Journal, recording: str, answered: Container[str]) -> ReplayMiss:
    """Return the error of a strict replay: the recording, of which `answered` are used up, has no answer for `step`."""
    events = journal.history(recording, types=("step.started", "step.finished"))
    started = {event.step_id for event in events if event.type == "step.started"}
    firsts = [event for event in events if event.type == "step.started" or event.step_id not in started]
    candidates = unanswered(firsts, step, answered)
    near = candidates[0].data.get("inputs") if candidates else None
    if isinstance(near, dict) and "$json" in near:
        near = from_json(journal.blob(near["$json"]))
    return missed_step(step, from_json(bytes(step.shown_inputs())), candidates, near, recording)


def missed_step(step: Step, inputs: Any, candidates: Sequence[Event], recorded: Any, recording: str) -> ReplayMiss:
    """Explain that the recording does not answer `step`.

    Args:
        inputs: the step's inputs now, JSON values.
        candidates: recorded steps of the same parent, kind and name, not yet used, oldest first.
        recorded: the inputs of the first of them.
    """
    label = f"{step.kind} {step.name!r}"
    if not candidates:
        return ReplayMiss(f"the recording has no further {label} step", f"run {recording}", _advice(recording))
    if is_fingerprint(recorded) and not is_fingerprint(inputs):
        recorded, inputs = recorded["#"], fingerprint(inputs)["#"]
    found = changes(recorded, inputs)
    return ReplayMiss(
        f"no recorded answer for {label}: {_changed(found)}",
        f"run {recording}, event {candidates[0].seq}",
        _advice(recording),
    )


def missed_request(kind: str, name: str, request: Any, nearest: RunInfo | None, nearest_request: Any) -> ReplayMiss:
    """Explain that nothing recorded answers a whole run; `nearest` is the newest finished run of that name."""
    label = f"{kind} {name!r}"
    if nearest is None:
        return ReplayMiss(
            f"nothing is recorded for {label}",
            hint="run it once with --replay record, or import a recording: victor replay import FILE",
        )
    found = changes(nearest_request, request)
    return ReplayMiss(
        f"no recording of {label} matches: {_changed(found)}",
        f"compared with run {nearest.run_id}",
        "run it once with --replay record (or auto, which records only what is missing)",
    )


def _changed(found: Sequence[Change]) -> str:
    if not found:
        return "it came more often than recorded"
    words = [str(change) for change in found[:MOST_CHANGES]]
    more = f"\n  … and {len(found) - MOST_CHANGES} more" if len(found) > MOST_CHANGES else ""
    return "its inputs changed\n  " + "\n  ".join(words) + more


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


def _advice(recording: str) -> str:
    return f"record what is missing with --replay auto; see the recording with victor show {recording}"
