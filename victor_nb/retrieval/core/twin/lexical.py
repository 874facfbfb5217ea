"""BM25 in NumPy: the same sums as `accelerate/core/src/lexical`, and a test holds them equal.

1. A score is a sum of whole steps: `floor(weight * tf / (tf + K))` for each term in 32-bit floats, at least 1, where K
   depends on the class of the document's length; a step is 2**-20, or coarser for a query so long that sums of 32
   bits would overflow.
2. Statistics count every document that is stored, deleted ones too until `compact` drops them.
3. Equal scores come in the order of keys.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.twin import files, words
from victor_nb.retrieval.core.twin.passages import Passages
from victor_nb.retrieval.core.types import Fields, Found, IndexStats

if TYPE_CHECKING:
    from victor_nb.retrieval import core as seam

MOST_TF = 65_535
FINEST = 20
CEILING = 2.0**31
NAME = "lexical.npz"


def class_of(length: int) -> int:
    """Return the class of a length: exact below 16, then eight classes for every doubling."""
    if length < 16:
        return length
    bits = length.bit_length() - 1
    return 16 + (bits - 4) * 8 + ((length >> (bits - 3)) & 7)


def length_of(kind: int) -> int:
    """Return the length that stands for a class: the middle of range."""
    if kind < 16:
        return kind
    bits, eighth = divmod(kind - 16, 8)
    return (17 + 2 * eighth) << bits


STOP = frozenset(
    words.terms(
        "a an and are as at be but by for from how if in into is it no not of on or such that the their then there "
        "these they this to was what when which will with"
    )
)
"""Terms that say nothing next to others: a query leaves them out unless it has no other."""

LENGTHS = np.array([length_of(kind) for kind in range(256)], dtype=np.float64)


def _asked(query: str) -> list[str]:
    terms = words.terms(query)
    return [term for term in terms if term not in STOP] or terms


class Lexical:
    """Postings in arrays that grow, by the hash of a term."""

    def __init__(self, folder: Path | None, *, k1: float, b: float) -> None:
        self._k1, self._b, self._folder = k1, b, folder
        self._docs: dict[int, array[int]] = {}
        self._tfs: dict[int, array[int]] = {}
        self._keys, self._classes = array("Q"), array("B")
        self._dead: set[int] = set()
        self._next_key, self._mark, self._flushed = 0, 0, 0

    @classmethod
    def open(cls, folder: Path, *, k1: float, b: float) -> Lexical:
        """Open what `flush` wrote, or start anew; an index that exists keeps own parameters.

        Raises: CorruptIndex if the file is damaged.
        """
        found = cls(folder, k1=k1, b=b)
        if (stored := files.read(folder / NAME)) is not None:
            found._restore(stored)
        return found

    @classmethod
    def create(cls, folder: Path, *, k1: float, b: float) -> Lexical:
        """Start an empty index in a folder; what was there is removed."""
        (folder / NAME).unlink(missing_ok=True)
        return cls(folder, k1=k1, b=b)

    @classmethod
    def in_memory(cls, *, k1: float, b: float) -> Lexical:
        """Start an empty index without files."""
        return cls(None, k1=k1, b=b)

    def add(self, keys: Sequence[int], documents: Sequence[Fields]) -> None:
        """Add documents: keys that only grow, and the fields of each with their weights.

        Raises: ValueError for a key that does not come after all others.
        """
        if len(keys) != len(documents):
            raise ValueError(f"{len(keys)} keys for {len(documents)} documents")
        for key, fields in zip(keys, documents, strict=True):
            if key < self._next_key:
                raise ValueError(f"key {key} comes after key {self._next_key - 1}; keys only grow")
            counts: Counter[str] = Counter()
            for text, weight in fields:
                for term in words.terms(text):
                    counts[term] += weight
            doc = len(self._keys)
            for term, count in counts.items():
                hashed = words.hash_term(term)
                self._docs.setdefault(hashed, array("I")).append(doc)
                self._tfs.setdefault(hashed, array("H")).append(min(count, MOST_TF))
            self._keys.append(key)
            self._classes.append(class_of(min(counts.total(), 2**32 - 1)))
            self._next_key = key + 1

    def add_passages(self, keys: Sequence[int], passages: seam.Passages, heading: int) -> None:
        """Do as `add` for passages; `heading` is the weight of title and path."""
        assert isinstance(passages, Passages), "passages of this core"
        self.add(keys, passages.fields(heading))

    def delete(self, keys: Sequence[int]) -> int:
        """Delete documents by key and return how many were there."""
        stored = np.frombuffer(self._keys, dtype=np.uint64) if self._keys else np.zeros(0, np.uint64)
        before = len(self._dead)
        for key in keys:
            at = int(np.searchsorted(stored, np.uint64(key)))
            if at < len(stored) and stored[at] == key:
                self._dead.add(at)
        return len(self._dead) - before

    def search(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return keys and scores of the best `k` documents; `allowed[key]` says which may be found."""
        if not self._keys or k <= 0:
            return []
        sums, step = self._sums(Counter(map(words.hash_term, _asked(query))))
        docs = np.flatnonzero(sums)
        docs = docs[self._permitted(docs, allowed)]
        scores = sums[docs]
        order = np.argsort(-scores.astype(np.int64), kind="stable")[:k]
        keys = np.frombuffer(self._keys, dtype=np.uint64)[docs[order]]
        return list(zip(keys.tolist(), (scores[order] * step).tolist(), strict=True))

    def scores(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Do as `search`: here both are the same."""
        return self.search(query, k, allowed)

    def search_many(self, queries: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None) -> list[Found]:
        """Do many searches."""
        return [self.search(query, k, allowed) for query in queries]

    def _sums(self, counts: Counter[int]) -> tuple[NDArray[np.uint32], float]:
        known = sorted(hashed for hashed in counts if hashed in self._docs)
        weights = [self._weight(len(self._docs[hashed]), counts[hashed]) for hashed in known]
        shift = FINEST
        while sum(weights) * 2.0**shift >= CEILING:
            shift -= 1
        classes = np.frombuffer(self._classes, dtype=np.uint8)
        mean = max(1.0, float(LENGTHS[classes].sum()) / len(classes))
        norms = (self._k1 * (1.0 - self._b + self._b * LENGTHS / mean)).astype(np.float32)
        sums = np.zeros(len(classes), np.uint32)
        for hashed, weight in zip(known, weights, strict=True):
            docs = np.frombuffer(self._docs[hashed], dtype=np.uint32)
            tfs = np.frombuffer(self._tfs[hashed], dtype=np.uint16).astype(np.float32)
            parts = tfs / (tfs + norms[classes[docs]])
            steps = (np.float32(weight) * np.float32(2.0**shift) * parts).astype(np.uint32)
            sums[docs] += np.maximum(steps, np.uint32(1))
        return sums, 2.0**-shift

    def _weight(self, frequency: int, count: int) -> float:
        return math.log(1.0 + (len(self._keys) - frequency + 0.5) / (frequency + 0.5)) * (self._k1 + 1.0) * count

    def _permitted(self, docs: NDArray[np.intp], allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        permitted = np.ones(len(docs), dtype=np.bool_)
        if allowed is not None:
            keys = np.frombuffer(self._keys, dtype=np.uint64)[docs]
            within = keys < len(allowed)
            permitted[:] = False
            permitted[within] = allowed[keys[within]]
        if self._dead:
            permitted &= ~np.isin(docs, np.fromiter(self._dead, dtype=np.int64, count=len(self._dead)))
        return permitted

    def merge(self) -> bool:
        """Do nothing: there is one segment only."""
        return False

    def compact(self) -> None:
        """Drop the deleted documents; from now on the statistics leave them out."""
        keep = np.ones(len(self._keys), dtype=np.bool_)
        keep[list(self._dead)] = False
        moved = (np.cumsum(keep) - 1).astype(np.uint32)
        for hashed in list(self._docs):
            docs = np.frombuffer(self._docs[hashed], dtype=np.uint32)
            kept = keep[docs]
            tfs = np.frombuffer(self._tfs[hashed], dtype=np.uint16)[kept]
            if len(tfs):
                self._docs[hashed] = array("I", moved[docs[kept]].tobytes())
                self._tfs[hashed] = array("H", tfs.tobytes())
            else:
                del self._docs[hashed], self._tfs[hashed]
        self._keys = array("Q", np.array(self._keys, dtype=np.uint64)[keep].tobytes())
        self._classes = array("B", np.array(self._classes, dtype=np.uint8)[keep].tobytes())
        self._dead.clear()

    def flush(self, mark: int) -> None:
        """Make everything durable, if there is a folder; `mark` is kept for the owner.

        Raises: UnusableFile if the file cannot be written; then the old one stays.
        """
        self._mark, self._flushed = mark, len(self._keys)
        if self._folder is not None:
            files.write(self._folder / NAME, self._stored())

    def _stored(self) -> dict[str, NDArray[np.generic]]:
        hashes = sorted(self._docs)
        return {
            "numbers": np.array([self._next_key, self._mark], dtype=np.uint64),
            "parameters": np.array([self._k1, self._b]),
            "keys": np.array(self._keys, dtype=np.uint64),
            "classes": np.array(self._classes, dtype=np.uint8),
            "dead": np.array(sorted(self._dead), dtype=np.uint32),
            "hashes": np.array(hashes, dtype=np.uint64),
            "counts": np.array([len(self._docs[hashed]) for hashed in hashes], dtype=np.uint32),
            "docs": np.concatenate([np.zeros(0, np.uint32), *(np.array(self._docs[h], np.uint32) for h in hashes)]),
            "tfs": np.concatenate([np.zeros(0, np.uint16), *(np.array(self._tfs[h], np.uint16) for h in hashes)]),
        }

    def _restore(self, stored: dict[str, NDArray[np.generic]]) -> None:
        self._next_key, self._mark = (int(number) for number in stored["numbers"])
        self._k1, self._b = (float(number) for number in stored["parameters"])
        self._keys, self._classes = array("Q", stored["keys"].tobytes()), array("B", stored["classes"].tobytes())
        self._dead = {int(doc) for doc in stored["dead"]}
        self._flushed = len(self._keys)
        counts = stored["counts"].astype(np.int64)
        ends = np.cumsum(counts)
        for hashed, start, end in zip(stored["hashes"].tolist(), (ends - counts).tolist(), ends.tolist(), strict=True):
            self._docs[hashed] = array("I", stored["docs"][start:end].tobytes())
            self._tfs[hashed] = array("H", stored["tfs"][start:end].tobytes())

    def verify(self) -> None:
        """Do nothing: the file was read whole, with checksums, when it was opened."""

    def stats(self) -> IndexStats:
        """Say how large the index is."""
        size = sum(len(docs) for docs in self._docs.values()) * 6
        return IndexStats(
            documents=len(self._keys),
            dead=len(self._dead),
            segments=int(self._flushed > 0),
            tail=len(self._keys) - self._flushed,
            bytes=size,
            next_key=self._next_key,
            mark=self._mark,
        )
