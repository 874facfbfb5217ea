"""What a run looks like: one fold over its events, which every face of a run shows.

1. `advance` is the only place where an event changes a summary; every face reads the result.
2. Nothing here reads a clock: time is what the events say, minus the time between a stop and a resume.
3. `widgets/run_view/fold.ts` is the same fold for the browser; `tests/views/fixtures/` holds both to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from victor_nb.journal.events import Event
from victor_nb.views.state import OPEN_STATES, RunSummary, StepRow
from victor_nb.views.values import TEXT_LENGTH
from victor_nb.views.wire import ANSWER_LENGTH, Load, WireEvent, wire


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
    row.at, row.state, row.replayed = _at(summary, event["time"]), "running", event["replayed"]
    row.ms, row.error, row.text, row.output = None, None, "", ""


def _step_finished(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _ended(summary, event, data, "done")
    if row.kind == "approval":
        _take_word(row, data.get("result") or {})
    elif row.kind == "model":
        _take_answer(summary, row, data.get("result"))
    else:
        row.result = data.get("result")
        row.note = "from the cache" if data.get("cached") else row.note
    _take_usage(summary, row, data)


def _step_failed(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    before = _row(summary, event, data).state
    row = _ended(summary, event, data, "failed")
    if row.kind == "approval" and before == "denied":  # by a policy, which ends the run: the error is the run's
        row.state = before
    else:
        row.error = data.get("error")


def _ended(summary: RunSummary, event: WireEvent, data: dict[str, Any], state: str) -> StepRow:
    """Close the step of an event; how long it took says better when it began than its first sign of life."""
    row = _row(summary, event, data)
    row.state, row.ms, row.replayed = state, data.get("ms"), event["replayed"]
    if row.ms is not None:
        row.at = _at(summary, event["time"] - row.ms / 1000)
    return row


def _step_resolved(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _row(summary, event, data)
    row.by = data.get("by") or row.by
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
    if step_id not in summary._index and not _continue_question(summary, event, data):
        at = _at(summary, event["time"] - (data.get("ms") or 0.0) / 1000)
        _add(summary, StepRow(step_id, event["parent_id"], _depth(summary, event["parent_id"]), "step", "", at=at))
    place = summary._index[step_id]
    row = summary.steps[place]
    row.kind, row.name = data.get("kind") or row.kind, data.get("name") or row.name
    row.effect = data.get("effect") or row.effect
    _take_inputs(row, data.get("inputs"))
    if row.call_id:
        summary._calls[event["run_id"], row.call_id] = place
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


# --- approvals: the question about a call and the call itself are one row --------------------------------


def _approval_requested(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _question(summary, event, data)
    row.name, row.effect = data.get("tool") or row.name, data.get("effect") or ""
    row.arguments, row.call_hash = data.get("arguments") or {}, data.get("call_hash") or ""
    row.partial = bool(data.get("partial"))
    row.about, row.note, row.by, row.state = data.get("description") or "", "", "", "waiting"
    summary._waiting.add(row.step_id)


def _approval_decided(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> None:
    row = _question(summary, event, data)
    summary._waiting.discard(row.step_id)
    _take_word(row, data)
    row.replayed = event["replayed"]
    row.ms = round(max(0.0, _at(summary, event["time"]) - row.at) * 1000, 3)


def _take_word(row: StepRow, word: dict[str, Any]) -> None:
    """Say who decided, how, and why not; an approval may have changed the arguments."""
    row.state, row.by = "approved" if word.get("approved") else "denied", word.get("by") or ""
    row.note = f"{row.state} by {row.by}" if row.by else row.state
    edited = word.get("arguments")
    if row.state == "denied":
        row.note += f": {word['message']}" if word.get("message") else ""
    elif isinstance(edited, dict):
        row.arguments, row.note = edited, f"{row.note}, arguments edited"


def _question(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> StepRow:
    """Find the row of the call that is asked about: the question's own, or that of a call in doubt; else add one."""
    call_id, step_id = data.get("call_id") or "", event["step_id"]
    own = summary._index.get(step_id)
    if own is not None and summary.steps[own].call_id == call_id:
        return summary.steps[own]
    known = summary._calls.get((event["run_id"], call_id))
    if known is not None and _is_open(summary.steps[known], data.get("tool")):
        return summary.steps[known]
    if not step_id or own is not None:
        step_id = f"call:{call_id}:{len(summary.steps)}"
    depth, at = _depth(summary, event["parent_id"]), _at(summary, event["time"])
    summary._calls[event["run_id"], call_id] = len(summary.steps)
    _add(summary, StepRow(step_id, event["parent_id"], depth, "approval", "", at=at, call_id=call_id))
    return summary.steps[-1]


def _is_open(row: StepRow, tool: str | None) -> bool:
    """Whether a word about a call of `tool` can concern this row; models may use the id of a call again."""
    return row.state in OPEN_STATES | {"unfinished"} and row.name == (tool or row.name)


def _continue_question(summary: RunSummary, event: WireEvent, data: dict[str, Any]) -> bool:
    """Let a tool call that was approved go on in the row of its question; tell if there is one."""
    inputs = data.get("inputs")
    call_id = inputs.get("call_id") if isinstance(inputs, dict) and data.get("kind") == "tool" else None
    place = summary._calls.get((event["run_id"], call_id or ""))
    if place is None:
        return False
    row = summary.steps[place]
    if (row.kind, row.state, row.name) != ("approval", "approved", data.get("name")):
        return False
    summary._index[event["step_id"]] = place
    row.parent_id, row.depth = event["parent_id"], _depth(summary, event["parent_id"])
    return True


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
