"""Runs of which every number is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from victor_nb.journal import Journal, Run, current_step
from victor_nb.journal.memory import MemoryStore

NOON = 1_760_011_200.0
"""A Thursday, 12:00 UTC."""


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Doings:
    """Writes runs to a journal whose clock is ours."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal, self.clock = journal, clock

    def ask(self, run: Run, model: str = "offline", tokens: int = 100, cost_usd: float = 0.01) -> None:
        """A request to a model."""

        def answer() -> str:
            step = current_step()
            step.note(usage={"input_tokens": tokens, "output_tokens": tokens // 10}, cost_usd=cost_usd)
            return "an answer"

        run.step_sync(model, answer, kind="model")

    def use(self, run: Run, tool: str, *, fails: bool = False) -> None:
        """A call of a tool; one that fails tells the model so."""

        def work() -> str:
            if fails:
                current_step().note(is_error=True)
            return "done"

        run.step_sync(tool, work, kind="tool")

    def agent(self, name: str, *, tools: tuple[str, ...] = (), fails: bool = False) -> str:
        """A whole run: it asks a model, uses tools, and ends."""
        run = self.journal.start("agent", name)
        self.ask(run)
        for tool in tools:
            self.use(run, tool)
        if fails:
            run.fail(ValueError("no"))
        else:
            run.finish("said")
        return run.id


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is set."""
    return Clock()


@pytest.fixture
def doings(journal: Journal, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Doings:
    """Runs in a journal of each kind, at times of our own."""
    monkeypatch.setattr(journal, "clock", clock)
    return Doings(journal, clock)


@pytest.fixture
def in_memory(clock: Clock) -> Iterator[Doings]:
    """The same in memory only."""
    with Journal(MemoryStore(), clock=clock) as journal:
        yield Doings(journal, clock)
