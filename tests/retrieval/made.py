"""Documents to search, and an embedder that counts what it was asked."""

from __future__ import annotations

import numpy as np

from victor_nb.retrieval.core import core

NOTES = [
    {
        "id": "leases",
        "title": "Leases",
        "text": "A run has a lease that its process renews; another may take the run when the lease is over.",
        "metadata": {"year": 2021, "team": "red", "draft": False},
    },
    {
        "id": "redaction",
        "title": "Redaction",
        "text": "Secrets are replaced before anything that runs is written.",
        "metadata": {"year": 2022, "team": "blue", "draft": True},
    },
    {
        "id": "journal",
        "title": "Journal",
        "text": "Events of runs in the order in which they happened.",
        "path": "docs/journal.md",
        "metadata": {"year": 2023, "team": "red", "draft": False, "tags": ["safe", "old"]},
    },
]


class Counting:
    """Terms hashed, and a count of texts."""

    def __init__(self, name="counting", *, dimension=32, given=None, bad=None):
        self.name, self.dimension, self.alpha = name, dimension, 0.2
        self.texts = 0
        self._given, self._bad = given or dimension, bad

    def embed(self, texts):
        self.texts += len(texts)
        rows = np.array(core().hash_embed(texts, self._given))
        if self._bad is not None:
            rows[0, 0] = self._bad
        return rows


class Turned(Counting):
    """Vectors that are near only to those of the same turn."""

    def __init__(self, name, turn):
        super().__init__(name, dimension=256)
        self._turn = turn

    def embed(self, texts):
        return np.roll(super().embed(texts), self._turn, axis=1)
