"""The embedder that needs nothing, in NumPy: terms hashed into a vector.

Each term adds ±√count at two places that its hash chooses; the vector is then brought to length 1. A text without terms
has a vector of zeros.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.twin import words


def hash_embed(texts: Sequence[str], dimension: int) -> NDArray[np.float32]:
    """Return one row a text.

    Raises: ValueError for a dimension of 0.
    """
    if dimension < 1:
        raise ValueError(f"a dimension of {dimension}")
    rows = np.zeros((len(texts), dimension), np.float64)
    for row, text in zip(rows, texts, strict=True):
        for value, count in sorted(Counter(map(words.hash_term, words.terms(text))).items()):
            for place in (value, words.spread(value ^ 1)):
                row[place % dimension] += math.sqrt(count) if place < 1 << 63 else -math.sqrt(count)
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    return (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
