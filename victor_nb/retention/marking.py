"""Marking: which blobs the runs of a journal refer to, also by way of other blobs.

1. What looks like a reference counts as one: a blob may stay too long, and never goes too early.
2. A journal of any size is read a window at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from victor_nb.journal.disposal import names_in
from victor_nb.journal.rows import Head
from victor_nb.journal.store import Store

EVENTS_AT_ONCE: Final = 2000
BYTES_AT_ONCE: Final = 16 * 1024 * 1024


class References:
    """What refers to what, as it was when this was made.

    Attributes:
        sizes: every blob with the bytes that it takes.
    """

    def __init__(self, store: Store, heads: Sequence[Head]) -> None:
        self.sizes = store.disposal.blobs()
        self._direct = _direct(store, heads) if self.sizes else {}
        self._inside = dict(_inside(store, self.sizes))

    def of(self, number: int) -> set[str]:
        """Return the blobs that a run needs."""
        return self._with_inner(self._direct.get(number, ()))

    def unneeded(self, going: Iterable[int]) -> set[str]:
        """Return the blobs that no run needs once some have gone."""
        gone = frozenset(going)
        needed = self._with_inner(
            name for number, names in self._direct.items() if number not in gone for name in names
        )
        return self.sizes.keys() - needed

    def _with_inner(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._inside.get(name, ()))
        return found


def windows(heads: Sequence[Head]) -> Iterator[tuple[int, int, int, int]]:
    """Yield what to read at a time: first and last run, after which of their events and through which one."""
    together: list[int] = []
    count = 0
    for head in heads:
        if together and count + head.newest > EVENTS_AT_ONCE:
            yield together[0], together[-1], 0, EVENTS_AT_ONCE
            together, count = [], 0
        if head.newest > EVENTS_AT_ONCE:
            for after in range(0, head.newest, EVENTS_AT_ONCE):
                yield head.number, head.number, after, after + EVENTS_AT_ONCE
        else:
            together.append(head.number)
            count += head.newest
    if together:
        yield together[0], together[-1], 0, EVENTS_AT_ONCE


def _direct(store: Store, heads: Sequence[Head]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for first, last, after, through in windows(heads):
        for number, raw in store.disposal.referring(first, last, after=after, through=through):
            found[number] |= names_in(raw)
    return dict(found)


def _inside(store: Store, sizes: Mapping[str, int]) -> Iterator[tuple[str, set[str]]]:
    for names in _portions(sizes):
        for name, content in store.disposal.nesting(names):
            yield name, names_in(content)


def _portions(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, bytes in sizes.items():
        if names and size + bytes > BYTES_AT_ONCE:
            yield names
            names, size = [], 0
        names.append(name)
        size += bytes
    if names:
        yield names
