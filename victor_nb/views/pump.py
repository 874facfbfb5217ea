"""Many events in, a few batches out: a thread that keeps a live view at a steady pace.

1. `put` never blocks and may be called from any thread; `deliver` is called from the pump's thread only, so whoever
   receives needs no order of its own.
2. The thread starts with the first item, and ends with `close`, after it has delivered what was put before.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
INTERVAL_S: Final = 1 / 30
_log = logging.getLogger(__name__)


class Pump(Generic[Item]):
    """Collects items and delivers them in batches, at most one batch an interval.

    Args:
        deliver: takes a batch, oldest first; an exception from it is logged and loses that batch only.
        interval_s: the least time between two batches; the first item of a quiet time goes at once.
    """

    def __init__(self, deliver: Callable[[list[Item]], None], interval_s: float = INTERVAL_S) -> None:
        self._deliver, self._interval_s = deliver, interval_s
        self._items: deque[Item] = deque()
        self._wake = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, item: Item) -> None:
        """Take one item; after `close` it is dropped."""
        with self._wake:
            if self._closing.is_set():
                return
            self._items.append(item)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="victor-view", daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self, timeout_s: float = 2.0) -> None:
        """Deliver what is left and end the thread; waits for it unless called from it."""
        with self._wake:
            self._closing.set()
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._deliver(batch)
            except Exception:  # a view must never end the run that it shows
                _log.exception("a batch of %d events was not shown", len(batch))
            self._closing.wait(self._interval_s)

    def _next(self) -> list[Item]:
        """Wait for items; an empty batch means that the pump is closed."""
        with self._wake:
            self._wake.wait_for(lambda: self._items or self._closing.is_set())
            batch = list(self._items)
            self._items.clear()
            return batch
