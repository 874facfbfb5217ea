"""Opening an index for the moment of a question, so that many processes share one.

1. Whoever writes has it alone; whoever only reads waits a moment for that, and then reads beside it.
2. Everything in it was read from somewhere: one that is damaged, or of a later version, is taken away and read again.
3. In one process one question is answered at a time; threads wait for each other.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from victor_nb.retrieval.errors import CorruptIndex, IndexInUse, NewerIndex, UnusableFile
from victor_nb.retrieval.storing.database import wipe
from victor_nb.retrieval.storing.shelf import Shelf

Result = TypeVar("Result")

PATIENCE_S: Final = 1.0
"""How long a reader waits for a writer before it reads beside it."""
WRITERS_PATIENCE_S: Final = 120.0
"""How long a writer waits: another process may be reading large packages."""
_NAP_S: Final = 0.02

_LOCKS: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)


@contextmanager
def writing(folder: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[Shelf]:
    """Open an index alone, and let go of it at the end.

    Args:
        on_wait: called once if another process has it open.
    Raises: IndexInUse after two minutes; UnusableFile.
    """
    with _LOCKS[folder]:
        shelf = _alone(folder, WRITERS_PATIENCE_S, on_wait)
        try:
            yield shelf
        finally:
            shelf.close()


@contextmanager
def reading(folder: Path) -> Iterator[Shelf]:
    """Open an index to search it; beside a process that writes to it if need be."""
    with _LOCKS[folder]:
        try:
            shelf = _alone(folder, PATIENCE_S, lambda: None)
        except (IndexInUse, UnusableFile):
            shelf = Shelf(folder, None, read_only=True)
        try:
            with shelf.consulted():
                yield shelf
        finally:
            shelf.close()


def clear(folder: Path) -> None:
    """Take an index away as soon as nobody has it alone. Raises: IndexInUse after two minutes; UnusableFile."""
    with _LOCKS[folder]:
        _in_turn(lambda: wipe(folder), WRITERS_PATIENCE_S, _nothing)


def _alone(folder: Path, patience_s: float, on_wait: Callable[[], None]) -> Shelf:
    return _in_turn(lambda: _opened(folder), patience_s, on_wait)


def _in_turn(work: Callable[[], Result], patience_s: float, on_wait: Callable[[], None]) -> Result:
    given_up = time.monotonic() + patience_s
    while True:
        try:
            return work()
        except IndexInUse:
            if time.monotonic() >= given_up:
                raise
        on_wait()
        on_wait = _nothing
        # Another process has the lock for the time of one question: no event can be waited for, and turns are short.
        time.sleep(random.uniform(_NAP_S / 4, _NAP_S))


def _nothing() -> None:
    """Say nothing a second time."""


def _opened(folder: Path) -> Shelf:
    try:
        return Shelf(folder, None)
    except (CorruptIndex, NewerIndex):
        wipe(folder)
        return Shelf(folder, None)
