"""What accepted and rejected passages teach: in questions like those, the first rise and the second fall.

For a passage, the reward of a question is a mean of the verdicts on it, weighted by how near their questions are
(Nadaraya and Watson's estimate), drawn towards 0 by a prior. A question that is far from all of them has weight 0 on
each, so what is taught in one place changes nothing in another. Nothing here reads a clock or rolls a die: the same
verdicts in any order give the same ranking.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core import core
from victor_nb.retrieval.core.twin.lexical import STOP

Verdict: TypeAlias = Literal["accepted", "rejected"]
Embed: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]

FAR: Final = 0.55
"""The cosine below which two questions have nothing to do with each other. Of pairs of questions that mean the same in
other words most are above it, of pairs that share only their form none; see docs/guides/documentation-assistant.md."""
PRIOR: Final = 0.5
"""How much must be seen before it is believed: one verdict on the same question counts two thirds."""

_WORD: Final = re.compile(r"\w+")
_FORM: Final = (
    "can could do does did have has i we you me my our should would want need use using get make please there any "
    "way ways best how what which why when where who show tell help find give"
)
_ASKING: Final = frozenset(_FORM.split())
"""Words of which questions are made, whatever they are about."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A verdict on a passage.

    Attributes:
        passage: its id.
        name: what the passage is called.
        time: in seconds since the epoch.
    """

    question: str
    passage: str
    name: str
    verdict: Verdict
    time: float


class Taught:
    """Everything that was taught, ready to be asked.

    Args:
        lessons: at most one for a question and passage; a later one takes the place of an earlier one.
        embed: the vectors of texts.
    """

    def __init__(self, lessons: Iterable[Lesson], embed: Embed) -> None:
        self._embed = embed
        self._rewards: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for lesson in lessons:
            self._rewards[lesson.passage][essence(lesson.question)] = 1.0 if lesson.verdict == "accepted" else -1.0
        self._questions = sorted({each for rewards in self._rewards.values() for each in rewards})
        self._places = {question: place for place, question in enumerate(self._questions)}
        self._vectors = _unit(embed(self._questions)) if self._questions else np.zeros((0, 1), dtype=np.float32)

    def worth(self, question: str) -> Mapping[str, float]:
        """Return what is known of passages in questions like this one, between -1 and 1; the others are left out."""
        if not self._questions:
            return {}
        asked = essence(question)
        near = self._vectors @ _unit(self._embed([asked]))[0]
        weights = np.clip((near.astype(np.float64) - FAR) / (1.0 - FAR), 0.0, 1.0)
        if (place := self._places.get(asked)) is not None:
            weights[place] = 1.0
        found = {passage: self._mean(rewards, weights) for passage, rewards in self._rewards.items()}
        return {passage: worth for passage, worth in found.items() if worth}

    def _mean(self, rewards: Mapping[str, float], weights: NDArray[np.float64]) -> float:
        seen = [(weights[self._places[question]], reward) for question, reward in sorted(rewards.items())]
        return float(sum(weight * reward for weight, reward in seen) / (PRIOR + sum(weight for weight, _ in seen)))


def essence(question: str) -> str:
    """Return what a question is about: its words without those of which every question is made, in their order."""
    words = _WORD.findall(question.lower())
    kept = [word for word in words if word not in _ASKING and not STOP.issuperset(core().terms(word))]
    return " ".join(kept or words)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
