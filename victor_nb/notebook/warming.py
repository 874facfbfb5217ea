"""Warming: import the heavy libraries behind the user's back, so that the first agent cell starts at once.

1. Only in a kernel, never in a terminal or a script; the setting `notebook.warm` turns it off.
2. Nothing is imported while a cell runs. Two threads that import parts of one library at once can find it half made:
   Python breaks the deadlock between their import locks by handing out modules that are not finished.
3. What fails to import here is not told: the verb that needs it will say so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib import import_module
from typing import Final

from victor_nb.config import glimpse

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
        self._turn = threading.Condition()
        self._cells = 0
        self._is_importing = False
        self.thread = threading.Thread(target=self._import_all, name="victor-warming", daemon=True)

    def start(self) -> None:
        """Begin, after a first pause."""
        self.thread.start()

    def stop(self) -> None:
        """Import nothing more; does not wait."""
        self._stopped.set()
        with self._turn:
            self._turn.notify_all()

    def give_way(self, *_: object) -> None:
        """Wait for the import that is under way, and begin no other before the cell that begins now has run."""
        with self._turn:
            self._cells += 1
            self._turn.wait_for(lambda: not self._is_importing)

    def go_on(self, *_: object) -> None:
        """A cell has run; IPython says so of empty cells, too, which it did not announce."""
        with self._turn:
            self._cells = max(0, self._cells - 1)
            self._turn.notify_all()

    def _import_all(self) -> None:
        if glimpse("notebook", "warm") is False:  # here and not at loading, which reads no file
            return
        for name in self._modules:
            self._stopped.wait(self._pause_s)
            if not self._may_import():
                return
            try:
                import_module(name)
            except Exception:  # a broken library must not write into the user's notebook from a thread
                continue
            finally:
                self._has_imported()

    def _may_import(self) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._cells == 0 or self._stopped.is_set())
            self._is_importing = not self._stopped.is_set()
            return self._is_importing

    def _has_imported(self) -> None:
        with self._turn:
            self._is_importing = False
            self._turn.notify_all()
