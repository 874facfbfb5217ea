"""The seam: the compiled core if it is installed, else its NumPy twin; the same functions, the same results.

1. Everything above takes what it needs from `core()` and never from one of the two.
2. A document is a key here: a number that only grows. What a key stands for is the business of whoever gave it.
3. Files of one are not read by the other: whoever owns the documents builds an index anew when the core changed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import MissingExtra, UsageError
from victor_nb.retrieval.core.types import (
    ChunkSpan,
    CutChunk,
    Fields,
    Found,
    IndexStats,
    Pair,
    PassageDocument,
    Ranked,
    Symbol,
)

CHOICE = "VICTOR_SEARCH_CORE"
"""Environment variable: `compiled`, `twin`, or unset for the best that is installed."""

K1, B = 1.2, 0.75


class Kept(Protocol):
    """What both kinds of index have in common."""

    def delete(self, keys: Sequence[int]) -> int:
        """Delete by key and return how many were there; it counts at once."""

    def flush(self, mark: int) -> None:
        """Make everything durable, if there is a folder; `stats().mark` gives `mark` back after the next opening."""

    def merge(self) -> bool:
        """Merge neighbouring segments if there are many; call it from a thread, again while it returns True."""

    def compact(self) -> None:
        """Drop what was deleted; only then the statistics of BM25 forget it."""

    def verify(self) -> None:
        """Read every page of every file. Raises: CorruptIndex."""

    def stats(self) -> IndexStats:
        """Say how large the index is. After an opening, documents from `next_key` on are to be added again."""


class Lexical(Kept, Protocol):
    """BM25 over weighted fields; what is added is found at once."""

    @classmethod
    def open(cls, folder: Path, *, k1: float, b: float) -> Self:
        """Open the index of a folder, or start one. Raises: CorruptIndex, NewerIndex, IndexInUse, UnusableFile."""

    @classmethod
    def create(cls, folder: Path, *, k1: float, b: float) -> Self:
        """Start an empty index in a folder; what was there is removed."""

    @classmethod
    def in_memory(cls, *, k1: float, b: float) -> Self:
        """Start an empty index without files."""

    def add(self, keys: Sequence[int], documents: Sequence[Fields]) -> None:
        """Add documents. Raises: ValueError for a key that does not come after all others."""

    def add_passages(self, keys: Sequence[int], passages: Passages, heading: int) -> None:
        """Do as `add` for passages of this core; `heading` is the weight of title and path, that of the text is 1."""

    def search(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return the best `k`; `allowed[key]` says which may be found, and keys beyond its end may not."""

    def scores(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Scores:
        """Do as `search`, and leave in the core what was found."""

    def search_many(self, queries: Sequence[str], k: int, allowed: NDArray[np.bool_] | None = None) -> list[Found]:
        """Do many searches on all cores."""


class Dense(Kept, Protocol):
    """Nearest vectors by cosine; what is added is found at once."""

    @classmethod
    def open(cls, folder: Path, dimension: int) -> Self:
        """Open the index of a folder, or start one. Raises: BadVectors if it has another dimension; as Lexical."""

    @classmethod
    def create(cls, folder: Path, dimension: int) -> Self:
        """Start an empty index in a folder; what was there is removed."""

    @classmethod
    def in_memory(cls, dimension: int) -> Self:
        """Start an empty index without files."""

    def add(self, keys: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add vectors, a row each; all or none. Raises: BadVectors, ValueError for a key that does not grow."""

    def search(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Return the nearest `k`; beyond 4,096 vectors about one in a hundred can be missed. Raises: BadVectors."""

    def scores(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Scores:
        """Do as `search`, and leave in the core what was found."""

    def search_exactly(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None) -> Found:
        """Do as `search`, without missing any."""

    def search_many(
        self, vectors: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[Found]:
        """Do many searches on all cores, a row each."""


class Scores(Protocol):
    """What an index found, left in the core."""

    def __len__(self) -> int: ...


class CodeRanks(Protocol):
    """Ranks what was found by where it lies, what it defines and how its file does."""

    def add(self, key: int, path: str, names: Sequence[str]) -> None:
        """Note where a chunk lies and which names it defines."""

    def remove(self, key: int) -> None:
        """Forget a chunk."""

    def rank(self, query: str, found: Found, k: int) -> Found:
        """Return the best `k` of what was found, by new scores."""

    def __len__(self) -> int: ...


class Candidates(Protocol):
    """What both kinds of index found for one question, fused and not ranked yet."""

    def unknown_to(self, ranks: CodeRanks) -> list[int]:
        """Return the keys of which the ranks know nothing."""

    def ranked(self, ranks: CodeRanks, query: str, k: int) -> list[Ranked]:
        """Return the best `k`, ranked as `CodeRanks.rank` does."""


class MakesCandidates(Protocol):
    """The class of candidates: the best `k` of what was found, fused as `fuse_convex` does; None found nothing."""

    def __call__(self, lexical: Scores | None, dense: Scores | None, alpha: float, k: int) -> Candidates: ...


class Classifier(Protocol):
    """Tells which label a text has, learned one text at a time (naive Bayes over terms)."""

    def learn(self, text: str, label: str) -> None:
        """Learn that a text has a label."""

    def probabilities(self, text: str) -> list[tuple[str, float]]:
        """Return the probability of every label, in the order of labels; nothing before anything was learned."""


class Cache(Protocol):
    """Values by key that go when they are too old, or were used longest ago and there is no room."""

    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...

    def get(self, key: str, now: float | None = None) -> object | None:
        """Return the value of a key, or None; `now` is in seconds, by a clock of the cache's own if None."""

    def put(self, key: str, value: object, now: float | None = None) -> None:
        """Put a value; one that is None cannot be told from one that is not there."""

    def pop(self, key: str) -> object | None:
        """Forget a key and return its value."""

    def clear(self) -> None:
        """Forget everything but the counts."""

    def __len__(self) -> int: ...


class MakesCache(Protocol):
    """The class of a cache."""

    def __call__(self, capacity: int, ttl_s: float) -> Cache: ...


class StaticTable(Protocol):
    """Static vectors of texts, out of a file."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text that the table cannot spell."""


class OpensTable(Protocol):
    """The class of a table. Raises: CorruptIndex, NewerIndex, UnusableFile."""

    def __call__(self, path: Path) -> StaticTable: ...


class Passages(Protocol):
    """Chunks of documents, their words found once for everything that is made of them."""

    def embed(self, table: StaticTable) -> NDArray[np.float32]:
        """Return one row a passage, of title and text, of length 1 or 0 and as precise as 16-bit floats."""

    def hash_embed(self, dimension: int) -> NDArray[np.float32]:
        """Do as `embed`, with hashed terms."""

    def __len__(self) -> int: ...


class MakesPassages(Protocol):
    """The class of passages."""

    def __call__(self, documents: Sequence[PassageDocument], /) -> Passages: ...


class MiniLM(Protocol):
    """The transformer all-MiniLM-L6-v2, or another of its kind."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text without pieces; only its first 256 count."""


class OpensMiniLM(Protocol):
    """The class of a transformer; `folder` has `vocab.txt` and `model.safetensors`. Raises: UnusableFile."""

    def __call__(self, folder: Path, heads: int) -> MiniLM: ...


class Core(Protocol):
    """A module with the search core."""

    NAME: str

    @property
    def Lexical(self) -> type[Lexical]: ...
    @property
    def Dense(self) -> type[Dense]: ...
    @property
    def CodeRanks(self) -> type[CodeRanks]: ...
    @property
    def Candidates(self) -> MakesCandidates: ...
    @property
    def Classifier(self) -> type[Classifier]: ...
    @property
    def Cache(self) -> MakesCache: ...
    @property
    def Passages(self) -> MakesPassages: ...
    @property
    def StaticTable(self) -> OpensTable: ...
    @property
    def MiniLM(self) -> OpensMiniLM: ...

    def terms(self, text: str, /) -> list[str]:
        """Return the terms of a text in order."""

    def fuse_convex(self, lexical: Found, dense: Found, alpha: float, k: int) -> Found:
        """Fuse two rankings by scaled scores; `alpha` is the part of the dense one."""

    def fuse_ranks(self, rankings: Sequence[Found], constant: float, k: int) -> Found:
        """Fuse rankings by ranks alone."""

    def top_k(self, query: NDArray[np.float32], rows: NDArray[np.float32], k: int) -> Found:
        """Return places and cosines of the rows nearest to the query. Raises: BadVectors."""

    def hash_embed(self, texts: Sequence[str], dimension: int) -> NDArray[np.float32]:
        """Return vectors of texts without any model: terms hashed, one row a text."""

    def near_duplicates(self, texts: Sequence[str], least: float) -> list[Pair]:
        """Return pairs of texts that share at least this part of their shingles, in the order of places."""

    def symbols(self, text: str, language: str) -> list[Symbol]:
        """Return what code defines; `language` is a name or the ending of a file."""

    def chunks(self, text: str, language: str) -> list[ChunkSpan]:
        """Cut a text into chunks of whole lines along its syntax."""

    def cut(self, texts: Sequence[str], languages: Sequence[str]) -> list[list[CutChunk]]:
        """Do as `chunks` for many texts, and give the texts of the chunks."""


@cache
def core() -> Core:
    """Return the core that VICTOR_SEARCH_CORE names, or the compiled one if it is installed, or the twin.

    Raises: UsageError for another name; MissingExtra if the compiled core is asked for and not there.
    """
    wanted = os.environ.get(CHOICE, "")
    if wanted not in {"", "compiled", "twin"}:
        raise UsageError(f"{wanted!r} is no search core", where=CHOICE, hint="use compiled or twin, or unset it")
    if wanted != "twin":
        try:
            from victor_nb.retrieval.core import compiled
        except ImportError as problem:
            if wanted == "compiled":
                raise MissingExtra(
                    "the compiled search core is not installed", where=CHOICE, hint="pip install ./accelerate"
                ) from problem
        else:
            return compiled
    from victor_nb.retrieval.core import twin

    return twin
