"""What a run looks like: one fold over its events, which every face of a run shows.

1. `advance` is the only place where an event changes a summary; every face reads the result.
2. Nothing here reads a clock: time is what the events say, minus the time between a stop and a resume.
3. `widgets/run_view/state.ts` is the same fold for the browser; `tests/views/fixtures/` holds both to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from victor_nb.journal.events import Event
from victor_nb.views.values import TEXT_LENGTH
from victor_nb.views.wire import ANSWER_LENGTH, Load, WireEvent, wire

OPEN_STATES: Final = frozenset({"running", "waiting"})


@dataclass(slots=True)
class StepRow:
    """One line of the timeline: a model request, a tool call, any other step, or an approval.

    Attributes:
        state: running, done, failed, skipped, unfinished; for an approval waiting, approved, denied.
        at: seconds since the run started, on a clock that stands still while the run is stopped.
        ms: how long it took; None while it is open.
        calls: what a model asked for, `{"call_id", "tool", "arguments"}` each.
        output: the end of what a tool printed while it ran.
        cost_usd: None if no price is known.
    """

    step_id: str
    parent_id: str
    depth: int
    kind: str
    name: str
    state: str = "running"
    at: float = 0.0
    ms: float | None = None
    effect: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    text: str = ""
    thinking: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    output: str = ""
    error: dict[str, Any] | None = None
    note: str = ""
    by: str = ""
    call_id: str = ""
    call_hash: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    replayed: bool = False


@dataclass(slots=True)
class RunSummary:
    """What is known of a run after some of its events.

    Attributes:
        state: "" before the first event, then running, waiting (for a person), finished, failed or stopped.
        text: the answer, or as much of it as has arrived.
        seconds: how long the run has been active.
        reason: why it was stopped.
        cost_usd: None until a step with a known price ends.
    """

    run_id: str = ""
    kind: str = ""
    name: str = ""
    state: str = ""
    started: float = 0.0
    seconds: float = 0.0
    text: str = ""
    error: dict[str, Any] | None = None
    reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    steps: list[StepRow] = field(default_factory=list)
    _index: dict[str, int] = field(default_factory=dict, repr=False)
    _seen: set[tuple[str, int]] = field(default_factory=set, repr=False)
    _waiting: set[str] = field(default_factory=set, repr=False)
    _text_depth: int = field(default=1_000, repr=False)
    _resumed: float = field(default=0.0, repr=False)
    _idle: float = field(default=0.0, repr=False)
    _updated: float = field(default=0.0, repr=False)

    @property
    def model_requests(self) -> int:
        """How many times a model was asked."""
        return sum(row.kind == "model" for row in self.steps)

    @property
    def tool_calls(self) -> int:
        """How many tools were called."""
        return sum(row.kind == "tool" for row in self.steps)

    @property
    def replayed_steps(self) -> int:
        """How many steps answered from the record."""
        return sum(row.replayed and row.kind != "approval" for row in self.steps)

    @property
    def is_replayed(self) -> bool:
        """Whether every step answered from the record."""
        steps = [row for row in self.steps if row.kind != "approval"]
        return bool(steps) and all(row.replayed for row in steps)

    @property
    def pending(self) -> list[StepRow]:
        """The approvals that a person has not decided yet, oldest first."""
        return [self.steps[place] for place in sorted(self._index[step_id] for step_id in self._waiting)]

    @property
    def is_over(self) -> bool:
        """Whether the run has ended; a failed or stopped one may be resumed later."""
        return self.state in {"finished", "failed", "stopped"}

    def to_json(self) -> dict[str, Any]:
        """The whole summary in JSON values, the same as `toJson` in state.ts gives."""
        shown = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return shown | {
            "model_requests": self.model_requests,
            "tool_calls": self.tool_calls,
            "replayed_steps": self.replayed_steps,
            "replayed": self.is_replayed,
        }


def summarise(events: Iterable[Event], load: Load | None = None) -> RunSummary:
    """Fold events, oldest first; an event that comes twice counts once."""
    summary = RunSummary()
    for event in events:
        advance(summary, wire(event, load))
    return summary


def advance(summary: RunSummary, event: WireEvent) -> None:
    """Let `summary` take in one event; unknown types only move its clock."""
    if event["seq"] and not _is_new(summary, event):
        return
    summary.run_id = summary.run_id or event["run_id"]
    if handle := _HANDLERS.get(event["type"]):
        handle(summary, event, event["data"])
    _move_clock(summary, event["time"])
    if summary.state in OPEN_STATES:
        summary.state = "waiting" if summary._waiting else "running"


def _is_new(summary: RunSummary, event: WireEvent) -> bool:
    mark = (event["run_id"], event["seq"])
    if mark in summary._seen:
        return False
    summary._seen.add(mark)
    return True


def _move_clock(summary: RunSummary, time: float) -> None:
    summary.started = summary.started or time
    summary._updated = max(summary._updated, time)
    if event_seconds := _at(summary, time):
        summary.seconds = max(summary.seconds, event_seconds)


def _at(summary: RunSummary, time: float) -> float:
    """Seconds of activity before `time`; what a replay shows from before the start counts as zero."""
    idle = summary._idle if time >= summary._resumed else 0.0
    return round(max(0.0, time - (summary.started or time) - idle), 3)


# --- the run -------------------------------------------------------------------------------------------


def _run_started(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    summary.run_id, summary.state = event["run_id"], "running"
    summary.kind, summary.name = data.get("kind", ""), data.get("name", "")


def _run_resumed(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    summary.state, summary.error, summary.reason = "running", None, ""
    summary._resumed = event["time"]
    summary._idle += max(0.0, event["time"] - (summary._updated or event["time"]))


def _run_finished(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    _close(summary, "finished")
    summary.text = _text_of(data.get("result")) or summary.text
    usage = data.get("usage") or {}
    summary.input_tokens = usage.get("input_tokens") or summary.input_tokens
    summary.output_tokens = usage.get("output_tokens") or summary.output_tokens
    if data.get("cost_usd") is not None:
        summary.cost_usd = data["cost_usd"]
    if data.get("seconds"):
        summary.seconds = max(summary.seconds, data["seconds"])


def _run_failed(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    _close(summary, "failed")
    summary.error = data.get("error")


def _run_stopped(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    _close(summary, "stopped")
    summary.reason, summary.error = data.get("reason") or "", data.get("error")


def _close(summary: RunSummary, state: str) -> None:
    summary.state = state
    summary._waiting.clear()
    for row in summary.steps:
        if row.state in OPEN_STATES:
            row.state = "unfinished"


def _text_of(result: object) -> str:
    if isinstance(result, dict):
        result = result.get("text")
    return result if isinstance(result, str) else ""


# --- steps ---------------------------------------------------------------------------------------------


def _step_started(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _row(summary, event, data)
    row.at, row.state = _at(summary, event["time"]), "running"
    row.ms, row.error, row.text, row.output = None, None, "", ""


def _step_finished(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _ended(summary, event, data, "done")
    if row.kind == "model":
        _take_answer(summary, row, data.get("result"))
    else:
        row.result = data.get("result")
    _take_usage(summary, row, data)


def _step_failed(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    _ended(summary, event, data, "failed").error = data.get("error")


def _ended(summary: RunSummary, event: WireEvent, data: dict[str, Any], state: str) -> StepRow:
    """Close the step of an event; how long it took says better when it began than its first sign of life."""
    row = _row(summary, event, data)
    row.state, row.ms, row.replayed = state, data.get("ms"), event["replayed"]
    if row.ms is not None:
        row.at = _at(summary, event["time"] - row.ms / 1000)
    return row


def _step_resolved(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _row(summary, event, data)
    row.by = data.get("by") or ""
    row.note = f"in doubt, {data.get('decision', '')}"
    if data.get("decision") == "skip":
        row.state = "skipped"


def _take_answer(summary: RunSummary, row: StepRow, answer: object) -> None:
    if not isinstance(answer, dict):
        row.result = answer
        return
    row.text, row.thinking = answer.get("text") or "", answer.get("thinking") or ""
    row.calls = answer.get("calls") or []
    _offer_text(summary, row)


def _take_usage(summary: RunSummary, row: StepRow, data: dict[str, Any]) -> None:
    usage = data.get("usage") or {}
    row.input_tokens = usage.get("input_tokens") or 0
    row.output_tokens = usage.get("output_tokens") or 0
    row.cost_usd = data.get("cost_usd")
    summary.input_tokens += row.input_tokens
    summary.output_tokens += row.output_tokens
    if row.cost_usd is not None:
        summary.cost_usd = round((summary.cost_usd or 0.0) + row.cost_usd, 10)


def _model_delta(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _row(summary, event, {"kind": "model"} | data)
    if row.state == "unfinished":  # asked again after a resume: what had arrived before the stop is void
        row.state, row.text = "running", ""
    if row.state == "running":
        row.text = (row.text + (data.get("text") or ""))[:ANSWER_LENGTH]
        _offer_text(summary, row)


def _tool_output(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _row(summary, event, {"kind": "tool"} | data)
    row.output = (row.output + (data.get("text") or ""))[-TEXT_LENGTH:]


def _offer_text(summary: RunSummary, row: StepRow) -> None:
    """Show the newest text of the outermost model; an agent inside a tool does not speak for the run."""
    if row.text and row.depth <= summary._text_depth:
        summary.text, summary._text_depth = row.text, row.depth


def _row(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> StepRow:
    """Find or add the step of an event, and take over what the event says of it."""
    step_id = event["step_id"] or f"{data.get('kind', 'step')}:{len(summary.steps)}"
    if step_id not in summary._index:
        ms = data.get("ms") or 0.0
        at = _at(summary, event["time"] - ms / 1000)
        _add(
            summary,
            StepRow(step_id, event["parent_id"], _depth(summary, event["parent_id"]), "step", "", at=at),
        )
    row = summary.steps[summary._index[step_id]]
    row.kind, row.name = data.get("kind") or row.kind, data.get("name") or row.name
    row.effect = data.get("effect") or row.effect
    _take_inputs(row, data.get("inputs"))
    return row


def _take_inputs(row: StepRow, inputs: object) -> None:
    if isinstance(inputs, dict) and inputs and row.kind != "model":
        given = inputs.get("arguments", inputs)
        row.arguments = given if isinstance(given, dict) else {"value": given}
        row.call_id = inputs.get("call_id") or row.call_id


def _add(summary: RunSummary, row: StepRow) -> None:
    summary._index[row.step_id] = len(summary.steps)
    summary.steps.append(row)


def _depth(summary: RunSummary, parent_id: str) -> int:
    if parent_id not in summary._index:  # a step that writes only its end comes after what ran inside it
        return 1 if parent_id else 0
    return summary.steps[summary._index[parent_id]].depth + 1


# --- approvals -----------------------------------------------------------------------------------------


def _approval_requested(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _approval(summary, event, data)
    row.name, row.effect = data.get("tool") or row.name, data.get("effect") or ""
    row.arguments, row.call_hash = data.get("arguments") or {}, data.get("call_hash") or ""
    row.note, row.state = data.get("description") or "", "waiting"
    summary._waiting.add(row.step_id)


def _approval_decided(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _approval(summary, event, data)
    summary._waiting.discard(row.step_id)
    row.state = "approved" if data.get("approved") else "denied"
    row.by, row.replayed = data.get("by") or "", event["replayed"]
    row.note = data.get("message") or row.note
    row.arguments = data.get("arguments") or row.arguments
    row.ms = round(max(0.0, _at(summary, event["time"]) - row.at) * 1000, 3)


def _approval(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> StepRow:
    call_id = data.get("call_id") or ""
    step_id = f"approval:{call_id}"
    if step_id not in summary._index:
        depth = _depth(summary, event["parent_id"])
        at = _at(summary, event["time"])
        _add(summary, StepRow(step_id, event["parent_id"], depth, "approval", "", at=at, call_id=call_id))
    return summary.steps[summary._index[step_id]]


_HANDLERS: Final[dict[str, Callable[[RunSummary, WireEvent, dict[str, Any]], None]]] = {
    "run.started": _run_started,
    "run.resumed": _run_resumed,
    "run.finished": _run_finished,
    "run.failed": _run_failed,
    "run.stopped": _run_stopped,
    "step.started": _step_started,
    "step.finished": _step_finished,
    "step.failed": _step_failed,
    "step.resolved": _step_resolved,
    "model.delta": _model_delta,
    "tool.output": _tool_output,
    "approval.requested": _approval_requested,
    "approval.decided": _approval_decided,
}
