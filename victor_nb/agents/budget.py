"""Budgets: what a run may spend, and what it has spent so far.

1. A limit is checked before a call is really made, never before one that answers from the journal.
2. Every real call counts once: a resumed run restores what its record says and does not spend it again.
3. Nothing here reads a clock or the journal; both are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from victor_nb.agents.errors import BudgetExceeded, PriceUnknown
from victor_nb.errors import UsageError
from victor_nb.journal import Event

DEFAULT_STEPS: Final = 200
"""Model and tool calls that a run may make unless its budget says otherwise: a runaway loop must end."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may spend; None means no limit.

    Attributes:
        steps: model and tool calls together.
        tokens: input and output tokens together; the last answer may pass the limit, no call follows it.
        cost_usd: as computed from the model's public price.
        seconds: working time; waiting for a person's approval and time between attempts do not count.
    """

    steps: int | None = DEFAULT_STEPS
    tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "tokens", "cost_usd", "seconds"):
            limit = getattr(self, name)
            if limit is not None and (not isinstance(limit, int | float) or isinstance(limit, bool)):
                raise UsageError(f"a budget of {limit!r} {name} is no number", hint="leave it out for no limit")
            if limit is not None and not limit > 0:
                raise UsageError(f"a budget of {limit!r} {name} is not positive", hint="leave it out for no limit")


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used; usages can be added.

    Attributes:
        requests: of models.
        tool_calls: that were executed.
        input_tokens, output_tokens: as the providers counted them.
    """

    requests: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.tool_calls + other.tool_calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(slots=True)
class Stopwatch:
    """Counts working seconds; stands still while somebody is asked for approval.

    Args:
        clock: monotonic seconds.
        before: seconds worked by earlier attempts at the same run.
    """

    clock: Callable[[], float]
    before: float = 0.0
    _since: float = field(init=False)
    _paused_at: float = field(default=0.0, init=False)
    _waiting: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._since = self.clock()

    def __enter__(self) -> None:
        """Pause; pauses may overlap."""
        self._waiting += 1
        if self._waiting == 1:
            self._paused_at = self.clock()

    def __exit__(self, *_: object) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._since += self.clock() - self._paused_at

    def seconds(self) -> float:
        """Seconds worked so far, over all attempts."""
        now = self._paused_at if self._waiting else self.clock()
        return self.before + now - self._since


@dataclass(slots=True)
class Ledger:
    """What a run has spent, in total and in this attempt, and whether it may go on.

    `restored` is what the journal answered; `fresh` is what this process really did.
    """

    budget: Budget
    run_id: str
    watch: Stopwatch
    fresh: Usage = Usage()
    restored: Usage = Usage()
    fresh_cost_usd: float = 0.0
    restored_cost_usd: float = 0.0
    priced: bool = True
    _end: BudgetExceeded | None = field(default=None, init=False)

    @property
    def total(self) -> Usage:
        """Fresh and restored usage together."""
        return self.fresh + self.restored

    @property
    def cost_usd(self) -> float:
        """Fresh and restored cost together; a model without a known price counts as 0."""
        return self.fresh_cost_usd + self.restored_cost_usd

    def admit(self, call: Usage) -> None:
        """Count one more call that is about to be made.

        Raises:
            BudgetExceeded: the call would be one too many, or nothing is left to spend.
        """
        self.check_time()
        budget, total = self.budget, self.total
        steps = total.requests + total.tool_calls
        if budget.steps is not None and steps >= budget.steps:
            raise self._exceeded("--max-steps", "steps", steps, budget.steps)
        if budget.tokens is not None and total.tokens >= budget.tokens:
            raise self._exceeded("--max-tokens", "tokens", total.tokens, budget.tokens)
        if budget.cost_usd is not None and self.cost_usd >= budget.cost_usd:
            raise self._exceeded("--max-cost", "USD", self.cost_usd, budget.cost_usd)
        self.fresh += call

    def check_time(self) -> None:
        """Raise BudgetExceeded if the working time is used up."""
        limit, seconds = self.budget.seconds, self.watch.seconds()
        if limit is not None and seconds >= limit:
            raise self._exceeded("--timeout", "seconds", round(seconds, 1), limit)

    def spend(self, tokens: Usage, cost_usd: float | None) -> None:
        """Add what a call that was admitted has used; `cost_usd` is None if the price is unknown."""
        self.fresh += tokens
        self.fresh_cost_usd += cost_usd or 0.0
        self.priced = self.priced and cost_usd is not None

    def restore(self, call: Usage, cost_usd: float | None = 0.0) -> None:
        """Add a call that the journal answered; `cost_usd` is None if the price is unknown."""
        self.restored += call
        self.restored_cost_usd += cost_usd or 0.0
        self.priced = self.priced and cost_usd is not None

    def check_price(self, model: str) -> None:
        """Raise PriceUnknown if a cost limit is set that cannot be kept, because `model` has no known price."""
        if self.budget.cost_usd is not None and not self.priced:
            raise PriceUnknown(
                f"a cost limit is set, and the price of model {model!r} is not known",
                where=f"run {self.run_id}",
                hint=f"limit tokens instead: victor resume {self.run_id} --max-tokens N",
            )

    def _exceeded(self, flag: str, unit: str, spent: float, allowed: float) -> BudgetExceeded:
        # One error for all calls of a turn: the journal then knows that all of them ended the run, and none of
        # them stays failed when it is resumed.
        if self._end is None:
            self._end = BudgetExceeded.of(flag, unit, spent=spent, allowed=allowed, run_id=self.run_id)
        return self._end


def worked_seconds(events: Iterable[Event]) -> float:
    """Sum the time that a run's earlier attempts worked, without the time it waited for approval.

    Args:
        events: a run's events, oldest first; bodies are not looked at.
    """
    worked, began, last = 0.0, 0.0, 0.0
    waiting, since = 0, 0.0
    for event in events:
        if event.type in ("run.started", "run.resumed"):
            worked += last - began
            began, waiting = event.time, 0
        elif event.type == "approval.requested":
            since = event.time if waiting == 0 else since
            waiting += 1
        elif event.type == "approval.decided" and waiting:
            waiting -= 1
            began += event.time - since if waiting == 0 else 0.0
        last = event.time
    return worked + last - began
