"""How well each of some tools fits a request: by its words, by words that mean the same, and by vectors.

1. Words that say nothing of what is wanted ("could you please … for me") are left out of a request first; without them
   the vector of a short text points where the rest points.
2. Vectors are compared after what all tools have in common was taken from them (Mu, Bhat and Viswanath, ICLR 2018): a
   catalogue is about one thing, and what tells its tools apart is the rest.
3. Each part is a number on a scale of its own that does not depend on the best tool: a request that shares nothing but
   "a new" with a tool is not thereby a perfect match.

The weights were chosen on other tools and requests than those on which they are measured: see `benchmarks/README.md`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core import K1, B, Lexical, core
from victor_nb.retrieval.embedders.embedder import Embedder, default_embedder, embedded
from victor_nb.retrieval.selecting.synonyms import meanings

Floats = NDArray[np.float32]

NAME: Final = 3
"""How much a word of a name or keyword counts, where one of a description counts 1."""
MEANINGS: Final = 0.08
"""What shared meanings add, times their BM25; words and the vector of the whole count 1."""
NEAREST_WORDS: Final = 0.3
"""What the nearest words add."""
SCALE: Final = 1.5
"""Brings the best of many tools to about 1, as a learner expects it."""

READS_SENTENCES: Final = 0.3
"""An embedder whose vectors say that much is given the request as it is: fillers help a transformer to read."""
LONGEST: Final = 4_000
"""Characters of a request that are read: half of them from its beginning, half from its end."""
MOST_WORDS: Final = 64

_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FILLERS: Final = """
a am an and any are as at be been but by can could did do does for from get give had has have he her him his how i if in
into is it its let many me much my need not of on one or our please she so some than that the their them then there
these they this those to us want was we were what which will with would you your
"""
_SAYS_NOTHING: Final = frozenset(_FILLERS.split())


@dataclass(frozen=True, slots=True)
class Described:
    """What a tool is found by.

    Attributes:
        name: its name and keywords, as words.
        text: its description and category.
        arguments: names, descriptions and choices of its parameters.
    """

    name: str
    text: str
    arguments: str = ""

    @property
    def whole(self) -> str:
        return f"{self.name}. {self.text}"


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, names taken apart."""
    return _WORD.findall(_HUMP.sub(" ", text).lower())


def telling(text: str) -> list[str]:
    """Return the words of a text that say something, or all of them if none does."""
    words = words_of(text)
    return [word for word in words if word not in _SAYS_NOTHING] or words


def shortened(request: str) -> str:
    """Return the beginning and the end of a long request: what is wanted stands before or after what was pasted."""
    return request if len(request) <= LONGEST else f"{request[: LONGEST // 2]} {request[-LONGEST // 2 :]}"


def fewer(words: Sequence[str]) -> list[str]:
    """Return each word once, of many the first and the last ones."""
    once = list(dict.fromkeys(words))
    return once if len(once) <= MOST_WORDS else once[: MOST_WORDS // 2] + once[-MOST_WORDS // 2 :]


class Scores:
    """Scores for a list of tools, told by their places in it.

    Args:
        embedder: who gives the vectors of whole texts; those of single words are always the package's own.
    """

    def __init__(self, tools: Sequence[Described], embedder: Embedder) -> None:
        self._count, self._embedder = len(tools), embedder
        self._words, self._meanings = core().Lexical.in_memory(k1=K1, b=B), core().Lexical.in_memory(k1=K1, b=B)
        places = range(len(tools))
        self._words.add(places, [[(one.name, NAME), (f"{one.text} {one.arguments}", 1)] for one in tools])
        self._meanings.add(places, [[(" ".join(meanings(one.whole)), 1)] for one in tools])
        self._nearest = NearestWords([telling(one.whole) for one in tools])
        rows = embedded(embedder, [one.whole for one in tools])
        self._common = common(rows)
        self._rows = unit(rows - self._common)

    def of(self, request: str) -> Floats:
        """Return a score for each tool: 0 for one that has nothing to do with the request, about 1 for the best."""
        request = shortened(request)
        words = fewer(telling(request))
        if not words or not self._count:
            return np.zeros(self._count, np.float32)
        rarities = self._nearest.rarities(words)
        shared = self._found(self._words, " ".join(words)) / (float(rarities.sum()) * (K1 + 1))
        alike = MEANINGS * self._found(self._meanings, " ".join(meanings(request)))
        meant = request if self._embedder.alpha >= READS_SENTENCES else " ".join(words)
        near = products(self._rows, unit(embedded(self._embedder, [meant]) - self._common))[:, 0]
        nearest = NEAREST_WORDS * self._nearest.of(words, rarities)
        return np.asarray(SCALE * (shared + alike + np.maximum(near, 0) + nearest), np.float32)

    def _found(self, index: Lexical, query: str) -> Floats:
        scores = np.zeros(self._count, np.float32)
        for key, score in index.search(query, self._count):
            scores[key] = score
        return scores


class NearestWords:
    """For each word of a request the nearest word of each tool: "record" finds "album" whatever stands around it."""

    def __init__(self, tools: Sequence[Sequence[str]]) -> None:
        self._count = len(tools)
        terms = [list(words) or [""] for words in tools]
        vocabulary = sorted({word for words in terms for word in words})
        places = {word: place for place, word in enumerate(vocabulary)}
        self._terms = np.array([places[word] for words in terms for word in words], np.intp)
        self._starts = np.cumsum([0, *map(len, terms[:-1])]) if terms else np.zeros(0, np.intp)
        own = default_embedder()
        self._common = common(embedded(own, [" ".join(words) for words in terms]))
        self._rows = unit(embedded(own, vocabulary) - self._common)
        self._holders = Counter(word for words in terms for word in set(words))

    def rarities(self, words: Sequence[str]) -> Floats:
        """Return how much each word tells: the logarithm of one in how many tools has it."""
        every = self._count
        held = (self._holders[word] for word in words)
        return np.array([math.log1p((every - some + 0.5) / (some + 0.5)) for some in held], np.float32)

    def of(self, words: Sequence[str], rarities: Floats) -> Floats:
        """Return a number for each tool, between 0 for the worst and 1 for the best."""
        asked = unit(embedded(default_embedder(), words) - self._common)
        alike = np.maximum(products(self._rows, asked), 0)[self._terms]
        found = products(np.maximum.reduceat(alike, self._starts, axis=0), rarities[np.newaxis])[:, 0]
        low, high = float(found.min()), float(found.max())
        return np.asarray((found - low) / (high - low) if high > low else np.zeros_like(found), np.float32)


def common(rows: Floats) -> Floats:
    """Return what all rows have in common: their mean, zeros for none."""
    return np.asarray(rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1]), np.float32)


def unit(rows: Floats) -> Floats:
    """Return the rows with length 1; those of no length stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 1e-9, lengths, 1), np.float32)


def products(rows: Floats, asked: Floats) -> Floats:
    """Return the product of each row with each asked one; in this thread, because to wake others takes longer."""
    return np.asarray(np.einsum("ij,kj->ik", rows, asked), np.float32)
