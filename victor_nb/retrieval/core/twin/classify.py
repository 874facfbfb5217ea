"""A small text classifier in Python: naive Bayes over terms, learned one text at a time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from victor_nb.retrieval.core.twin import words


class Classifier:
    """Labels and the terms of their texts."""

    def __init__(self) -> None:
        self._texts: Counter[str] = Counter()
        self._counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self._terms: set[int] = set()

    def learn(self, text: str, label: str) -> None:
        """Learn that a text has a label."""
        hashes = [words.hash_term(term) for term in words.terms(text)]
        self._texts[label] += 1
        self._counts[label].update(hashes)
        self._terms.update(hashes)

    def probabilities(self, text: str) -> list[tuple[str, float]]:
        """Return the probability of every label, in the order of labels; nothing before anything was learned.

        Source: multinomial naive Bayes with add-one smoothing over the terms that were ever seen.
        """
        known = sorted(value for value in map(words.hash_term, words.terms(text)) if value in self._terms)
        # By code points, as the compiled core sorts the bytes of UTF-8.
        logs = {label: self._log(label, known) for label in sorted(self._texts)}
        most = max(logs.values(), default=0.0)
        total = sum(math.exp(log - most) for log in logs.values())
        return [(label, math.exp(log - most) / total) for label, log in logs.items()]

    def _log(self, label: str, known: list[int]) -> float:
        counts = self._counts[label]
        size = counts.total() + len(self._terms)
        start = math.log(self._texts[label] / self._texts.total())
        return start + sum(math.log((counts[value] + 1) / size) for value in known)
