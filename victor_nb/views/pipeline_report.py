"""A pipeline's run as it stays in the notebook: its graph with how each node fared, and a table; without a kernel.

Of very many members the table shows those that failed or are at work, then the first. The whole is in the page that
`pipeline_page.py` writes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, Final

from victor_nb.journal.events import Event
from victor_nb.views import html
from victor_nb.views.graph_asks import command_for
from victor_nb.views.graph_report import SIGNS
from victor_nb.views.graph_wire import node_json, run_json
from victor_nb.views.html import Html, tag
from victor_nb.views.markdown import escaped
from victor_nb.views.pipeline_fold import pipeline_folded
from victor_nb.views.pipeline_state import (
    MemberState,
    PipelineState,
    member_words,
    pipeline_marks,
    rough,
    slow_words,
    used,
)
from victor_nb.views.pipeline_time import expected_end
from victor_nb.views.view import TERMINAL_WIDTH, Shown, bundle, chosen
from victor_nb.views.wire import Load
from victor_nb.views.wording import clip, duration, plural, pretty, preview
from victor_nb.workflows.drawing import as_svg, as_text, to_mermaid
from victor_nb.workflows.drawing.faces import MOST_IN_HTML, MOST_IN_TEXT, count
from victor_nb.workflows.shape import GraphShape

ROWS: Final = 60
STATE_SIGNS: Final = {
    "done": "✓",
    "cached": "✓",
    "failed": "✗",
    "killed": "✗",
    "running": "▸",
    "retrying": "▸",
    "waiting": "?",
    "unfinished": "■",
    "skipped": "-",
}
_SAID: Final = {"": "Not started", "waiting": "Waiting for an answer"}
_FIRST: Final = (
    "failed",
    "killed",
    "waiting",
    "running",
    "retrying",
    "unfinished",
    "skipped",
    "done",
    "cached",
    "idle",
)
_VALUE: Final = 2_000
_TD: Final = f"padding:3px 14px 3px 0;border:0;border-top:1px solid {html.LINE};text-align:left;vertical-align:top"


@dataclass(frozen=True)
class PipelineReport(Shown):
    """The static view of a pipeline's run.

    Attributes:
        now: in seconds since the Unix epoch, for what runs now; 0 for a run that has ended.
    """

    known: PipelineState
    now: float = 0.0

    @classmethod
    def of(cls, events: Iterable[Event], load: Load | None = None) -> PipelineReport:
        """Report on a run from its events; `load` is `Journal.load`, so that values are shown too."""
        return cls(pipeline_folded(events, load))

    @property
    def shape(self) -> GraphShape:
        """The run's graph; empty if the run never said it."""
        return self.known.shape or GraphShape(self.known.name, (), ())

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Header, the members one below the other, and what went wrong."""
        return "\n\n".join(
            part for part in [self.head(), self._table_text(width), *self._trouble(), self.foot()] if part
        )

    def to_markdown(self) -> str:
        """Header, the graph as Mermaid, and the members as a table."""
        is_small = 0 < count(self.shape) <= MOST_IN_HTML
        graph = f"```mermaid\n{to_mermaid(self.shape)}```" if is_small else ""
        rows = ["| | node | | |", "|---|---|---|---|"]
        cells = [(STATE_SIGNS.get(one.state, ""), one.path, member_words(one), about(one)) for one in self._rows()]
        rows += [f"| {' | '.join(map(escaped, row))} |" for row in cells]
        trouble = [f"> {escaped(line)}" for said in self._trouble() for line in said.splitlines()]
        return "\n\n".join(part for part in [f"**{escaped(self.head())}**", graph, *trouble, "\n".join(rows)] if part)

    def to_html(self) -> str:
        """Header, the drawing, what went wrong, and the members."""
        is_small = 0 < count(self.shape) <= MOST_IN_HTML
        rows = [_row(one) for one in self._rows()]
        table = tag("table", tag("tbody", rows), style="border-collapse:collapse;font-size:12.5px;margin:6px 0")
        parts = [
            tag("div", self.head(), style=f"font-weight:600;margin:2px 0 8px;{html.NUMBERS}"),
            tag("div", Html(self.to_svg()), style="overflow-x:auto") if is_small else "",
            *(tag("div", html.pre(line), style="margin:6px 0") for line in self._trouble()),
            table if rows else "",
            tag("div", self.foot(), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px"),
        ]
        return tag("div", parts, style="line-height:1.5")

    def to_svg(self) -> str:
        """The drawing."""
        return as_svg(self.shape, marks=pipeline_marks(self.known, self.now))

    def to_json(self) -> dict[str, object]:
        """The run, its graph, and the state of each member."""
        nodes = [node_json(member) for member in self.known.all_members]
        return {**run_json(self.known), "graph": self.shape.to_json(), "nodes": nodes}

    def drawing(self, width: int = TERMINAL_WIDTH) -> str:
        """The graph in characters; "" if it is too wide or too large to be read."""
        if not 0 < count(self.shape) <= MOST_IN_TEXT:
            return ""
        drawn = as_text(self.shape, marks=pipeline_marks(self.known, self.now))
        return drawn if max(map(len, drawn.splitlines()), default=0) <= max(width, TERMINAL_WIDTH) else ""

    def head(self) -> str:
        """How the run fares, in one line."""
        known = self.known
        done, cached = known.count("done", "cached"), known.count("cached")
        all_of_them = plural(len(known.all_members), "node")
        facts = [f"{done} of {all_of_them} done" + (f", {cached} from the cache" if cached else "")]
        facts += [f"{known.count(state)} {state}" for state in ("failed", "killed", "skipped") if known.count(state)]
        facts.append(duration(self._seconds()))
        if self.now and (end := expected_end(known)):
            facts.append(f"about {rough(max(0.0, end - self.now))} left")
        said = _SAID.get(known.state, known.state.capitalize())
        return f"{SIGNS.get(known.state, '●')} {said}  " + " · ".join([known.name or "pipeline", *facts])

    def foot(self) -> str:
        """Which run it is, and how to go on."""
        known = self.known
        is_open = known.state in {"failed", "stopped", "waiting"}
        onward = command_for(known.run_id, known.asks, is_running=known.state == "running")
        onward = onward or (f"victor resume {known.run_id}" if is_open else "")
        return " · ".join(part for part in (f"run {known.run_id}", onward) if part) if known.run_id else ""

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return chosen(bundle(self) | {"image/svg+xml": self.to_svg()}, include, exclude)

    def _seconds(self) -> float:
        known = self.known
        return max(0.0, self.now - known.started - known.idle) if self.now and known.started else known.seconds

    def _rows(self) -> list[MemberState]:
        members = self.known.all_members
        if len(members) <= ROWS:
            return members
        order = {state: place for place, state in enumerate(_FIRST)}
        return sorted(members, key=lambda member: order.get(member.state, len(order)))[:ROWS]

    def _table_text(self, width: int) -> str:
        rows = self._rows()
        column = min(34, max((len(one.path) for one in rows), default=0))
        lines = []
        for one in rows:
            words = member_words(one, self.now)
            more = " · ".join(part for part in (used(one.notebook), about(one)) if part)
            line = f"{STATE_SIGNS.get(one.state, ' ')} {clip(one.path, column).ljust(column)}  {words}"
            lines.append(clip(f"{line.ljust(column + 28)}  {more}".rstrip(), width))
            if slow := slow_words(one, self.now):
                lines.append(clip(f"  {'':{column}}  {slow}", width))
        left = len(self.known.all_members) - len(rows)
        return "\n".join([*lines, *([f"  … {plural(left, 'node')} more"] if left else [])])

    def _trouble(self) -> list[str]:
        """What failed, with the cell's own words; of many, the first."""
        failed = [one for one in self.known.all_members if one.state in ("failed", "killed")]
        said = [failure(one) for one in failed[:5]]
        said += [f"{one.path} asks: {pretty(ask.shown)}" for one in self.known.all_members for ask in one.asks]
        error = self.known.error or {}
        if not failed and error.get("what"):
            said.append("\n".join(str(error[part]) for part in ("what", "where", "hint") if error.get(part)))
        return said


def about(member: MemberState) -> str:
    """What is worth saying of a member beside how it fares."""
    slow = member.notebook.slow[-1] if member.notebook and member.notebook.slow else ""
    value = (
        preview(_rounded(member.result))
        if member.state in ("done", "cached") and member.result not in (None, {})
        else ""
    )
    why = member.why if member.state in ("skipped", "cached") else ""
    return " · ".join(part for part in (value, slow, why) if part)


def _rounded(value: Any) -> Any:
    """Numbers as people compare them: six digits."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return {name: _rounded(part) for name, part in value.items()} if isinstance(value, dict) else value


def failure(member: MemberState) -> str:
    """What went wrong in a member: the error, and the end of what the cell printed."""
    error = member.error or {}
    words = [str(error[part]) for part in ("what", "where", "hint") if error.get(part)]
    text = member.notebook.text.rstrip() if member.notebook else ""
    return "\n".join([f"✗ {member.path}", *words, *([text[-_VALUE:]] if text else [])])


def _row(member: MemberState) -> Html:
    sign = tag("td", STATE_SIGNS.get(member.state, ""), style=_TD)
    name = tag("td", tag("code", member.path), style=_TD)
    words = tag("td", member_words(member), style=f"{_TD};white-space:nowrap;{html.NUMBERS}")
    return tag("tr", sign, name, words, tag("td", about(member), style=_TD))
