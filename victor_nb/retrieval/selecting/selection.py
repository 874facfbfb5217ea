"""Tool selection: of many tools, those that a request needs, so that a model need not read the others.

1. A request that is a tool's name or keyword is answered from a dictionary. Any other is searched for (`scoring`); a
   learner, if there is one, adds what it has seen.
2. Pinned tools are never left out. What is chosen keeps the order in which the tools were given, whatever their
   scores: providers reuse a prompt only as far as it is the same.
3. The same tools, the same request and the same learner give the same choice. Nothing here reads a clock but the
   cache, which cannot change a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import UsageError, nearest
from victor_nb.retrieval.core import core
from victor_nb.retrieval.embedders.embedder import Embedder, default_embedder, embedded
from victor_nb.retrieval.selecting.scoring import Described, Scores, shortened, telling
from victor_nb.tools import Tool

Path: TypeAlias = Literal["all", "exact", "search"]
Ranked: TypeAlias = Sequence[tuple[str, float]]

CACHED: Final = 1_000
CACHED_S: Final = 3_600.0
CANDIDATES: Final = 50


class Learns(Protocol):
    """What a selector asks of a learner; see `learning.ToolLearner`."""

    @property
    def seen(self) -> int:
        """Return how many outcomes it has learned; a choice that was made before the last one is made anew."""

    def worth(self, context: NDArray[np.float32], names: Sequence[str]) -> Sequence[float]:
        """Return for each tool how much it should be lifted, from -1 to 1, in a request with that vector."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The tools that a request needs.

    Attributes:
        names: in the order in which the tools were given; pinned ones among them.
        path: "all" if nothing had to be chosen, "exact" for a name or keyword, else "search".
        ranked: what was chosen, best first, with scores; empty for pinned tools and where all are taken.
    """

    names: tuple[str, ...]
    path: Path
    ranked: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SelectorStats:
    """How often a choice was found in the cache."""

    tools: int
    hits: int
    misses: int

    @property
    def hit_rate(self) -> float:
        """Return the part of the choices that were found, 0 before the first one."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class ToolSelector:
    """Chooses among tools.

    Args:
        tools: in the order in which a model is shown them.
        pinned: names of tools that are always shown.
        embedder: who gives the vectors; the table that comes with the package if None.
        learner: what was learned from earlier runs, if anything.

    Raises: UsageError for a pinned name that no tool has, or two tools of one name.

    Example:
        >>> from victor_nb import tool
        >>> @tool(effect="read", keywords=["rain"])
        ... def weather(place: str) -> str:
        ...     '''Forecast for a place.'''
        ...     return "sunny"
        >>> @tool(effect="effect")
        ... def send_email(to: str, text: str) -> None:
        ...     '''Send an e-mail.'''
        >>> selector = ToolSelector([weather, send_email])
        >>> selector.select("mail the report to Anna", k=1).names
        ('send_email',)
        >>> selector.select("rain", k=1).path
        'exact'
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        pinned: Collection[str] = (),
        embedder: Embedder | None = None,
        learner: Learns | None = None,
    ) -> None:
        self._tools = _by_name(tools)
        _check_pinned(pinned, self._tools)
        self._names = list(self._tools)
        self._pinned = frozenset(pinned)
        self._order = {name: place for place, name in enumerate(self._names)}
        self._learner = learner
        self._exact = _exact(self._tools)
        self._longest = max(map(len, self._exact), default=0)
        self._cache = core().Cache(CACHED, CACHED_S)
        described = [_described(one) for one in self._tools.values()]
        self._scores = Scores(described, embedder or default_embedder())

    def select(self, request: str, k: int = 10) -> Selection:
        """Return the tools for a request: the pinned ones, and at most `k` others."""
        if len(self._names) <= len(self._pinned) + k:
            return Selection(tuple(self._names), "all")
        if len(request) <= self._longest and (named := self._exact.get(plain(request))):
            return self._chosen([(name, 1.0) for name in named[:k]], "exact")
        key = f"{k} {self._learner.seen if self._learner else 0} {plain(request)}"
        kept = self._cache.get(key)
        if isinstance(kept, Selection):
            return kept
        choice = self._chosen([one for one in self.ranked(request) if one[0] not in self._pinned][:k], "search")
        self._cache.put(key, choice)
        return choice

    def ranked(self, request: str) -> Ranked:
        """Return tools with their scores, best first: what the search thinks, without names, pins and cache."""
        scored = self._scores.of(request)
        best = np.argsort(-scored, kind="stable")[:CANDIDATES].tolist()
        found = [(self._names[place], float(scored[place])) for place in best if scored[place] > 0]
        if self._learner is None or not self._learner.seen:
            return found
        # All of them: what served before may share nothing with the request that a search could find.
        lifts = zip(self._names, self._learner.worth(context_of(request), self._names), strict=True)
        scores = dict(found)
        lifted = {name: scores.get(name, 0.0) + lift for name, lift in lifts if lift > 0 or name in scores}
        return sorted(lifted.items(), key=lambda one: (-one[1], self._order[one[0]]))

    def stats(self) -> SelectorStats:
        """Say how often a choice was found in the cache."""
        return SelectorStats(len(self._names), self._cache.hits, self._cache.misses)

    def _chosen(self, found: Sequence[tuple[str, float]], path: Path) -> Selection:
        names = sorted(self._pinned | {name for name, _ in found}, key=self._order.__getitem__)
        return Selection(tuple(names), path, tuple(found))


def context_of(request: str) -> NDArray[np.float32]:
    """Return the vector by which a learner knows a request."""
    row: NDArray[np.float32] = embedded(default_embedder(), [" ".join(telling(shortened(request)))])[0]
    return row


def plain(text: str) -> str:
    """Return a text as names and keywords are compared: lower case, one space for `_`, `-` and spaces."""
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def _by_name(tools: Iterable[Tool]) -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    for one in tools:
        if found.setdefault(one.name, one) is not one:
            raise UsageError(f"there are two tools named {one.name!r}", one.place, 'rename one: @tool(name="…")')
    return found


def _check_pinned(pinned: Collection[str], tools: Mapping[str, Tool]) -> None:
    for name in pinned:
        if name not in tools:
            raise UsageError(
                f"the pinned tool {name!r} is none of the tools.{nearest(name, tools)}", hint="see its name"
            )


def _exact(tools: Mapping[str, Tool]) -> dict[str, list[str]]:
    """Tools by what names them: a name stands for one tool, a keyword for all that have it."""
    found: dict[str, list[str]] = {}
    for name, one in tools.items():
        for keyword in one.keywords:
            found.setdefault(plain(keyword), []).append(name)
    return found | {plain(name): [name] for name in tools}


def _described(one: Tool) -> Described:
    parameters = one.schema.parameters.get("properties", {})
    arguments = " ".join(_said(name, about) for name, about in parameters.items())
    return Described(
        f"{plain(one.name)} {' '.join(one.keywords)}".strip(), f"{one.description} {one.category}", arguments
    )


def _said(name: str, about: Mapping[str, object]) -> str:
    """What a parameter says of its tool: its name, its description, the values that it may have."""
    choices = about.get("enum", ())
    values = " ".join(map(str, choices)) if isinstance(choices, Sequence) else ""
    return f"{name} {about.get('description', '')} {values}"
