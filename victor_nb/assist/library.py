"""The documentation of packages in one index, read once for each version, shared by all projects and processes.

1. A package is written whole or not at all: a kill while it is read leaves nothing, and the next question reads it.
2. Its passages have keys that follow each other; what a question may find is a few ranges of keys, so that one index
   serves every choice of packages and every version at the speed of one.
3. Versions stay beside each other: two environments may ask for two of them. `forget` takes them away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.assist.installed import Wanted
from victor_nb.assist.reading import Entry, Progress, entries_of
from victor_nb.assist.shelves import clear, reading, writing
from victor_nb.journal.sizes import bytes_below
from victor_nb.retrieval.sources.documents import Piece, Prepared, Scalar, dumped
from victor_nb.retrieval.storing.arms import CANDIDATES
from victor_nb.retrieval.storing.shelf import Shelf
from victor_nb.retrieval.storing.store import Chunk

FORMAT: Final = 2
"""What is read out of packages and how it is written; a library of another format is read anew."""

_FACT: Final = "library"


@dataclass(frozen=True, slots=True)
class Known:
    """A package that was read.

    Attributes:
        stamp: its version, or for one that is being worked on a fingerprint of its files behind it.
        first, last: the keys of its passages; a package that says nothing has `last` before `first`.
        read_s: how long reading it took, in seconds.
    """

    name: str
    version: str
    stamp: str
    first: int
    last: int
    read_s: float

    @property
    def passages(self) -> int:
        """How many passages it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that a search brought, before it is ranked among those of other indexes.

    Attributes:
        score: of the search, 1 for its best.
        words: the score of the words in nats, so that indexes of different sizes can be compared; 0 if not found so.
        meaning: the cosine of the vectors; 0 if not found so.
    """

    chunk: Chunk
    score: float
    words: float
    meaning: float


class Library:
    """The packages that were read.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def opened(
        self, wanted: Sequence[Wanted], progress: Progress, on_wait: Callable[[], None] = lambda: None
    ) -> Iterator[Open]:
        """Open it with these packages read; those that are missing are read now.

        Raises: UnusableFile if the disk is full.
        """
        with reading(self.folder) as shelf:
            known = _known(shelf)
            if not _missing(known, wanted):
                yield Open(shelf, known)
                return
        with writing(self.folder, on_wait) as shelf:
            yield Open(shelf, _completed(shelf, wanted, progress))

    def read(self, wanted: Sequence[Wanted], progress: Progress, *, anew: bool = False) -> dict[str, Known]:
        """Read packages that are missing, or with `anew` all of these, and return everything that is known."""
        with writing(self.folder) as shelf:
            if anew:
                _forget(shelf, [each.name for each in wanted])
            return _completed(shelf, wanted, progress)

    def known(self) -> dict[str, Known]:
        """Return the packages that were read, by name and version."""
        with reading(self.folder) as shelf:
            return _known(shelf)

    def bytes(self) -> int:
        """Return what its files take."""
        return bytes_below(self.folder)

    def forget(self, names: Sequence[str]) -> int:
        """Take packages away, every version of them, and return how many passages that were."""
        with writing(self.folder) as shelf:
            return _forget(shelf, names)

    def clear(self) -> None:
        """Take everything away; the next question reads again what it needs."""
        clear(self.folder)


class Open:
    """The library while a question is answered."""

    def __init__(self, shelf: Shelf, known: Mapping[str, Known]) -> None:
        self._shelf, self.known = shelf, known

    def search(self, query: str, wanted: Sequence[Wanted], most: int = CANDIDATES) -> list[Candidate]:
        """Return what fits a query best among the passages of some packages."""
        return candidates(self._shelf, query, self._allowed(wanted), most)

    def named(self, names: Sequence[str], wanted: Sequence[Wanted]) -> list[Chunk]:
        """Return the passages of some names, those that are there."""
        ids = [f"{each.key}/{name}" for name in names for each in wanted if name.partition(".")[0] == each.name]
        return chunks_of(self._shelf, ids)

    def _allowed(self, wanted: Sequence[Wanted]) -> NDArray[np.bool_]:
        allowed = np.zeros(self._shelf.documents.next_key(), dtype=np.bool_)
        for each in wanted:
            if (known := self.known.get(each.key)) is not None:
                allowed[known.first : known.last + 1] = True
        return allowed


def candidates(shelf: Shelf, query: str, allowed: NDArray[np.bool_] | None, most: int) -> list[Candidate]:
    """Search one index, by words and by meaning, and say of each passage why."""
    ranking = shelf.arms.search(query, most, "hybrid", allowed)
    chunks = shelf.documents.chunks([key for key, *_ in ranking])
    best = max((score for _, score, *_ in ranking), default=0.0)
    nats = float(np.log1p(shelf.documents.next_key()))
    return [
        Candidate(
            chunks[key],
            score / best if best > 0 else 0.0,
            (words or 0.0) / nats,
            meaning or 0.0,
        )
        for key, score, words, meaning in ranking
    ]


def chunks_of(shelf: Shelf, ids: Sequence[str]) -> list[Chunk]:
    """Return the passages of documents that are there."""
    return [chunk for each in ids for chunk in shelf.documents.chunks_of(each)]


def _known(shelf: Shelf) -> dict[str, Known]:
    noted = shelf.documents.fact(_FACT)
    if not isinstance(noted, dict) or noted.get("format") != FORMAT:
        return {}
    return {key: Known(**value) for key, value in noted["packages"].items()}


def _note(shelf: Shelf, known: Mapping[str, Known]) -> None:
    packages = {key: {name: getattr(value, name) for name in Known.__slots__} for key, value in known.items()}
    shelf.documents.note(**{_FACT: {"format": FORMAT, "packages": packages}})


def _missing(known: Mapping[str, Known], wanted: Sequence[Wanted]) -> list[Wanted]:
    return [each for each in wanted if each.key not in known or known[each.key].stamp != each.stamp]


def _completed(shelf: Shelf, wanted: Sequence[Wanted], progress: Progress) -> dict[str, Known]:
    known = _known(shelf)
    if not known and shelf.documents.count()[0]:
        shelf.write(lambda: shelf.documents.remove(_ids(shelf, "")))
    for each in _missing(known, wanted):
        known[each.key] = shelf.write(lambda each=each, known=known: _written(shelf, each, known, progress))  # type: ignore[misc]
    return known


def _written(shelf: Shelf, wanted: Wanted, known: Mapping[str, Known], progress: Progress) -> Known:
    """Read one package and write it, inside a transaction."""
    begun = time.perf_counter()
    shelf.documents.remove(_ids(shelf, f"{wanted.key}/"))
    first = shelf.documents.next_key()
    for entry in entries_of(wanted.package, progress):
        shelf.documents.put(_prepared(entry, wanted))
    taken = round(time.perf_counter() - begun, 3)
    made = Known(wanted.name, wanted.version, wanted.stamp, first, shelf.documents.next_key() - 1, taken)
    _note(shelf, {**known, wanted.key: made})
    return made


def _prepared(entry: Entry, wanted: Wanted) -> Prepared:
    text = f"{entry.signature}\n\n{entry.said}" if entry.said else entry.signature
    inner = entry.name.removeprefix(f"{wanted.name}.")
    piece = Piece(text, entry.first, entry.last, (inner,), "text")
    origin: dict[str, Scalar] = {
        "package": wanted.name,
        "version": wanted.version,
        "defined": entry.defined,
        "weight": entry.weight,
        "module": entry.is_module,
    }
    return Prepared(f"{wanted.key}/{entry.name}", entry.name, entry.path, dumped(origin), (piece,))


def _forget(shelf: Shelf, names: Sequence[str]) -> int:
    known = _known(shelf)
    gone = [key for key, value in known.items() if value.name in names]

    def change() -> int:
        removed = sum(shelf.documents.remove(_ids(shelf, f"{key}/")) for key in gone)
        _note(shelf, {key: value for key, value in known.items() if key not in gone})
        return removed

    return shelf.write(change) if gone else 0


def _ids(shelf: Shelf, begin: str) -> list[str]:
    rows = shelf.documents.database.run("SELECT id FROM documents WHERE substr(id, 1, ?) = ?", len(begin), begin)
    return [row[0] for row in rows.fetchall()]
