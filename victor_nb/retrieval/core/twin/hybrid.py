"""One question put to both kinds of index, in Python: `accelerate/core/src/hybrid.rs` does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.retrieval.core.twin.fuse import fuse_convex
from victor_nb.retrieval.core.twin.rank import CodeRanks
from victor_nb.retrieval.core.types import Found, Ranked

if TYPE_CHECKING:
    from victor_nb.retrieval import core as seam


class Candidates:
    """What both found, fused and not ranked yet; what one alone found keeps its scores."""

    def __init__(self, lexical: seam.Scores | None, dense: seam.Scores | None, alpha: float, k: int) -> None:
        words, near = _found(lexical), _found(dense)
        self._fused = fuse_convex(words, near, alpha, k) if words and near else (words or near)[:k]
        self._lexical, self._dense = dict(words), dict(near)

    def unknown_to(self, ranks: seam.CodeRanks) -> list[int]:
        """Return the keys of which the ranks know nothing."""
        assert isinstance(ranks, CodeRanks), "ranks of this core"
        return [key for key, _ in self._fused if not ranks.knows(key)]

    def ranked(self, ranks: seam.CodeRanks, query: str, k: int) -> list[Ranked]:
        """Return the best `k`, ranked as `CodeRanks.rank` does."""
        best = ranks.rank(query, self._fused, k)
        return [(key, score, self._lexical.get(key), self._dense.get(key)) for key, score in best]


def _found(scores: seam.Scores | None) -> Found:
    assert isinstance(scores, list | None), "scores of this core"
    return scores or []
