"""Many notebooks: pipelines of notebooks that run as workflows.

Names resolve on first use, so that a kernel's processes import nothing of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import InvalidPipeline
    from .failures import PipelineChanged, PipelineFailed, WrongValue
    from .pipeline import Pipeline
    from .results import NodeResult, PipelineResult
    from .settings import PipelineOptions
    from .spec import Node, PipelineParameter, PipelineSpec, agent, compute, notebook, workflow

_HOME = {
    "InvalidPipeline": "errors",
    "Node": "spec",
    "NodeResult": "results",
    "Pipeline": "pipeline",
    "PipelineChanged": "failures",
    "PipelineFailed": "failures",
    "PipelineOptions": "settings",
    "PipelineParameter": "spec",
    "PipelineResult": "results",
    "PipelineSpec": "spec",
    "WrongValue": "failures",
    "agent": "spec",
    "compute": "spec",
    "notebook": "spec",
    "workflow": "spec",
}

__all__ = [
    "InvalidPipeline",
    "Node",
    "NodeResult",
    "Pipeline",
    "PipelineChanged",
    "PipelineFailed",
    "PipelineOptions",
    "PipelineParameter",
    "PipelineResult",
    "PipelineSpec",
    "WrongValue",
    "agent",
    "compute",
    "notebook",
    "workflow",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.pipelines' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
