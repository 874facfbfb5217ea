"""The live view of a pipeline's run: the graph of its nodes, and below it what runs now, cell by cell.

Places, choice, panel and messages are those of `GraphView`; here is only what a pipeline has more.
"""

from __future__ import annotations

from typing import Any, ClassVar

from victor_nb.journal.events import Event
from victor_nb.views.graph_asks import command_for
from victor_nb.views.graph_state import GraphState
from victor_nb.views.graph_view import GraphView
from victor_nb.views.graph_wire import run_json
from victor_nb.views.live import STATIC
from victor_nb.views.pipeline_fold import advance
from victor_nb.views.pipeline_report import PipelineReport
from victor_nb.views.pipeline_state import PipelineState
from victor_nb.views.pipeline_time import expected_end
from victor_nb.views.view import Picture
from victor_nb.workflows.shape import GraphShape


class PipelineView(GraphView):
    """Shows a pipeline while it runs: `GraphView` for notebooks."""

    _esm = STATIC / "pipeline_view.js"
    _css = STATIC / "pipeline_view.css"
    _kind: ClassVar[str] = "pipeline"

    _known: PipelineState

    def _nothing_known(self, shape: GraphShape | None) -> GraphState:
        return PipelineState(name=shape.name if shape else "", shape=shape, plain=shape)

    def _advance(self, event: Event) -> None:
        advance(self._known, event, self._load)

    def _report(self) -> Picture:
        return PipelineReport(self._known)

    def _run_json(self) -> dict[str, Any]:
        known = self._known
        told = {"ends_at": expected_end(known), "workers": known.workers}
        return run_json(known) | told | {"command": command_for(known.run_id, known.asks)}
