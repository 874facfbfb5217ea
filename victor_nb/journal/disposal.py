"""Taking runs out of a journal, and what is kept of them: the seam under retention.

1. A store knows rows, bytes and numbers; which runs go, and what is remembered of them, is decided above.
2. A run goes whole and at one stroke with what is remembered of it: whoever reads finds the one or the other, never
   both and never neither. Its events, which nobody can find any more, are cleared away after that, a few at a time.
3. A run that changed since it was looked at stays, and so does one that is pinned or that another one is built on.
4. The number of a run is never given again: what a killed process left behind belongs to nobody else.
5. Each method is one short transaction or a read; a process may be killed between any two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from victor_nb.journal.rows import Head

REFERENCES: Final = (b'"blob"', b'"$json"')
"""What stands before the name of a blob in everything that refers to one."""

_REFERENCE: Final = re.compile(rb'(?:blob|json)[\\":\s]{3,12}([0-9a-f]{32})')
"""Also inside a text that holds JSON: taking too much for a reference keeps a blob, taking too little loses one."""


_BEGINNINGS: Final = (b"{", b"[", b'"', b"\xff\xff\xff\xff", b"ARROW1")
"""Of JSON, and of Arrow's two formats."""


def may_nest(beginning: bytes) -> bool:
    """Whether a blob that begins so may refer to others: JSON and tables do, arrays and bytes do not."""
    return beginning.startswith(_BEGINNINGS)


def names_in(content: bytes) -> set[str]:
    """Return the names of blobs that a body, a request or a blob refers to."""
    return {name.decode() for name in _REFERENCE.findall(content)}


class Summary(NamedTuple):
    """What is remembered of runs that are gone; the store does not read it."""

    number: int
    content: bytes


class Remains(NamedTuple):
    """What a journal holds at one moment, for who has read it before.

    Attributes:
        generation: changes whenever a run is removed or a summary changes.
        numbers: of all runs that are there.
        summaries: of all that are gone.
    """

    generation: int
    numbers: frozenset[int]
    summaries: tuple[Summary, ...]


class Disposal(Protocol):
    """How runs leave a store; see the module's rules."""

    def remains(self, generation: int) -> Remains | None:
        """Return what is there, all from one moment; None where nothing was removed since `generation`."""

    def remove(self, heads: Sequence[Head], summary: bytes) -> list[int]:
        """Remove runs and remember `summary` in their place, if each is as its head says.

        Returns: the numbers of those that must stay now; if there is one, nothing was done.
        """

    def merge(self, old: Collection[int], new: bytes) -> bool:
        """Put one summary in the place of several, unless one of those is gone; return whether that was done."""

    def children(self) -> dict[str, frozenset[str]]:
        """Return by run those that are built on it."""

    def weights(self, first: int, last: int) -> dict[int, int]:
        """Return by number how many bytes the events of each run from `first` to `last` take."""

    def orphans(self) -> list[int]:
        """Return the numbers of runs that are gone and of which events are left."""

    def clear(self, number: int, most: int) -> int:
        """Delete at most so many events of a run that is gone; return how many bytes that were, 0 at the end."""

    def referring(self, first: int, last: int, *, after: int, through: int) -> Iterator[tuple[int, bytes]]:
        """Yield, with the number of their run, bodies that may refer to blobs; requests too where `after` is 0."""

    def blobs(self) -> dict[str, int]:
        """Return every blob with the number of bytes that it takes."""

    def nesting(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield those of some blobs, with their content, that may refer to others."""

    def drop_blobs(self, names: Sequence[str], first: int, seen: dict[int, int]) -> tuple[int, int] | None:
        """Delete blobs that nothing refers to.

        Args:
            first: the greatest number of a run when references were looked for.
            seen: runs that could go on then, with the number of their last event.
        Returns: how many, and their bytes; None, and nothing is done, where something was written since then that
            refers to one of them.
        """

    def pin(self, run_id: str, now: float) -> bool:
        """Keep a run until it is unpinned; return whether there is such a run."""

    def unpin(self, run_id: str) -> bool:
        """Let a run go again; return whether it was pinned."""

    def pinned(self) -> frozenset[str]:
        """Return the ids of pinned runs."""

    def give_back(self) -> int | None:
        """Give a little of the room that is free inside to the file system; return how many bytes, 0 at the end.

        None where that cannot be: the store's own housekeeping does it, or the store has to be written anew.
        """

    def rewrite(self) -> int | None:
        """Write the whole store anew without what is free in it; return how many bytes that gave back."""

    def free_bytes(self) -> int:
        """Return how much room inside the store is free for what is written next."""
