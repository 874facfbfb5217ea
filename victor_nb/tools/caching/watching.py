"""Watching: a thread that forgets results as soon as a file changes that they were made from.

1. The system tells what changed (watchfiles); whether a result is old is decided as it is at use. So what is watched
   can be late, or say too much, and still nothing wrong is given: an answer never relies on it.
2. The project's folders of files that results depend on are watched, and nothing below them that nobody read. What lies
   elsewhere (`/`, shared data) is left to the look at use.
3. It ends with its cache, and by itself when nothing is kept.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from victor_nb.tools.caching.entry import staleness
from victor_nb.tools.caching.observing import unobserved

if TYPE_CHECKING:
    from victor_nb.tools.caching.storing import ToolStore

OnForgotten = Callable[[int], object]

LOOK_MS: Final = 500
"""How often it looks whether other folders are to be watched, and whether it is to stop."""
MOST_FOLDERS: Final = 2_000
"""More are not watched: systems allow only so many, for all programs together."""


class CacheWatch:
    """Follows the files of a store's entries until it is stopped.

    Args:
        on_forgotten: is told how many results were forgotten, in the watching thread.
    """

    def __init__(self, store: ToolStore, on_forgotten: OnForgotten | None = None) -> None:
        self._store = weakref.ref(store)
        self._on_forgotten = on_forgotten
        self._stop, self._is_watching = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="victor-cache-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until it has; doing so twice is allowed."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it watches what is kept now; tell whether it does."""
        return self._is_watching.wait(timeout_s)

    @property
    def is_running(self) -> bool:
        """Whether it still follows."""
        return self._thread.is_alive()

    def _run(self) -> None:
        with unobserved():
            while not self._stop.is_set():
                folders = self._folders()
                if not folders:
                    return
                self._watch(folders)

    def _watch(self, folders: set[Path]) -> None:
        """Watch these folders until there are others."""
        from watchfiles import watch

        try:
            for changed in watch(
                *folders,
                watch_filter=None,
                stop_event=self._stop,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                recursive=False,
                ignore_permission_denied=True,
                debug=False,
            ):
                # What changed before the watching began is found by looking at everything once.
                self._forget(
                    self._store_paths() if not self._is_watching.is_set() else map(os.fsencode, _paths(changed))
                )
                self._is_watching.set()
                if self._folders() != folders:
                    self._is_watching.clear()
                    return
        except OSError:  # a folder went away before it could be watched
            self._stop.wait(LOOK_MS / 1000)

    def _forget(self, paths: Iterable[bytes]) -> None:
        store = self._store()
        if store is None:
            self._stop.set()
            return
        around = {place for path in paths for place in (path, os.path.dirname(path))}
        looked = {kept.id: staleness(kept) for place in around for kept in store.with_path(place)}
        if old := {number: why for number, why in looked.items() if why}:
            store.drop(old)
            if self._on_forgotten is not None:
                self._on_forgotten(len(old))

    def _store_paths(self) -> list[bytes]:
        store = self._store()
        return store.paths() if store is not None else []

    def _folders(self) -> set[Path]:
        """The folders of the project that are there, of everything that results depend on."""
        store = self._store()
        root = store.path.parent.parent if store is not None else Path()
        found: set[Path] = set()
        for path in self._store_paths():
            place = Path(os.fsdecode(path if os.path.isdir(path) else os.path.dirname(path)))
            if len(found) < MOST_FOLDERS and place.is_relative_to(root) and place.is_dir():
                found.add(place)
        return found


def _paths(changed: Iterable[tuple[object, str]]) -> Iterable[str]:
    return [path for _, path in changed]
