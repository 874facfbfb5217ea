"""Nearest vectors in NumPy: every score is exact, as in `accelerate/core/src/dense`, and a test holds them equal.

1. Vectors are kept normalized as 32-bit floats; a score is their product summed in 64 bits.
2. Equal scores come in the order of keys.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.twin import files
from victor_nb.retrieval.core.types import Found, IndexStats
from victor_nb.retrieval.errors import BadVectors

NAME = "dense.npz"
WIDEST = 65_536
ROUNDING = 1e-4
"""More than a sum of 32-bit products can be off: whoever is closer to the k-th best is scored in 64 bits."""


def normalized(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows at length 1; rows of zeros stay."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    return (wide / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


class Dense:
    """Vectors of one dimension in an array that grows."""

    def __init__(self, folder: Path | None, dimension: int) -> None:
        if not 1 <= dimension <= WIDEST:
            raise BadVectors(f"a dimension of {dimension} is not between 1 and {WIDEST}")
        self._folder, self._dimension = folder, dimension
        self._rows = np.zeros((0, dimension), np.float32)
        self._keys = array("Q")
        self._dead: set[int] = set()
        self._next_key, self._mark, self._flushed = 0, 0, 0

    @classmethod
    def open(cls, folder: Path, dimension: int) -> Dense:
        """Open what `flush` wrote, or start anew.

        Raises: BadVectors if it has vectors of another dimension; CorruptIndex if the file is damaged.
        """
        found = cls(folder, dimension)
        if (stored := files.read(folder / NAME)) is not None:
            found._restore(stored)
        return found

    @classmethod
    def create(cls, folder: Path, dimension: int) -> Dense:
        """Start an empty index in a folder; what was there is removed."""
        (folder / NAME).unlink(missing_ok=True)
        return cls(folder, dimension)

    @classmethod
    def in_memory(cls, dimension: int) -> Dense:
        """Start an empty index without files."""
        return cls(None, dimension)

    def add(self, keys: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add vectors, a row each, under keys that only grow; all or none.

        Raises: BadVectors for a wrong shape or a number that is not finite; ValueError for a key that does not grow.
        """
        rows = self._checked(vectors, len(keys))
        for before, key in zip([self._next_key - 1, *keys], keys, strict=False):
            if key <= before:
                raise ValueError(f"key {key} comes after key {before}; keys only grow")
        needed = len(self._keys) + len(rows)
        if needed > len(self._rows):
            grown = np.zeros((max(needed, 2 * len(self._rows)), self._dimension), np.float32)
            grown[: len(self._keys)] = self._rows[: len(self._keys)]
            self._rows = grown
        self._rows[len(self._keys) : needed] = normalized(rows)
        self._keys.extend(keys)
        if keys:
            self._next_key = keys[-1] + 1

    def _checked(self, vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
        if rows.size != count * self._dimension or (count and rows.shape[1] != self._dimension):
            raise BadVectors(f"{rows.shape} is not the shape of {count} vectors of dimension {self._dimension}")
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            raise BadVectors(f"vector {int(np.argmin(finite))} holds a number that is not finite")
        return rows.reshape(count, self._dimension)

    def delete(self, keys: Sequence[int]) -> int:
        """Delete vectors by key and return how many were there."""
        stored = np.array(self._keys, dtype=np.uint64)
        before = len(self._dead)
        for key in keys:
            at = int(np.searchsorted(stored, np.uint64(key)))
            if at < len(stored) and stored[at] == key:
                self._dead.add(at)
        return len(self._dead) - before

    def search(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return keys and cosines of the nearest `k`; `allowed[key]` says which may be found.

        Raises: BadVectors for a wrong dimension or a number that is not finite.
        """
        query = normalized(self._checked(vector, 1))[0]
        rows = self._rows[: len(self._keys)]
        docs = np.flatnonzero(self._permitted(allowed))
        if k <= 0 or not len(docs):
            return []
        rough = (rows @ query)[docs]
        if len(docs) > k:
            floor = np.partition(rough, len(docs) - k)[len(docs) - k] - ROUNDING
            docs = docs[rough >= floor]
        scores = (rows[docs].astype(np.float64) * query.astype(np.float64)).sum(axis=1).astype(np.float32)
        order = np.argsort(-scores, kind="stable")[:k]
        keys = np.array(self._keys, dtype=np.uint64)[docs[order]]
        return list(zip(keys.tolist(), scores[order].astype(np.float64).tolist(), strict=True))

    def scores(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Do as `search`: here both are the same."""
        return self.search(vector, k, allowed)

    def search_exactly(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Do as `search`, which is exact here."""
        return self.search(vector, k, allowed)

    def search_many(
        self, vectors: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[Found]:
        """Do many searches, a row each."""
        return [self.search(vector, k, allowed) for vector in np.atleast_2d(vectors)]

    def _permitted(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        permitted = np.ones(len(self._keys), dtype=np.bool_)
        if allowed is not None:
            keys = np.array(self._keys, dtype=np.uint64)
            within = keys < len(allowed)
            permitted[:] = False
            permitted[within] = allowed[keys[within]]
        permitted[list(self._dead)] = False
        return permitted

    def merge(self) -> bool:
        """Do nothing: there is one segment only."""
        return False

    def compact(self) -> None:
        """Drop the deleted vectors."""
        keep = self._permitted(None)
        self._rows = self._rows[: len(self._keys)][keep]
        self._keys = array("Q", np.array(self._keys, dtype=np.uint64)[keep].tobytes())
        self._dead.clear()

    def flush(self, mark: int) -> None:
        """Make everything durable, if there is a folder; `mark` is kept for the owner.

        Raises: UnusableFile if the file cannot be written; then the old one stays.
        """
        self._mark, self._flushed = mark, len(self._keys)
        if self._folder is not None:
            files.write(
                self._folder / NAME,
                {
                    "numbers": np.array([self._next_key, self._mark], dtype=np.uint64),
                    "keys": np.array(self._keys, dtype=np.uint64),
                    "dead": np.array(sorted(self._dead), dtype=np.uint32),
                    "rows": self._rows[: len(self._keys)],
                },
            )

    def _restore(self, stored: dict[str, NDArray[np.generic]]) -> None:
        rows = stored["rows"].astype(np.float32)
        if rows.shape[1] != self._dimension:
            raise BadVectors(f"the index has vectors of dimension {rows.shape[1]}, not {self._dimension}")
        self._rows, self._keys = rows, array("Q", stored["keys"].tobytes())
        self._next_key, self._mark = (int(number) for number in stored["numbers"].astype(np.uint64))
        self._dead = set(stored["dead"].astype(np.int64).tolist())
        self._flushed = len(self._keys)

    def verify(self) -> None:
        """Do nothing: the file was read whole, with its checksums, when it was opened."""

    def stats(self) -> IndexStats:
        """Say how large the index is."""
        return IndexStats(
            documents=len(self._keys),
            dead=len(self._dead),
            segments=int(self._flushed > 0),
            tail=len(self._keys) - self._flushed,
            bytes=self._flushed * self._dimension * 4,
            next_key=self._next_key,
            mark=self._mark,
        )
