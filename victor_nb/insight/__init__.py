"""Reading the record: metrics, computed from the events of a journal alone.

1. Nothing here is told anything by the engine, and the engine knows nothing of it.
2. Importing this package imports no NumPy and no pandas; names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frames import metrics
    from .measures import AgentMetrics, StepMetrics
    from .measuring import Table, measured
    from .projection import Projection

_HOME = {
    "AgentMetrics": "measures",
    "Projection": "projection",
    "StepMetrics": "measures",
    "Table": "measuring",
    "measured": "measuring",
    "metrics": "frames",
}

__all__ = ["AgentMetrics", "Projection", "StepMetrics", "Table", "measured", "metrics"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.insight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
