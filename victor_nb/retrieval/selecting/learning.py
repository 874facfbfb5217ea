"""What earlier runs teach about tools: a contextual bandit over outcomes that a journal keeps.

1. It exists only where the settings declare it: `active_learners = ["tools"]`. Nothing is learned unasked.
2. Outcomes are data, one a run, kept beside the runs; what is known is a fold of them in their order. So it can be
   looked at, exported, and forgotten, and the same outcomes give the same choices.
3. A replay asks no learner: what was chosen is a step of the run.

For each tool a ridge regression of its reward on the request's vector, with the diagonal of the precision alone
(LinUCB's estimate): used well 1, failed -1/2, offered and not used 0. There is no bonus for the unknown, because
the search explores by itself, and a choice must be the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

NAME: Final = "tools"
STRENGTH: Final = 1.0
"""What a tool that is sure to be used is lifted by; a search's best score is about 1."""
FAILED: Final = -0.5
PRIOR: Final = 0.5
"""How much must be seen before it is believed. Measured on requests that were not learned: 0.02 to 0.5 are alike, and
requests that were learned are found best with this."""

Embed = Callable[[str], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tools that one run was offered.

    Attributes:
        run_id: names the outcome; the same run has only one.
        request: what was asked.
        offered: the tools that were shown.
        used: those that were called and returned something, each once.
        failed: those whose last call failed.
    """

    run_id: str
    request: str
    offered: tuple[str, ...]
    used: tuple[str, ...]
    failed: tuple[str, ...] = ()

    def rewards(self) -> dict[str, float]:
        """Return what each tool that was offered earned."""
        return {
            name: 1.0 if name in self.used else FAILED if name in self.failed else 0.0 for name in sorted(self.offered)
        }


@dataclass(slots=True)
class Known:
    """What is known of one tool: sums over the outcomes in which it was offered."""

    precision: NDArray[np.float64]
    evidence: NDArray[np.float64]
    offered: int = 0
    used: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known of one tool, to look at."""

    tool: str
    offered: int
    used: int
    failed: int


@dataclass(slots=True)
class ToolLearner:
    """Lifts tools that served in requests like this one.

    Args:
        embed: the vector of a request; the selector's own, so that both mean the same.
    """

    embed: Embed
    _known: dict[str, Known] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _rules: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    _seen: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], embed: Embed) -> ToolLearner:
        """Return a learner that has learned these, in this order."""
        learner = cls(embed)
        for outcome in outcomes:
            learner.learn(outcome)
        return learner

    @property
    def seen(self) -> int:
        """Return how many outcomes it has learned."""
        return self._seen

    def learn(self, outcome: Outcome) -> None:
        """Learn one outcome."""
        context = self.embed(outcome.request).astype(np.float64)
        for name, reward in outcome.rewards().items():
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = Known(np.full(len(context), PRIOR), np.zeros(len(context)))
            known.precision += context * context
            known.evidence += reward * context
            known.offered += 1
            known.used += reward > 0
            known.failed += reward < 0
            self._rules_of(name, len(context))[:] = known.evidence / known.precision
        self._seen += 1

    def worth(self, context: NDArray[np.float32], names: Sequence[str]) -> Sequence[float]:
        """Return for each tool how much it is lifted in a request with that vector; 0 for one never offered."""
        if not self._places:
            return [0.0] * len(names)
        worth = np.clip(self._rules[: len(self._places)] @ context.astype(np.float64), -1.0, 1.0) * STRENGTH
        told = dict(zip(self._places, worth.tolist(), strict=True))
        return [told.get(name, 0.0) for name in names]

    def inspect(self) -> list[Lesson]:
        """Return what is known, the tools that were used most first, then by name."""
        found = [Lesson(name, known.offered, known.used, known.failed) for name, known in self._known.items()]
        return sorted(found, key=lambda lesson: (-lesson.used, lesson.tool))

    def reset(self) -> None:
        """Forget everything; outcomes that are kept somewhere stay there."""
        self._known.clear()
        self._places.clear()
        self._seen += 1

    def _rules_of(self, name: str, dimension: int) -> NDArray[np.float64]:
        """The row of a tool's coefficients, in a table so that all tools are judged by one product."""
        place = self._places.setdefault(name, len(self._places))
        if place >= len(self._rules):
            larger = np.zeros((max(64, 2 * place), dimension))
            larger[: len(self._rules)] = self._rules.reshape(-1, dimension)
            self._rules = larger
        row: NDArray[np.float64] = self._rules[place]
        return row
