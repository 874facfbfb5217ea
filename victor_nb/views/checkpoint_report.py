"""The history of a workflow's run as it stays in the notebook: every checkpoint with what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from victor_nb.views import html
from victor_nb.views.checkpoint_state import CheckpointRow, StateChange, differences, row, shown, title
from victor_nb.views.html import Html, tag
from victor_nb.views.markdown import escaped
from victor_nb.views.view import TERMINAL_WIDTH, Shown
from victor_nb.views.wording import clip, plural, pretty, preview
from victor_nb.workflows.travel import WorkflowRun

MOST: Final = 40
"""Checkpoints of which the changes are shown: the last ones."""
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~", "extended": "+"}


class CheckpointReport(Shown):
    """The static view of a run's checkpoints; reads the run when it is made, and not again."""

    def __init__(self, run: WorkflowRun) -> None:
        self.run_id, self.name, self.status = run.id, run.info.name, run.status
        history = run.history()
        self.rows: list[CheckpointRow] = [row(checkpoint) for checkpoint in history]
        states = [run.state(checkpoint) for checkpoint in history[-MOST - 1 :]]
        first = len(history) - len(states)
        before = [{}, *states] if first == 0 else states
        after = states if first == 0 else states[1:]
        self.changes: dict[int, list[StateChange]] = {
            first + (first > 0) + at: differences(one, other)
            for at, (one, other) in enumerate(zip(before, after, strict=False))
        }
        self.state = shown(states[-1]) if states else {}

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """A line for each checkpoint, below it what it changed."""
        lines = [self._head(), ""]
        for at, one in enumerate(self.rows):
            lines.append(f"{one['superstep']:>4}  {clock(one['time'])}  {title(one)}{_label(one)}")
            lines += [clip(f"        {line}", width) for line in map(said, self.changes.get(at, []))]
        return "\n".join([*lines, "", self._foot()])

    def to_markdown(self) -> str:
        """A table of the checkpoints."""
        rows = []
        for at, one in enumerate(self.rows):
            changes = "; ".join(map(said, self.changes.get(at, [])))
            rows.append(f"| {one['superstep']} | {escaped(title(one))} | {escaped(changes)} |")
        return "\n".join([f"**{escaped(self._head())}**", "", "| | checkpoint | changed |", "|---:|---|---|", *rows])

    def to_html(self) -> str:
        """The checkpoints, each folded; the last one open, with the whole state."""
        last = len(self.rows) - 1
        parts = [
            tag("div", self._head(), style="font-weight:600;margin:2px 0 6px"),
            *(self._checkpoint(at, one, is_open=at == last) for at, one in enumerate(self.rows)),
            tag("details", tag("summary", "the last state", style="cursor:pointer"), html.pre(pretty(self.state))),
            tag("div", self._foot(), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px"),
        ]
        return tag("div", parts, style="line-height:1.5")

    def to_json(self) -> dict[str, object]:
        """Every checkpoint with what it changed, and the last state."""
        rows = [{**one, "changes": self.changes.get(at)} for at, one in enumerate(self.rows)]
        return {
            "run_id": self.run_id,
            "name": self.name,
            "status": self.status,
            "checkpoints": rows,
            "state": self.state,
        }

    def _head(self) -> str:
        return f"{plural(len(self.rows), 'checkpoint')} of {self.name} ({self.status})"

    def _foot(self) -> str:
        return f"victor state {self.run_id} --at N · victor fork {self.run_id} --at N"

    def _checkpoint(self, at: int, one: CheckpointRow, *, is_open: bool) -> Html:
        summary = f"{one['superstep']} · {title(one)}{_label(one)} · {clock(one['time'])}"
        changes = self.changes.get(at, [])
        lines = "\n".join(map(said, changes)) if changes else "nothing changed"
        return tag("details", tag("summary", summary, style="cursor:pointer"), html.pre(lines), open=is_open or None)


def clock(seconds: float) -> str:
    """A point in time in local time, to the second."""
    return datetime.fromtimestamp(seconds).strftime("%H:%M:%S")


def said(change: StateChange) -> str:
    """A difference on one line."""
    sign = _SIGNS[change["kind"]]
    if change["kind"] == "changed":
        return f"{sign} {change['path']}: {preview(change['before'])} → {preview(change['after'])}"
    value = change["before"] if change["kind"] == "removed" else change["after"]
    return f"{sign} {change['path']}: {preview(value)}"


def _label(one: CheckpointRow) -> str:
    return f" · checkpoint of {one['label']}" if one["label"] else ""
