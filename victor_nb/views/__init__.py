"""Showing: objects that show themselves as text, Markdown, HTML, SVG, and as a live widget.

Names resolve on first use: neither rich nor anywidget is imported before something needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.views.checkpoint_report import CheckpointReport
    from victor_nb.views.checkpoint_view import CheckpointView
    from victor_nb.views.frozen import RunReport
    from victor_nb.views.graph_live import LiveGraph, live_graph, watching
    from victor_nb.views.graph_report import GraphReport
    from victor_nb.views.graph_view import GraphView
    from victor_nb.views.live import LiveView, live_view
    from victor_nb.views.metrics_report import MetricsReport
    from victor_nb.views.metrics_view import MetricsView
    from victor_nb.views.offers import Answer
    from victor_nb.views.pipeline_live import live_pipeline, watching_pipeline
    from victor_nb.views.pipeline_report import PipelineReport
    from victor_nb.views.pipeline_view import PipelineView
    from victor_nb.views.run_view import RunView
    from victor_nb.views.state import RunSummary, StepRow
    from victor_nb.views.suggestions_view import SuggestionsView
    from victor_nb.views.summary import summarise
    from victor_nb.views.tables import RecordView, TableView, TextView
    from victor_nb.views.view import View

_HOME = {
    "Answer": "offers",
    "CheckpointReport": "checkpoint_report",
    "CheckpointView": "checkpoint_view",
    "GraphReport": "graph_report",
    "GraphView": "graph_view",
    "LiveGraph": "graph_live",
    "LiveView": "live",
    "MetricsReport": "metrics_report",
    "MetricsView": "metrics_view",
    "PipelineReport": "pipeline_report",
    "PipelineView": "pipeline_view",
    "RecordView": "tables",
    "RunReport": "frozen",
    "RunSummary": "state",
    "RunView": "run_view",
    "StepRow": "state",
    "SuggestionsView": "suggestions_view",
    "TableView": "tables",
    "TextView": "tables",
    "View": "view",
    "live_graph": "graph_live",
    "live_pipeline": "pipeline_live",
    "live_view": "live",
    "summarise": "summary",
    "watching": "graph_live",
    "watching_pipeline": "pipeline_live",
}

__all__ = [
    "Answer",
    "CheckpointReport",
    "CheckpointView",
    "GraphReport",
    "GraphView",
    "LiveGraph",
    "LiveView",
    "MetricsReport",
    "MetricsView",
    "PipelineReport",
    "PipelineView",
    "RecordView",
    "RunReport",
    "RunSummary",
    "RunView",
    "StepRow",
    "SuggestionsView",
    "TableView",
    "TextView",
    "View",
    "live_graph",
    "live_pipeline",
    "live_view",
    "summarise",
    "watching",
    "watching_pipeline",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.views' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
