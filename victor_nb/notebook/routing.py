"""Comm routing: one guarded override of something private in ipykernel 7.4.

From 7.4.0 on, the kernel sends a widget's messages to the shell that last wrote to the widget instead of the
subshell that the front end chose; written from a cell, that is the main shell, and a click waits until the cell ends.

1. Looked for, never required: kernels without the hook are left alone.
"""

from __future__ import annotations

from typing import Any, Final

_HOOK: Final = "_reply_subshell_for"


def honour_front_end(widget: Any) -> bool:
    """Let messages of `widget` go to the subshell that the front end names, as in 7.0 to 7.3; tell if it did."""
    comm = getattr(widget, "comm", None)
    if comm is None or not hasattr(comm, _HOOK):
        return False

    def chosen_by_front_end(data: object, default: str | None) -> str | None:
        return default

    setattr(comm, _HOOK, chosen_by_front_end)
    return True
