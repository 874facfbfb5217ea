"""What decides code search beyond words: where a chunk lies, what it defines, and how its file does as a whole.

The rules, applied to scores between 0 and 1 (`accelerate/core/src/rank.rs` states the same):
1. Terms of the query that are in the path raise a chunk: `* (1 + 0.4 * share of them)`.
2. A chunk that defines a name of the query is what was asked for: `+ 1` if the whole name is a term of the query
   (divided by the number of terms if the name is a single word, which a sentence may hold without naming it), else
   `+ 0.35 * share**2`, where the share counts the name's parts that are.
3. Tests, deprecated code and `__init__` files stand back, unless the query names such: `* 0.6`, `* 0.6`, `* 0.8`.
4. Chunks of one file support each other: `+ 0.15 * (the best other one of its file)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from victor_nb.retrieval.core.twin import words
from victor_nb.retrieval.core.types import Found

PATH, WHOLE_NAME, PART_OF_NAME, NEIGHBOUR = 0.4, 1.0, 0.35, 0.15
ASIDE = {"test": 0.6, "conftest": 0.6, "deprec": 0.6, "legaci": 0.6, "compat": 0.8, "init": 0.8}
"""Terms of a path that make a chunk stand back, and by how much."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is known about one chunk; a name is its whole and its parts."""

    path: str
    terms: frozenset[str]
    names: tuple[tuple[str, tuple[str, ...]], ...]


class CodeRanks:
    """What is known about chunks of code, by key."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}

    def add(self, key: int, path: str, names: Sequence[str]) -> None:
        """Note where a chunk lies and which names it defines."""
        known = (name for name in map(_name, names) if name)
        self._places[key] = Place(path, frozenset(words.terms(path)), tuple(known))

    def remove(self, key: int) -> None:
        """Forget a chunk."""
        self._places.pop(key, None)

    def knows(self, key: int) -> bool:
        """Answer whether anything was noted of a chunk."""
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def rank(self, query: str, found: Found, k: int) -> Found:
        """Rank what a search found anew and return the best `k`; an unknown chunk keeps its scaled score."""
        asked = frozenset(words.terms(query))
        best = max((score for _, score in found), default=0.0)
        scale = 1.0 / best if best > 0 else 0.0
        own = [(key, self._own(asked, key, score * scale)) for key, score in found]
        return sorted(self._supported(own), key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]

    def _own(self, asked: frozenset[str], key: int, score: float) -> float:
        if (place := self._places.get(key)) is None:
            return score
        score *= 1.0 + PATH * len(asked & place.terms) / max(len(asked), 1)
        score += max((_worth(whole, parts, asked) for whole, parts in place.names), default=0.0)
        for term, factor in ASIDE.items():
            if term in place.terms and term not in asked:
                score *= factor
        return score

    def _supported(self, hits: Found) -> Found:
        files: dict[str, tuple[float, float]] = {}
        for key, score in hits:
            if (place := self._places.get(key)) is not None:
                best, second = files.get(place.path, (0.0, 0.0))
                files[place.path] = (score, best) if score > best else (best, max(second, score))
        supported = []
        for key, score in hits:
            best, second = files[self._places[key].path] if key in self._places else (0.0, 0.0)
            supported.append((key, score + NEIGHBOUR * (best if score < best else second)))
        return supported


def _name(name: str) -> tuple[str, tuple[str, ...]] | None:
    found = words.words(name)
    if not found or not (terms := words.terms_of_word(found[-1])):
        return None
    return terms[0], terms[1:] or terms


def _worth(whole: str, parts: tuple[str, ...], asked: frozenset[str]) -> float:
    if whole in asked:
        return WHOLE_NAME / len(asked) if parts == (whole,) else WHOLE_NAME
    share = sum(part in asked for part in parts) / len(parts)
    return PART_OF_NAME * share * share
