"""Runs of pipelines as results of verbs: a line for each node in a terminal, a table elsewhere, and the run as JSON.

In a terminal the lines are laid out here and not by rich, which would take longer to import than all the rest.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from victor_nb.pipelines.results import NodeResult, PipelineResult
from victor_nb.views.view import TERMINAL_WIDTH, Shown

if TYPE_CHECKING:
    from victor_nb.views import TableView

Detail: TypeAlias = Literal["why", "values", "notebook"]
EVERYTHING: Final[tuple[Detail, ...]] = ("why", "values", "notebook")
_COLUMNS: Final = ("node", "status", "time")
_NARROWEST: Final = 20


@dataclass(frozen=True)
class PipelineAnswer(Shown):
    """What became of each node of a run.

    Attributes:
        details: what is told of each node besides its status.
    """

    result: PipelineResult
    details: tuple[Detail, ...] = ()

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """A line for each node, details below it, and how to go on."""
        rows = [_row(one, self.details) for one in self.result.nodes]
        widths = [max((len(row[column]) for row in rows), default=0) for column in _COLUMNS]
        lines = [f"Pipeline {self.result.name}: {self.result.status}"]
        for row in rows:
            node, status, time = (row[column] for column in _COLUMNS)
            lines.append(f"{node:<{widths[0]}}  {status:<{widths[1]}}  {time:>{widths[2]}}".rstrip())
            lines += _below([row[detail] for detail in self.details], width)
        return "\n".join([*lines, *self._asked(), self._foot()])

    def to_markdown(self) -> str:
        """A table."""
        return self._table().to_markdown()

    def to_html(self) -> str:
        """A table."""
        return self._table().to_html()

    def to_json(self) -> dict[str, Any]:
        """Return run_id, status and notebooks: id, status, cached, why, seconds, … of each."""
        return self.result.to_json()

    def _table(self) -> TableView:
        from victor_nb.commands.showing import table

        rows = [_row(one, self.details) for one in self.result.nodes]
        title = f"Pipeline {self.result.name}: {self.result.status}"
        return table(title, rows, (*_COLUMNS, *self.details), note=self._foot(), empty="no node has begun yet")

    def _asked(self) -> list[str]:
        from victor_nb.views.wording import preview

        return [f"{one.node} asks: {preview(one.value)}" for one in self.result.questions]

    def _foot(self) -> str:
        run_id = self.result.run_id
        if self.result.questions:
            return f"run {run_id} · victor resume {run_id} --answer VALUE"
        others = {"running": f"victor attach {run_id}", "finished": f"victor pipeline show {run_id}"}
        return f"run {run_id} · {others.get(self.result.status, f'go on: victor resume {run_id}')}"


def _row(one: NodeResult, details: tuple[Detail, ...]) -> dict[str, str]:
    row = {"node": one.id, "status": str(one.status), "time": _time(one.seconds)}
    if "why" in details:
        row["why"] = one.why if one.error is None else f"{one.error.what} ({one.error.where})"
    if "values" in details:
        row["values"] = _values(one)
    if "notebook" in details:
        row["notebook"] = one.notebook
    return row


def _values(one: NodeResult) -> str:
    from victor_nb.views.wording import preview

    value = one.value if one.is_done else None
    return preview(value) if value not in (None, {}) else ""


def _below(details: list[str], width: int) -> Iterator[str]:
    for detail in details:
        yield from textwrap.wrap(detail, max(_NARROWEST, width), initial_indent="    ", subsequent_indent="      ")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{seconds:.2f} s"
