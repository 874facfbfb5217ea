"""Reading the record: metrics and traces, computed from the events of a journal alone.

1. Nothing here is told anything by the engine, and the engine knows nothing of it.
2. Importing this package imports no NumPy, no pandas and nothing of OpenTelemetry; names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.insight.frames import metrics
    from victor_nb.insight.measures import AgentMetrics, StepMetrics
    from victor_nb.insight.measuring import Table, measured
    from victor_nb.insight.projection import Projection
    from victor_nb.insight.tracing import Tracing, trace, trace_id_of

_HOME = {
    "AgentMetrics": "measures",
    "Projection": "projection",
    "StepMetrics": "measures",
    "Table": "measuring",
    "Tracing": "tracing",
    "measured": "measuring",
    "metrics": "frames",
    "trace": "tracing",
    "trace_id_of": "tracing",
}

__all__ = [
    "AgentMetrics",
    "Projection",
    "StepMetrics",
    "Table",
    "Tracing",
    "measured",
    "metrics",
    "trace",
    "trace_id_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.insight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
