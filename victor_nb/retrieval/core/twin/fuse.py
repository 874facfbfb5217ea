"""Several rankings of the same documents made into one, in Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from victor_nb.retrieval.core.types import Found


def fuse_convex(lexical: Found, dense: Found, alpha: float, k: int) -> Found:
    """Fuse two rankings: `(1 - alpha) * lexical / max + alpha * (dense - min) / (max - min)`; the best `k`.

    A document that an arm did not return gets 0 from it.
    """
    sums: defaultdict[int, float] = defaultdict(float)
    best = max((score for _, score in lexical), default=0.0)
    for key, score in lexical:
        sums[key] += (1.0 - alpha) * (score / best if best > 0 else 0.0)
    most = max((score for _, score in dense), default=0.0)
    least = min((score for _, score in dense), default=0.0)
    for key, score in dense:
        # All equal says that none is better: each is as good as the best.
        sums[key] += alpha * ((score - least) / (most - least) if most > least else 1.0)
    return first(sums, k)


def fuse_ranks(rankings: Sequence[Found], constant: float, k: int) -> Found:
    """Fuse rankings by ranks alone: the sum of `1 / (constant + rank)`, where the first has rank 1; the best `k`.

    Source: reciprocal rank fusion, Cormack, Clarke and Büttcher, SIGIR 2009.
    """
    sums: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, (key, _) in enumerate(ranking, start=1):
            sums[key] += 1.0 / (constant + rank)
    return first(sums, k)


def first(sums: dict[int, float], k: int) -> Found:
    """Return the best `k`, equal scores in the order of keys."""
    return sorted(sums.items(), key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]
