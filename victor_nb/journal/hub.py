"""Who is listening inside this process: events reach callbacks at once, in the order of the journal.

A listener runs on the writer's thread and may only note what it heard; one that raises is dropped, because a view
must never be able to stop the run that it shows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from victor_nb.journal.events import Event

Listener = Callable[[Event], None]


class Hub:
    """The listeners of one journal: those of one run, and those of every run."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[Listener, ...]] = {}
        self._of_all: tuple[Listener, ...] = ()
        self._lock = threading.Lock()

    def connect(self, run_id: str, listener: Listener) -> Callable[[], None]:
        """Add a listener; call the result to take it away again."""
        with self._lock:
            self._listeners[run_id] = (*self._listeners.get(run_id, ()), listener)
        return lambda: self._disconnect(run_id, listener)

    def connect_to_all(self, listener: Listener) -> Callable[[], None]:
        """Add a listener to every run, those to come included; call the result to take it away again."""
        with self._lock:
            self._of_all = (*self._of_all, listener)
        return lambda: self._disconnect_from_all(listener)

    def _disconnect_from_all(self, listener: Listener) -> None:
        with self._lock:
            left = list(self._of_all)
            if listener in left:
                left.remove(listener)
            self._of_all = tuple(left)

    def _disconnect(self, run_id: str, listener: Listener) -> None:
        with self._lock:
            left = list(self._listeners.get(run_id, ()))
            if listener in left:
                left.remove(listener)  # once: whoever connected twice is still there
            if left:
                self._listeners[run_id] = tuple(left)
            else:
                self._listeners.pop(run_id, None)

    def is_heard(self, run_id: str) -> bool:
        """Whether anybody listens to the run, so that building an event is worth while."""
        return bool(self._of_all) or run_id in self._listeners

    def publish(self, event: Event) -> None:
        """Hand an event to everybody who listens to its run, or to all."""
        for listener in self._listeners.get(event.run_id, ()):
            if not self._is_taken(listener, event):
                self._disconnect(event.run_id, listener)
        for listener in self._of_all:
            if not self._is_taken(listener, event):
                self._disconnect_from_all(listener)

    def _is_taken(self, listener: Listener, event: Event) -> bool:
        try:
            listener(event)
        except Exception:
            logging.getLogger(__name__).exception("a listener of run %s failed and was dropped", event.run_id)
            return False
        return True
