"""Kernels that start in a few hundredths of a second, are as isolated as any, and never outlive their runner.

1. `kernel_manager_class` is the door: what it returns goes to papermill or nbclient as their `kernel_manager_class`.
2. Warm is an optimisation of cold: whatever a fork cannot do exactly as a plain start would, a plain start does.
3. Parts of this package run in processes that hold nobody else's imports: names resolve on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.pipelines.kernels.errors import KernelDied, UnknownKernels
    from victor_nb.pipelines.kernels.exits import KernelExit
    from victor_nb.pipelines.kernels.fork_server import close_zygotes, prepare
    from victor_nb.pipelines.kernels.lazy_grammars import defer_grammars
    from victor_nb.pipelines.kernels.manager import BatchKernelManager, Kernels, kernel_manager_class
    from victor_nb.pipelines.kernels.static_imports import Import, notebook_imports

_HOME = {
    "BatchKernelManager": "manager",
    "Import": "static_imports",
    "KernelDied": "errors",
    "KernelExit": "exits",
    "Kernels": "manager",
    "UnknownKernels": "errors",
    "close_zygotes": "fork_server",
    "defer_grammars": "lazy_grammars",
    "kernel_manager_class": "manager",
    "notebook_imports": "static_imports",
    "prepare": "fork_server",
}

__all__ = [
    "BatchKernelManager",
    "Import",
    "KernelDied",
    "KernelExit",
    "Kernels",
    "UnknownKernels",
    "close_zygotes",
    "defer_grammars",
    "kernel_manager_class",
    "notebook_imports",
    "prepare",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
