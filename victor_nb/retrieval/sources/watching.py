"""Watching: a thread that updates an index when files change.

1. The system tells what changed (watchfiles); what that means is decided by the same update as always.
2. A place that goes away is waited for, and its documents are kept until it is there again.
3. An error of ours (a full disk) does not end the watching: it is kept, and the next change tries again.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from victor_nb.errors import VictorError
from victor_nb.retrieval.errors import ClosedIndex
from victor_nb.retrieval.sources.folders import IGNORING, SKIPPED_FOLDERS
from victor_nb.retrieval.sources.source import Changes
from victor_nb.tools.builtin.confinement import is_private

if TYPE_CHECKING:
    from victor_nb.retrieval.index import Index

OnChange: TypeAlias = Callable[[Changes], object]

LOOK_MS: Final = 500
"""How often it looks whether places came or went, and whether it is to stop."""


class Watch:
    """Follows an index's places until it is stopped; ends by itself when the index is closed or gone.

    Attributes:
        problem: the error of the last update, or None if that went well.
    """

    def __init__(self, index: Index, on_change: OnChange | None = None) -> None:
        self._index = weakref.ref(index)
        self._on_change = on_change
        self._stop = threading.Event()
        self.problem: VictorError | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="victor-index-watch", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Stop, and wait until it has; doing so twice is allowed."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether it still follows."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and (places := self._places()) is not None:
                self._watch(places)
        finally:
            self._ready.set()

    def _watch(self, places: set[Path]) -> None:
        """Watch these places until others are there, updating at first: something may have changed in between."""
        from watchfiles import Change, watch

        there = identities(places)
        if not there:
            self._update()
            self._ready.set()
            self._stop.wait(LOOK_MS / 1000)
            return
        is_first = True
        try:
            for changed in watch(
                *there,
                watch_filter=self._matters,
                stop_event=self._stop,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
                debug=False,
            ):
                if changed or is_first:
                    self._update()
                is_first = False
                self._ready.set()
                gone = any(change is Change.deleted and Path(path) in there for change, path in changed)
                if gone or (now := self._places()) is None or identities(now) != there:
                    return
        except OSError:  # a place went away before it could be watched
            self._stop.wait(LOOK_MS / 1000)

    def _matters(self, _: object, path: str) -> bool:
        """Answer whether a change can be one of a document; what the index itself writes is none."""
        index = self._index()
        changed = Path(path)
        if index is None or (index.path is not None and changed.is_relative_to(index.path)):
            return False
        inside = [changed.relative_to(each).parts for each in self._places() or () if changed.is_relative_to(each)]
        return any(
            parts == ()
            or parts[-1] == IGNORING
            or not any(is_private(part) or part in SKIPPED_FOLDERS for part in parts)
            for parts in inside
        )

    def _update(self) -> None:
        index = self._index()
        if index is None:
            return
        try:
            changes = index.update()
        except ClosedIndex:
            self._stop.set()
        except VictorError as problem:
            self.problem = problem
        else:
            self.problem = None
            if changes and self._on_change is not None:
                self._on_change(changes)

    def _places(self) -> set[Path] | None:
        """Return what there is to watch; None when the index is closed or gone."""
        index = self._index()
        if index is None:
            return None
        try:
            return {place for source in index.follows() if (place := source.watched()) is not None}
        except ClosedIndex:
            return None


def identities(places: set[Path]) -> dict[Path, tuple[int, int]]:
    """Return which folder or file each place is now; one that was put in place of another is not the same."""
    found: dict[Path, tuple[int, int]] = {}
    for place in places:
        with suppress(OSError):
            state = place.stat()
            found[place] = (state.st_dev, state.st_ino)
    return found
