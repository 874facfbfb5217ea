"""The mail of one execution: read from the store once, seen by everybody who works inside the run.

Several agents can work in one run, and a decision that is meant for one of them may be fetched by another.
"""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from victor_nb.journal.codec import from_json
from victor_nb.journal.store import Store

Signal = tuple[str, dict[str, object]]


class SharedMail:
    """What was sent to a run, oldest first."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run_id = store, run_id
        self._all: list[Signal] = []
        self._read: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def new_for(self, reader: object) -> list[Signal]:
        """Return what `reader` has not seen yet."""
        with self._lock:
            self._all += [(name, from_json(raw)) for name, raw in self._store.take_mail(self._run_id)]
            new = self._all[self._read.get(reader, 0) :]
            self._read[reader] = len(self._all)
        return new
