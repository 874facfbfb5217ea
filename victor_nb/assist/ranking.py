"""Which passages come first: what the search says, what the work around the question says, and what was taught.

1. Every part is a number that can be looked at; their weights stand in one table and their sum is the score.
2. Passages of several indexes are compared by how much their words weigh, in nats, not by their places.
3. What was taught counts for the passages that it is about and for no others: all else keeps its score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_nb.assist.library import Candidate
from victor_nb.assist.names import is_public, is_same, within
from victor_nb.assist.surroundings import Surroundings
from victor_nb.assist.wording import wording
from victor_nb.retrieval.core import core

WEIGHTS: Final[Mapping[str, float]] = {
    "search": 0.40,
    "coverage": 0.25,
    "summary": 0.40,
    "named": 0.30,
    "used": 0.30,
    "mentioned": 1.00,
    "failed": 0.50,
    "imported": 0.12,
    "of a variable's type": 0.12,
    "example": 0.08,
    "deep": -0.08,
    "module": -0.20,
    "private": -0.30,
    "undescribed": -0.25,
    "taught": 2.50,
}
"""How much each part counts. `search` is the place in the search; `coverage`, `summary` and `named` say which share of
the question's words the whole, its first paragraph and its name hold, `used` how often a package's examples use it; all
between 0 and 1. `taught` is between -1 and 1, `deep` counts modules and classes around a name beyond two, others are 0
or 1."""

LOOKED_AT: Final = 60
"""Candidates of each index that are looked at more closely."""
_MOST_TEXT: Final = 6_000
_MOST_HEAD: Final = 300
_INTERNAL: Final = frozenset({"core", "compat", "distutils", "externals", "impl", "internals", "testing", "vendored"})
"""Modules that many packages have, public by name and meant for themselves."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with what speaks for it."""

    candidate: Candidate
    id: str
    parts: Mapping[str, float]

    @property
    def score(self) -> float:
        """The weighted sum of its parts."""
        return sum(WEIGHTS[name] * value for name, value in self.parts.items())

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for it in words, the strongest first."""
        strong = sorted(self.parts, key=lambda name: -WEIGHTS[name] * self.parts[name])
        return tuple(_SAID[name] for name in strong if name in _SAID and WEIGHTS[name] * self.parts[name] > 0.02)


_SAID: Final[Mapping[str, str]] = {
    "named": "its name fits",
    "mentioned": "named in the question",
    "failed": "in the call that failed",
    "imported": "imported here",
    "of a variable's type": "of a variable here",
    "example": "with an example",
    "taught": "accepted before",
}


class Question:
    """A question, taken apart once for all candidates."""

    def __init__(self, question: str, around: Surroundings, taught: Mapping[str, float]) -> None:
        self._meant = wording(question).meant
        self._around, self._taught = around, taught
        self._mentioned = around.mentioned(question)
        error = around.error
        self._failed = (*error.calls, *error.inside) if error is not None else ()
        self._packages = frozenset(around.packages)
        self._types = frozenset(_class_of(each) for each in around.types.values())

    def judge(self, candidate: Candidate, id: str, strength: float) -> Ranked:
        """Say what speaks for a candidate.

        Args:
            strength: how much the best words of its index weigh against the best of all, between 0 and 1.
        """
        chunk = candidate.chunk
        name = chunk.title or ".".join(chunk.names[:1])
        package = name.partition(".")[0] if chunk.title else ""
        body = chunk.text[:_MOST_TEXT]
        is_described = not chunk.title or "\n\n" in chunk.text
        head = "\n\n".join(body.split("\n\n", 2)[1:2]) if chunk.title else body[:_MOST_HEAD]
        noted = json.loads(chunk.metadata)
        parts = {
            "search": candidate.score * strength,
            "coverage": self._share(f"{name} {chunk.path} {body}"),
            "summary": self._share(f"{name} {head}"),
            "named": self._share(name.rpartition(".")[2]) if name else 0.0,
            "used": float(noted.get("weight", 0.5)),
            "module": float(noted.get("module", False)),
            "deep": float(max(0, name.count(".") - 2)) if chunk.title else 0.0,
            "mentioned": float(any(is_same(each, name) for each in self._mentioned)),
            "failed": float(any(is_same(each, name) for each in self._failed)),
            "imported": float(package in self._packages) if package else 1.0,
            "of a variable's type": float((package, _class_in(name)) in self._types),
            "example": float(">>>" in chunk.text or (not chunk.title and chunk.kind == "code")),
            "private": float(bool(chunk.title) and not (is_public(name) and _INTERNAL.isdisjoint(name.split(".")))),
            "undescribed": float(not is_described),
            "taught": self._taught.get(id, 0.0),
        }
        return Ranked(candidate, id, {part: value for part, value in parts.items() if value})

    def _share(self, text: str) -> float:
        """Return which part of the question's words a text holds."""
        if not self._meant:
            return 0.0
        held = set(core().terms(text))
        return sum(not held.isdisjoint(terms) for terms in self._meant) / len(self._meant)


def strengths(groups: Sequence[Sequence[Candidate]]) -> list[float]:
    """Return for each index how much its best words weigh against the best of all, or meaning where no words do."""
    words = [max((each.words for each in group), default=0.0) for group in groups]
    if not any(words):
        words = [max((each.meaning for each in group), default=0.0) for group in groups]
    best = max(words, default=0.0)
    return [each / best if best > 0 else 0.0 for each in words]


def best_of(ranked: Sequence[Ranked], k: int) -> list[Ranked]:
    """Return the best `k`, each passage once; those that are equal in the order of their ids."""
    once: dict[str, Ranked] = {}
    for each in sorted(ranked, key=lambda one: (-one.score, one.id)):
        once.setdefault(each.id, each)
    return list(once.values())[:k]


def _class_of(type_name: str) -> tuple[str, str]:
    package, _, rest = type_name.partition(".")
    return package, rest.rpartition(".")[2]


def _class_in(name: str) -> str:
    inner = within(name.split("."))
    return inner[0] if inner and inner[0][:1].isupper() else ""
