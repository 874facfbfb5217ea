"""What goes and what stays: old runs leave the journal, and what is remembered of them are numbers.

1. Nothing is removed that was not asked for: the first look only tells, and a run that may go on stays.
2. A clearance that is killed leaves everything consistent; the next one goes on.
3. Names resolve on first use: importing this package imports no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.retention.asking import gc
    from victor_nb.retention.clearance import Clearance, Group
    from victor_nb.retention.policy import Policy

_HOME = {"Clearance": "clearance", "Group": "clearance", "Policy": "policy", "gc": "asking"}

__all__ = ["Clearance", "Group", "Policy", "gc"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.retention' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
