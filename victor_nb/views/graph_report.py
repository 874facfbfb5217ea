"""A workflow's run as it stays in the notebook: its graph with how each node fared, complete without a kernel.

Everything comes from one `GraphState`. Of very many nodes the table shows those that failed or wait, then the first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from victor_nb.journal.events import Event
from victor_nb.views import html
from victor_nb.views.graph_asks import command_for
from victor_nb.views.graph_fold import folded
from victor_nb.views.graph_state import GraphState, NodeState, marks, words_of
from victor_nb.views.graph_wire import node_json, run_json
from victor_nb.views.html import Html, tag
from victor_nb.views.markdown import escaped
from victor_nb.views.view import TERMINAL_WIDTH, Shown, bundle, chosen
from victor_nb.views.wire import Load
from victor_nb.views.wording import duration, plural, pretty
from victor_nb.workflows.drawing import as_svg, as_text, to_mermaid
from victor_nb.workflows.drawing.faces import MOST_IN_HTML, MOST_IN_TEXT, count
from victor_nb.workflows.shape import GraphShape

ROWS: Final = 60
SIGNS: Final = {"finished": "✓", "failed": "✗", "stopped": "■", "waiting": "?", "running": "▸"}
_SAID: Final = {
    "finished": "Finished",
    "failed": "Failed",
    "stopped": "Stopped",
    "waiting": "Waiting for an answer",
    "running": "Running",
    "": "Not started",
}
_FIRST: Final = ("failed", "waiting", "unfinished", "retrying", "running", "done", "idle")
_VALUE: Final = 2_000


@dataclass(frozen=True)
class GraphReport(Shown):
    """The static view of a workflow's run.

    Attributes:
        with_result: whether it shows what the run came to, where nothing else does.
    """

    known: GraphState
    with_result: bool = False

    @classmethod
    def of(cls, events: Iterable[Event], load: Load | None = None) -> GraphReport:
        """Report on a run from its events; `load` is `Journal.load`, so that tables are shown too."""
        return cls(folded(events, load))

    @property
    def shape(self) -> GraphShape:
        """The run's graph; empty if the run never said it."""
        return self.known.shape or GraphShape(self.known.name, (), ())

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """Header, the drawing if it is small enough to be read, and what went wrong."""
        drawing = as_text(self.shape, marks=marks(self.known)) if self._is_small(MOST_IN_TEXT) else ""
        if not drawing or max(map(len, drawing.splitlines()), default=0) > max(width, TERMINAL_WIDTH):
            drawing = "\n".join(f"{node.path}: {words_of(node)}" for node in self._rows())
        return "\n\n".join(
            part for part in [self._head(), drawing, *self._trouble(), self._result(), self._foot()] if part
        )

    def to_markdown(self) -> str:
        """Header, the graph as Mermaid, and the nodes as a table."""
        graph = f"```mermaid\n{to_mermaid(self.shape)}```" if self._is_small(MOST_IN_HTML) else ""
        rows = ["| node | state | |", "|---|---|---|"]
        rows += [f"| {escaped(node.path)} | {node.state} | {escaped(words_of(node))} |" for node in self._rows()]
        table = "\n".join(rows) if self.known.nodes else ""
        result = f"```json\n{self._result()}\n```" if self._result() else ""
        trouble = [f"> {escaped(line)}" for said in self._trouble() for line in said.splitlines()]
        return "\n\n".join(part for part in [f"**{escaped(self._head())}**", graph, *trouble, result, table] if part)

    def to_html(self) -> str:
        """Header, the drawing, what went wrong, and the nodes folded."""
        drawing = Html(self.to_svg()) if self._is_small(MOST_IN_HTML) else ""
        parts = [
            tag("div", self._head(), style=f"font-weight:600;margin:2px 0 8px;{html.NUMBERS}"),
            tag("div", drawing, style="overflow-x:auto") if drawing else "",
            *(tag("div", line, style="margin:6px 0;white-space:pre-line") for line in self._trouble()),
            html.pre(self._result()) if self._result() else "",
            *(_node_html(node) for node in self._rows()),
            tag("div", self._foot(), style=f"{html.MONO};font-size:11px;opacity:.65;margin-top:6px"),
        ]
        return tag("div", parts, style="line-height:1.5")

    def to_svg(self) -> str:
        """The drawing."""
        return as_svg(self.shape, marks=marks(self.known))

    def to_json(self) -> dict[str, object]:
        """The run, its graph, and the state of each node."""
        nodes = [node_json(node) for node in self.known.nodes.values()]
        return {**run_json(self.known), "graph": self.shape.to_json(), "nodes": nodes}

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        return chosen(bundle(self) | {"image/svg+xml": self.to_svg()}, include, exclude)

    def _is_small(self, most: int) -> bool:
        return 0 < count(self.shape) <= most

    def _head(self) -> str:
        known = self.known
        done = known.count("done")
        facts = [f"{done} of {plural(count_nodes(self.shape), 'node')} done", duration(known.seconds)]
        failed = known.count("failed")
        facts += [f"{failed} failed"] if failed else []
        sign = SIGNS.get(known.state, "●")
        return f"{sign} {_SAID.get(known.state, known.state)}  " + " · ".join([known.name or "workflow", *facts])

    def _trouble(self) -> list[str]:
        """What went wrong or is asked, and what to do next."""
        known = self.known
        error = known.error or {}
        foot = self._foot()  # says where and what to do next already, for most
        said = ["\n".join(str(error[part]) for part in ("what", "where", "hint") if error.get(part, "") not in foot)]
        asked = [f"{node.path} asks: {pretty(ask.shown)}" for node in known.nodes.values() for ask in node.asks]
        return [line for line in [*said, *asked] if line]

    def _result(self) -> str:
        result = self.known.result
        return pretty(result)[:_VALUE] if self.with_result and result is not None else ""

    def _foot(self) -> str:
        known = self.known
        is_open = known.state in {"failed", "stopped", "waiting"}
        onward = (command_for(known.run_id, known.asks) or f"victor resume {known.run_id}") if is_open else ""
        return " · ".join(part for part in (f"run {known.run_id}", onward) if part) if known.run_id else ""

    def _rows(self) -> list[NodeState]:
        order = {state: place for place, state in enumerate(_FIRST)}
        return sorted(self.known.nodes.values(), key=lambda node: order.get(node.state, len(order)))[:ROWS]


def count_nodes(shape: GraphShape) -> int:
    """How many nodes can run: those that mark where a graph begins and ends cannot."""
    return sum(
        1 + (count_nodes(node.inside) if node.inside else 0)
        for node in shape.nodes
        if node.kind not in ("start", "end")
    )


def _node_html(node: NodeState) -> Html:
    """One node, folded; what it was given, what came out and what happened."""
    summary = tag("summary", tag("code", node.path), f"  {words_of(node)}", style="cursor:pointer;font-size:12.5px")
    error = node.error or {}
    told = "\n".join(f"{event['at']:>9.3f} s  {event['words']}" for event in node.events)
    parts = [
        _section("error", "\n".join(str(error[part]) for part in ("what", "where", "hint") if error.get(part))),
        *(_section("asks", pretty(ask.shown)) for ask in node.asks),
        _section("inputs", "" if node.inputs is None else pretty(node.inputs)),
        _section("result", "" if not node.result else pretty(node.result)),
        _section("events", told),
    ]
    return tag("details", summary, *parts, style="margin:2px 0")


def _section(label: str, text: str) -> Html:
    if not text:
        return Html("")
    shown = text if len(text) <= _VALUE else text[:_VALUE] + "…"
    return tag(
        "div", tag("div", label, style="font-size:11px;opacity:.7"), html.pre(shown), style="margin:2px 0 2px 16px"
    )
