"""Warming: import the heavy libraries behind the user's back, so that the first agent cell starts at once.

1. Only in a kernel, never in a terminal or a script; the setting `notebook.warm` turns it off.
2. A pause between imports: they hold the interpreter's lock in slices, and the user's own cells go first.
3. What fails to import here is not told: the verb that needs it will say so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib import import_module
from typing import Final

from ..config import glimpse

LIBRARIES: Final = (
    "click",
    "victor_nb.commands.group",
    "msgspec",
    "pydantic",
    "ipywidgets",
    "anywidget",
    "pydantic_ai",
    "victor_nb.agents",
    "victor_nb.views",
)
PAUSE_S: Final = 0.2


class Warming:
    """A daemon thread that imports modules one after the other; `stop` ends it between two."""

    def __init__(self, modules: Iterable[str] = LIBRARIES, pause_s: float = PAUSE_S) -> None:
        self._modules = tuple(modules)
        self._pause_s = pause_s
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self._import_all, name="victor-warming", daemon=True)

    def start(self) -> None:
        """Begin, after a first pause."""
        self.thread.start()

    def stop(self) -> None:
        """Import nothing more; does not wait."""
        self._stopped.set()

    def _import_all(self) -> None:
        if glimpse("notebook", "warm") is False:  # here and not at loading, which reads no file
            return
        for name in self._modules:
            if self._stopped.wait(self._pause_s):
                return
            try:
                import_module(name)
            except Exception:  # a broken library must not write into the user's notebook from a thread
                continue
