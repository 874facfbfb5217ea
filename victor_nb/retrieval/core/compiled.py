"""The compiled core behind the seam: converts NumPy arrays and names, translates its errors, decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import victor_accelerate as accelerate
from numpy.typing import NDArray

from victor_nb.retrieval.core.tokens import spaced
from victor_nb.retrieval.core.types import Fields, Found, IndexStats, PassageDocument, Ranked
from victor_nb.retrieval.errors import BadVectors, CorruptIndex, IndexInUse, NewerIndex, UnusableFile

if TYPE_CHECKING:
    from victor_nb.retrieval import core as seam

P = ParamSpec("P")
R = TypeVar("R")

NAME = "compiled"
terms = accelerate.terms
fuse_convex = accelerate.fuse_convex
fuse_ranks = accelerate.fuse_ranks
near_duplicates = accelerate.near_duplicates
symbols = accelerate.symbols
chunks = accelerate.chunks
cut = accelerate.cut
CodeRanks = accelerate.CodeRanks
Classifier = accelerate.Classifier
Cache = accelerate.Cache


def translated(function: Callable[P, R]) -> Callable[P, R]:
    """Raise our errors instead of the binding's."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except accelerate.CorruptError as problem:
            raise CorruptIndex.at(*place(problem)) from problem
        except accelerate.NewerError as problem:
            raise NewerIndex.at(*place(problem)) from problem
        except accelerate.LockedError as problem:
            raise IndexInUse.at(place(problem)[0]) from problem
        except accelerate.VectorsError as problem:
            raise BadVectors(str(problem)) from problem
        except OSError as problem:
            raise UnusableFile.because(problem) from problem

    return call


def place(problem: Exception) -> tuple[str, str]:
    """Split the text of an error into its file and what is wrong with it."""
    file, _, what = str(problem).partition(": ")
    return file, what


def packed(allowed: NDArray[np.bool_] | None) -> NDArray[np.uint8] | None:
    """Return a bit for every key."""
    return None if allowed is None else np.packbits(allowed, bitorder="little")


def hash_embed(texts: Sequence[str], dimension: int) -> NDArray[np.float32]:
    """Return one row a text: its terms hashed into a vector of length 1."""
    rows = np.frombuffer(accelerate.hash_embed(texts, dimension), dtype="<f4")
    return rows.reshape(len(texts), dimension)


@translated
def top_k(query: NDArray[np.float32], rows: NDArray[np.float32], k: int) -> Found:
    """Return the `k` rows with the greatest cosine to the query."""
    if rows.ndim != 2 or query.shape != rows.shape[1:]:
        raise BadVectors(f"{rows.shape} are not rows of the query's dimension {query.shape}")
    return accelerate.top_k(np.ascontiguousarray(query, np.float32), np.ascontiguousarray(rows, np.float32), k)


class StaticTable:
    """A table of static vectors; see `twin.table` for the rules."""

    @translated
    def __init__(self, path: Path) -> None:
        self._core = accelerate.StaticTable(path)

    @property
    def dimension(self) -> int:
        """Return how many numbers a vector has."""
        return self._core.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text without pieces."""
        return np.frombuffer(self._core.embed(texts), dtype="<f4").reshape(len(texts), self.dimension)


class Passages:
    """Chunks of documents, their words found and counted once; see `twin.passages`."""

    def __init__(self, documents: Sequence[PassageDocument]) -> None:
        self._core = accelerate.Passages(documents)

    def __len__(self) -> int:
        return len(self._core)

    def embed(self, table: seam.StaticTable) -> NDArray[np.float32]:
        """Return one row a passage, as precise as 16-bit floats."""
        assert isinstance(table, StaticTable), "a table of this core"
        return np.frombuffer(self._core.embed(table._core), dtype="<f4").reshape(len(self), table.dimension)

    def hash_embed(self, dimension: int) -> NDArray[np.float32]:
        """Do as `embed`, with hashed terms."""
        return np.frombuffer(self._core.hash_embed(dimension), dtype="<f4").reshape(len(self), dimension)


class Candidates:
    """What both kinds of index found, fused; see `twin.hybrid`."""

    def __init__(self, lexical: seam.Scores | None, dense: seam.Scores | None, alpha: float, k: int) -> None:
        assert isinstance(lexical, accelerate.Scores | None), "scores of this core"
        assert isinstance(dense, accelerate.Scores | None), "scores of this core"
        self._core = accelerate.Candidates(lexical, dense, alpha, k)

    def unknown_to(self, ranks: seam.CodeRanks) -> list[int]:
        """Return the keys of which the ranks know nothing."""
        assert isinstance(ranks, CodeRanks), "ranks of this core"
        return self._core.unknown_to(ranks)

    def ranked(self, ranks: seam.CodeRanks, query: str, k: int) -> list[Ranked]:
        """Return the best `k`, ranked."""
        assert isinstance(ranks, CodeRanks), "ranks of this core"
        return self._core.ranked(ranks, query, k)


class MiniLM:
    """The transformer; see `twin.minilm` for the rules.

    `kernel` is one of `victor_accelerate.minilm_kernels()`, the best for the processor if None. Those of bfloat16 give
    vectors whose cosine to the twin's is more than 0.999, the others the twin's to four places.
    """

    def __init__(self, folder: Path, heads: int, kernel: str | None = None) -> None:
        try:
            self._core = accelerate.MiniLM(folder, heads, kernel)
        except accelerate.CorruptError as problem:
            raise UnusableFile.no_weights(*place(problem)) from problem
        except OSError as problem:
            raise UnusableFile.because(problem) from problem

    @property
    def dimension(self) -> int:
        """Return how many numbers a vector has."""
        return self._core.dimension

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, framed."""
        return self._core.pieces(spaced(text))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text without pieces."""
        rows = self._core.embed([spaced(text) for text in texts])
        return np.frombuffer(rows, dtype="<f4").reshape(len(texts), self.dimension)


class Lexical:
    """BM25 over segments and a tail; see `twin.lexical` for what each method promises."""

    def __init__(self, core: accelerate.Lexical) -> None:
        self._core = core

    @classmethod
    @translated
    def open(cls, folder: Path, *, k1: float, b: float) -> Lexical:
        """Open the index of a folder, or start one."""
        return cls(accelerate.Lexical.open(folder, k1, b))

    @classmethod
    @translated
    def create(cls, folder: Path, *, k1: float, b: float) -> Lexical:
        """Start an empty index in a folder; what was there is removed."""
        return cls(accelerate.Lexical.create(folder, k1, b))

    @classmethod
    def in_memory(cls, *, k1: float, b: float) -> Lexical:
        """Start an empty index without files."""
        return cls(accelerate.Lexical.in_memory(k1, b))

    @translated
    def add(self, keys: Sequence[int], documents: Sequence[Fields]) -> None:
        """Add documents; they are found at once."""
        self._core.add(keys, documents)

    @translated
    def add_passages(self, keys: Sequence[int], passages: seam.Passages, heading: int) -> None:
        """Do as `add` for passages; `heading` is the weight of title and path."""
        assert isinstance(passages, Passages), "passages of this core"
        self._core.add_passages(keys, passages._core, heading)

    @translated
    def delete(self, keys: Sequence[int]) -> int:
        """Delete documents and return how many were there."""
        return self._core.delete(keys)

    @translated
    def search(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return keys and scores of the best `k`."""
        return self._core.scores(query, k, packed(allowed)).pairs()

    @translated
    def scores(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> accelerate.Scores:
        """Do as `search`, and leave in the core what was found."""
        return self._core.scores(query, k, packed(allowed))

    @translated
    def search_many(self, queries: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None) -> list[Found]:
        """Do many searches on all cores."""
        return self._core.search_many(queries, k, packed(allowed))

    @translated
    def flush(self, mark: int) -> None:
        """Make everything durable."""
        self._core.flush(mark)

    @translated
    def merge(self) -> bool:
        """Merge neighbouring segments if there are many, and say whether it was so."""
        return self._core.merge()

    @translated
    def compact(self) -> None:
        """Drop the deleted documents."""
        self._core.compact()

    @translated
    def verify(self) -> None:
        """Read every page of every file."""
        self._core.verify()

    def stats(self) -> IndexStats:
        """Say how large the index is."""
        return IndexStats(*self._core.stats())


class Dense:
    """Vectors of one dimension; see `twin.dense` for what each method promises.

    Where more than 4,096 vectors of a segment may be found, `search` can miss about one in a hundred.
    """

    def __init__(self, core: accelerate.Dense, dimension: int) -> None:
        self._core, self._dimension = core, dimension

    @classmethod
    @translated
    def open(cls, folder: Path, dimension: int) -> Dense:
        """Open the index of a folder, or start one."""
        return cls(accelerate.Dense.open(folder, dimension), dimension)

    @classmethod
    @translated
    def create(cls, folder: Path, dimension: int) -> Dense:
        """Start an empty index in a folder; what was there is removed."""
        return cls(accelerate.Dense.create(folder, dimension), dimension)

    @classmethod
    @translated
    def in_memory(cls, dimension: int) -> Dense:
        """Start an empty index without files."""
        return cls(accelerate.Dense.in_memory(dimension), dimension)

    def _rows(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows.size and rows.shape[-1] != self._dimension:
            raise BadVectors(f"{rows.shape} is not a shape of vectors of dimension {self._dimension}")
        return rows

    @translated
    def add(self, keys: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add vectors, a row each; they are found at once."""
        self._core.add(keys, self._rows(vectors))

    @translated
    def delete(self, keys: Sequence[int]) -> int:
        """Delete vectors and return how many were there."""
        return self._core.delete(keys)

    @translated
    def search(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return keys and cosines of the nearest `k`."""
        return self._core.scores(self._rows(vector), k, packed(allowed)).pairs()

    @translated
    def scores(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> accelerate.Scores:
        """Do as `search`, and leave in the core what was found."""
        return self._core.scores(self._rows(vector), k, packed(allowed))

    @translated
    def search_exactly(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Do as `search`, without missing any."""
        return self._core.search_exactly(self._rows(vector), k, packed(allowed))

    @translated
    def search_many(
        self, vectors: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[Found]:
        """Do many searches on all cores, a row each."""
        return self._core.search_many(self._rows(vectors), k, packed(allowed))

    @translated
    def flush(self, mark: int) -> None:
        """Make everything durable."""
        self._core.flush(mark)

    @translated
    def merge(self) -> bool:
        """Merge neighbouring segments if there are many, and say whether it was so."""
        return self._core.merge()

    @translated
    def compact(self) -> None:
        """Drop the deleted vectors."""
        self._core.compact()

    @translated
    def verify(self) -> None:
        """Read every page of every file."""
        self._core.verify()

    def stats(self) -> IndexStats:
        """Say how large the index is."""
        return IndexStats(*self._core.stats())
