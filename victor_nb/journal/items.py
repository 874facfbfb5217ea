"""Items: what is kept beside the runs and outlives them; the seam under long-term memory.

1. A store knows names, bytes, words and times; what an item means, who may see it and which is best is decided above.
2. Several changes are one transaction: all of them are there, or none is.
3. An item whose time is over is never returned, whether or not it has been removed already.
4. An item holds everything that belongs to it, so that one that is removed leaves nothing behind.

Place: the labels of a namespace, each followed by LABEL_END, so that one range of places is a namespace with
everything below it. A place that begins with ROOM is in a part of the store that is not found from "".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

LABEL_END: Final = "\x1f"
ROOM: Final = "\x01"
AFTER_LABEL_END: Final = "\x20"
"""Greater than LABEL_END, and no label holds anything smaller: where the range of a namespace ends."""

FOREVER: Final = 0.0
"""As the end of an item's time, or as its length."""

SWEPT_AT_ONCE: Final = 50
"""A write takes away at most so many items whose time is over, so that it stays short."""


class ItemRow(NamedTuple):
    """An item as a store keeps it.

    Attributes:
        place, name: its namespace (see the module) and its key; together they identify it.
        raw: its value.
        parts: the blobs that the value needs; empty if it needs none.
        words: what it is found by, separated by spaces.
        vector, embedder: the same as numbers, and who made them; empty if nobody did.
        version: changes whenever the value does, and never comes back.
        expires: when its time is over, in seconds since the epoch; FOREVER if never.
        ttl_s: how long that was from its writing.
    """

    place: str
    name: str
    raw: bytes
    parts: bytes
    words: str
    vector: bytes
    embedder: str
    version: str
    created: float
    updated: float
    expires: float
    ttl_s: float


class Removal(NamedTuple):
    """An item that is to be removed."""

    place: str
    name: str


Change = ItemRow | Removal


class Items(Protocol):
    """The items of a store; see the module's rules. `now` is in seconds since the epoch. Usable from any thread."""

    def write(self, changes: Sequence[Change], now: float) -> None:
        """Make the last change of each item, in order; one that was there before keeps its `created`.

        Some items whose time is over are taken away along the way.
        """

    def swap(self, row: ItemRow, expected: str, now: float) -> bool:
        """Write `row` if the item's version is still `expected` ("": there is none); return whether it was."""

    def get(self, place: str, name: str, now: float) -> ItemRow | None: ...

    def below(self, place: str, now: float, *, limit: int | None, offset: int) -> list[ItemRow]:
        """Return the items of a namespace and of those below it, the last written first."""

    def with_words(self, place: str, words: Sequence[str], now: float, limit: int) -> list[ItemRow]:
        """Return items, at or below a place, that have one of `words`; the likeliest where there are too many."""

    def places(self, now: float) -> list[str]:
        """Return the places that hold an item, sorted."""

    def prolong(self, rows: Sequence[ItemRow], now: float) -> None:
        """Let the time of these items begin anew, those without an end left as they are."""

    def describe(self, rows: Sequence[ItemRow]) -> None:
        """Keep the vectors of items that have not changed since they were read."""

    def sweep(self, now: float) -> int:
        """Remove every item whose time is over; return how many there were."""


def last_of(changes: Sequence[Change]) -> list[Change]:
    """Return the last change of each item, in the order in which those came."""
    found: dict[tuple[str, str], Change] = {}
    for change in changes:
        found.pop((change.place, change.name), None)
        found[change.place, change.name] = change
    return list(found.values())


def start_of(place: str) -> str:
    """Return the first text that may be `place` or below it."""
    return place or AFTER_LABEL_END


def end_of(place: str) -> str:
    """Return the first text after every place that is `place` or below it."""
    return place[:-1] + AFTER_LABEL_END if place else "\U0010ffff"


def is_over(row: ItemRow, now: float) -> bool:
    """Whether the item's time is over."""
    return row.expires != FOREVER and row.expires <= now
