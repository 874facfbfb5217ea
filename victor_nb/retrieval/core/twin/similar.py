"""The most similar rows of a matrix, without an index, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.types import Found
from victor_nb.retrieval.errors import BadVectors


def top_k(query: NDArray[np.float32], rows: NDArray[np.float32], k: int) -> Found:
    """Return the `k` rows with the greatest cosine to the query, best first, equal ones in their order.

    Rows of zeros score 0.

    Raises: BadVectors for a wrong shape or a number that is not finite.
    """
    if rows.ndim != 2 or query.shape != rows.shape[1:] or not query.size:
        raise BadVectors(f"{rows.shape} are not rows of the query's dimension {query.shape}")
    wide, asked = rows.astype(np.float64), query.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1) * (asked @ asked))
    if not np.isfinite(lengths).all():
        raise BadVectors("a vector holds a number that is not finite")
    scores = ((wide @ asked) / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    places = np.argsort(-scores, kind="stable")[: max(k, 0)]
    return list(zip(places.tolist(), scores[places].astype(np.float64).tolist(), strict=True))
