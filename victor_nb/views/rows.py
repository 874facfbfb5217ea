"""The words of a run: what its header and each line of its timeline say.

1. Pure functions from a summary to plain strings; `widgets/run_view/rows.ts` mirrors them.
2. A state is always a word as well as a mark: colour alone says nothing.
"""

from __future__ import annotations

from typing import Final

from victor_nb.views.state import RunSummary, StepRow
from victor_nb.views.wording import (
    arguments,
    clip,
    cost,
    duration,
    one_line,
    plural,
    preview,
    tokens,
    without_marks,
)

MARKS: Final = {
    "running": "●",
    "waiting": "?",
    "done": "✓",
    "approved": "✓",
    "finished": "✓",
    "failed": "✕",
    "denied": "✕",
    "skipped": "-",
    "unfinished": "◌",
    "stopped": "■",
}
_DETAIL_LENGTH: Final = 160
_REASONS: Final = {"interrupt": "interrupted; what was done is kept"}


def state_words(summary: RunSummary) -> str:
    """Say where the run stands, in words."""
    if summary.state == "waiting":
        return "Waiting for approval"
    if summary.is_replayed and summary.state == "finished":
        return "Replayed"
    return (summary.state or "starting").capitalize()


def facts(summary: RunSummary) -> list[str]:
    """The measures of a run, each ready to be shown beside the others."""
    requests, calls, replayed = summary.model_requests, summary.tool_calls, summary.replayed_steps
    steps = sum(row.kind != "approval" for row in summary.steps)
    found = [
        duration(summary.seconds),
        plural(requests, "model request") if requests else "",
        plural(calls, "tool call") if calls else "",
        tokens(summary.input_tokens, summary.output_tokens),
        cost(summary.cost_usd),
        f"{replayed} of {plural(steps, 'step')} from the record" if replayed and replayed < steps else "",
    ]
    return [fact for fact in found if fact]


def title(row: StepRow) -> str:
    """Name a step."""
    return row.name or row.kind


def detail(row: StepRow) -> str:
    """Say on one line what a step did, or what it is doing."""
    return clip(one_line(_detail(row)), _DETAIL_LENGTH)


def took(row: StepRow) -> str:
    """How long a step took; empty while it is open or if it is not known."""
    return "" if row.ms is None else duration(row.ms / 1000)


def problem(error: dict[str, object]) -> str:
    """Say what went wrong, in one line."""
    return one_line(": ".join(str(error[key]) for key in ("type", "what") if error.get(key))) or "failed"


def trouble(summary: RunSummary) -> list[str]:
    """Say why a run ended early, where, and what to do next, without what the last line of every face says."""
    error = summary.error
    if not error:
        return [_REASONS.get(summary.reason, summary.reason)] if summary.reason else []
    known = {f"run {summary.run_id}", f"victor resume {summary.run_id}"}
    said = [problem(error), error.get("where"), error.get("hint")]
    return [str(line) for line in said if line and line not in known]


def traceback(summary: RunSummary) -> str:
    """Where in the code a run failed; a run that was stopped did what it was told."""
    return str((summary.error or {}).get("traceback") or "") if summary.state == "failed" else ""


def _detail(row: StepRow) -> str:
    if row.state == "waiting":
        return f"waits for approval: {arguments(row.arguments)}"
    if row.error:
        return problem(row.error)
    if row.kind == "approval":
        return row.note or "not decided"
    if row.kind == "model":
        return _model(row)
    given = arguments(row.arguments)
    answer = preview(row.result) if row.result is not None else one_line(row.output[-200:])
    done = f"{given} → {answer}" if given and answer else given or answer
    return " · ".join(words for words in (row.note, done) if words)


def _model(row: StepRow) -> str:
    if row.calls:
        return "asks for " + ", ".join(str(call["tool"]) for call in row.calls)
    return without_marks(row.text[: 2 * _DETAIL_LENGTH])
