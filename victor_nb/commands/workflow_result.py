"""The result of a workflow's run, as a view: the state, what is asked, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from victor_nb.views import html
from victor_nb.views.checkpoint_state import shown
from victor_nb.views.view import TERMINAL_WIDTH, Shown
from victor_nb.views.wording import pretty, preview
from victor_nb.workflows import WorkflowResult


@dataclass(frozen=True)
class WorkflowAnswer(Shown):
    """What a verb that runs a workflow returns; the live graph stands above it."""

    result: WorkflowResult[Any]

    @property
    def state(self) -> dict[str, Any]:
        """The state as JSON values."""
        state = self.result.state
        if isinstance(state, Mapping):
            return shown(state)
        if hasattr(state, "model_dump"):
            return shown(state.model_dump())
        return shown(vars(state)) if hasattr(state, "__dict__") else {"result": shown({"result": state})["result"]}

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The state as JSON, what is asked, and one line about the run."""
        return "\n\n".join(part for part in [pretty(self.state), *self._asked(), self._foot()] if part)

    def to_markdown(self) -> str:
        """The same, the state as a block."""
        return "\n\n".join([f"```json\n{pretty(self.state)}\n```", *self._asked(), f"`{self._foot()}`"])

    def to_html(self) -> str:
        """Each key of the state by its name."""
        rows = [
            html.tag("tr", html.tag("th", key, style=_CELL), html.tag("td", _value(value), style=_CELL))
            for key, value in self.state.items()
        ]
        parts = [
            html.tag("table", html.tag("tbody", rows), style="border-collapse:collapse;font-size:13px"),
            *(html.tag("p", line) for line in self._asked()),
            html.tag("div", self._foot(), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px"),
        ]
        return html.tag("div", parts)

    def to_json(self) -> dict[str, Any]:
        """Status, state and questions."""
        return {
            "run_id": self.result.run_id,
            "status": self.result.status,
            "state": self.state,
            "interrupts": [
                {"id": asked.id, "node": asked.node, "value": shown({"value": asked.value})["value"]}
                for asked in self.result.interrupts
            ],
            "replayed": self.result.replayed,
        }

    def _asked(self) -> list[str]:
        return [f"{asked.node} asks: {preview(asked.value)}" for asked in self.result.interrupts]

    def _foot(self) -> str:
        run_id = self.result.run_id
        answer = f" · victor resume {run_id} --answer VALUE" if self.result.interrupts else ""
        return f"run {run_id} · {self.result.status}{answer} · victor checkpoints {run_id}"


def _value(value: Any) -> str:
    written = pretty(value)
    return html.pre(written) if "\n" in written else written


_CELL = f"padding:3px 14px 3px 0;border-bottom:1px solid {html.LINE};text-align:left;vertical-align:top"
