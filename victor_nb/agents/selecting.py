"""Of an agent's many tools, those that a model is shown: chosen once a run, on record, and learned from.

1. The choice is a step: a resumed or replayed run shows what it had shown, whatever was learned meanwhile.
2. One choice serves a whole run: providers reuse a prompt only while its tools stay the same.
3. Nothing is learned unless the settings declare it; what is learned is what happened in finished runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Effect, Journal, Run
from victor_nb.tools import Tool

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

    from victor_nb.retrieval.selecting.learning import Outcome, ToolLearner
    from victor_nb.retrieval.selecting.selection import ToolSelector

STEP: Final = "select_tools"
MOST_SELECTORS: Final = 8
FEW: Final = 20
"""So many tools are shown whatever the settings say; they are not even read."""


@dataclass(frozen=True, slots=True)
class ToolSelection:
    """How tools are chosen.

    Attributes:
        k: how many a model is shown beside the pinned ones; 0 shows all.
        pinned: names of tools that are always shown.
        embedder: who gives the vectors, by name as in `embedder_named`; "minilm" takes 2 to 20 ms a request.
    """

    k: int = 10
    pinned: tuple[str, ...] = ()
    embedder: str = "static"

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or isinstance(self.k, bool) or self.k < 0:
            raise UsageError(f"a model cannot be shown k={self.k!r} tools", hint="a whole number; 0 shows all")
        if isinstance(self.pinned, str):
            raise UsageError(f"pinned is the text {self.pinned!r}, not names", hint=f"pinned=[{self.pinned!r}]")


@dataclass(slots=True)
class Chooser:
    """Chooses for one run, and says afterwards what became of it."""

    how: ToolSelection
    tools: Mapping[str, Tool]
    run: Run
    journal: Journal
    prompt: str
    _offered: tuple[str, ...] = field(default=())

    async def chosen(self, always: Sequence[str]) -> dict[str, Tool]:
        """Return the tools to show, in the order in which they were given; `always` are names of more pinned ones.

        Raises: UsageError for a pinned name that no tool has.
        """
        for name in self.how.pinned:
            if name not in self.tools:
                known = nearest(name, self.tools)
                raise UsageError(f"the pinned tool {name!r} is none of the agent's tools.{known}", hint="see its name")
        pinned = {*self.how.pinned, *always}
        if not self.how.k or len(self.tools) <= self.how.k + len(pinned):
            return dict(self.tools)

        async def select() -> dict[str, Any]:
            found = selector_for(self.journal, self.tools, pinned, self.how.embedder).select(self.prompt, self.how.k)
            return {"tools": list(found.names), "path": found.path, "of": len(self.tools)}

        inputs = {"prompt": self.prompt, "k": self.how.k, "pinned": sorted(pinned)}
        kept = await self.run.step(STEP, select, kind="selection", inputs=inputs, effect=Effect.PURE)
        self._offered = tuple(name for name in kept["tools"] if name in self.tools)
        return {name: self.tools[name] for name in self._offered}

    def learn(self, messages: Sequence[ModelMessage]) -> None:
        """Keep what became of the tools, if something was chosen and the settings let it be learned."""
        if not self._offered or self.run.mode != "record" or not may_learn():
            return
        from victor_nb.retrieval.selecting.learning import Outcome
        from victor_nb.retrieval.selecting.outcomes import ToolOutcomes

        used, failed = fates_of(messages)
        outcome = Outcome(self.run.record_id, self.prompt, self._offered, used, failed)
        ToolOutcomes(self.journal).add(outcome)
        with _lock:
            kept = _kept.get(self.journal)
            if kept is not None and kept.learner is not None:
                kept.learner.learn(outcome)


def selection_of(given: ToolSelection | int | None, tools: int) -> ToolSelection:
    """Return how tools are chosen: as the agent says, or else as the settings say if there are more than a few."""
    if isinstance(given, ToolSelection):
        return given
    if given is not None:
        return ToolSelection(given)
    if tools <= FEW:
        return ToolSelection(0)
    from victor_nb.config import Settings

    return ToolSelection(Settings.load().select_tools)


def may_learn() -> bool:
    """Whether the settings declare the learner of tools."""
    from victor_nb.config import Settings

    return "tools" in Settings.load().active_learners


def fates_of(messages: Sequence[ModelMessage]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tools that returned something, and those of which no call did, each once and sorted."""
    from pydantic_ai.messages import ModelRequest, RetryPromptPart, ToolReturnPart

    parts = [part for message in messages if isinstance(message, ModelRequest) for part in message.parts]
    used = {part.tool_name for part in parts if isinstance(part, ToolReturnPart) and part.outcome == "success"}
    tried = {part.tool_name for part in parts if isinstance(part, ToolReturnPart | RetryPromptPart) and part.tool_name}
    return tuple(sorted(used)), tuple(sorted(tried - used))


class Kept:
    """What is kept for a journal between runs: selectors, the latest last, and the learner that they ask."""

    def __init__(self) -> None:
        self.selectors: OrderedDict[tuple[object, ...], ToolSelector] = OrderedDict()
        self.learner: ToolLearner | None = None


_kept: WeakKeyDictionary[Journal, Kept] = WeakKeyDictionary()
_lock = Lock()


def selector_for(journal: Journal, tools: Mapping[str, Tool], pinned: set[str], embedder: str) -> ToolSelector:
    """Return the selector for these tools; the last eight of a journal are kept, because one takes 50 µs a tool."""
    from victor_nb.retrieval.embedders.provided import embedder_named
    from victor_nb.retrieval.selecting.selection import ToolSelector

    described = tuple((name, one.description, one.category, tuple(one.keywords)) for name, one in tools.items())
    learns = may_learn()
    key = (described, tuple(sorted(pinned)), embedder, learns)
    with _lock:
        kept = _kept.setdefault(journal, Kept())
        if learns and kept.learner is None:
            kept.learner = learner_of(journal)
        if key not in kept.selectors:
            learner = kept.learner if learns else None
            kept.selectors[key] = ToolSelector(
                tools.values(), pinned=pinned, embedder=embedder_named(embedder), learner=learner
            )
        kept.selectors.move_to_end(key)
        while len(kept.selectors) > MOST_SELECTORS:
            kept.selectors.popitem(last=False)
        return kept.selectors[key]


def learner_of(journal: Journal) -> ToolLearner:
    """Return a learner of what a journal holds, to look at with `inspect()`."""
    from victor_nb.retrieval.selecting.learning import ToolLearner
    from victor_nb.retrieval.selecting.outcomes import ToolOutcomes
    from victor_nb.retrieval.selecting.selection import context_of

    return ToolLearner.of(ToolOutcomes(journal).all(), context_of)


def teach(journal: Journal, outcomes: Sequence[Outcome]) -> None:
    """Keep outcomes that were learned elsewhere, the oldest first; the next choice knows them."""
    from victor_nb.retrieval.selecting.outcomes import ToolOutcomes

    ToolOutcomes(journal).restore(outcomes)
    with _lock:
        _kept.pop(journal, None)


def forget_learned(journal: Journal) -> int:
    """Forget what runs of a journal have taught, there and here; return how many outcomes there were."""
    from victor_nb.retrieval.selecting.outcomes import ToolOutcomes

    with _lock:
        _kept.pop(journal, None)
    return ToolOutcomes(journal).reset()
