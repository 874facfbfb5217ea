"""What the nodes of a pipeline need of each other, and all that is wrong with a pipeline as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.pipelines.inference.findings import Keys, Locate
    from victor_nb.pipelines.inference.needs import Dependencies, dependencies

_HOME = {"Dependencies": "needs", "Keys": "findings", "Locate": "findings", "dependencies": "needs"}

__all__ = ["Dependencies", "Keys", "Locate", "dependencies"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.pipelines.inference' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
