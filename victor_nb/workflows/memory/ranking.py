"""Which items fit a query best. Pure functions; the same result in every store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

SATURATION: Final = 1.2
LENGTH_WEIGHT: Final = 0.75


def scores_by_words(documents: Sequence[Sequence[str]], query: Sequence[str]) -> list[float]:
    """Return how well each document fits the words of a query; 0.0 for one that has none of them.

    How rare a word is, is counted among the documents given.

    Source: Okapi BM25; Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, with the constants usual
    since then.
    """
    counts = [Counter(document) for document in documents]
    average = sum(map(len, documents)) / max(len(documents), 1)
    wanted = list(dict.fromkeys(query))
    rarity = {word: _rarity(sum(word in one for one in counts), len(documents)) for word in wanted}
    return [
        sum(rarity[word] * _weight(one[word], len(document), average) for word in wanted if word in one)
        for one, document in zip(counts, documents, strict=True)
    ]


def _rarity(holders: int, documents: int) -> float:
    return math.log(1 + (documents - holders + 0.5) / (holders + 0.5))


def _weight(times: int, length: int, average: float) -> float:
    damped = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length / average)
    return times * (SATURATION + 1) / (times + damped)
