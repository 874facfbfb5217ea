"""Many notebooks: pipelines of notebooks that run as workflows.

Names resolve on first use, so that a kernel's processes import nothing of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .spec import Node, PipelineParameter, PipelineSpec, agent, compute, notebook, workflow

_HOME = {
    "Node": "spec",
    "PipelineParameter": "spec",
    "PipelineSpec": "spec",
    "agent": "spec",
    "compute": "spec",
    "notebook": "spec",
    "workflow": "spec",
}

__all__ = ["Node", "PipelineParameter", "PipelineSpec", "agent", "compute", "notebook", "workflow"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.pipelines' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
