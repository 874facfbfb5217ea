"""What is known of a run: plain data that the fold in `summary` fills and every face reads.

1. Nothing here looks at an event; `widgets/run_view/state.ts` has the same fields for the browser.
2. Fields with an underscore are the fold's own book-keeping and are no part of what is known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Final

OPEN_STATES: Final = frozenset({"running", "waiting"})


@dataclass(slots=True)
class StepRow:
    """One line of the timeline: a model request, a tool call from its question to its result, or any other step.

    Attributes:
        kind: "model", "tool", …; "approval" for a call that somebody is asked about and that has not begun.
        state: running, done, failed, skipped, unfinished; for a call that is asked about waiting, approved, denied.
        at: seconds since the run started, on a clock that stands still while the run is stopped.
        ms: how long it took; None while it is open.
        calls: what a model asked for, `{"call_id", "tool", "arguments"}` each.
        output: the end of what a tool printed while it ran.
        note: who decided about a call, how and why; what was decided about a step in doubt.
        partial: the arguments that are asked about are cut: they can be approved, and not edited in a view.
        about: what the tool does, as whoever decides is told.
        cost_usd: None if no price is known.
    """

    step_id: str
    parent_id: str
    depth: int
    kind: str
    name: str
    state: str = "running"
    at: float = 0.0
    ms: float | None = None
    effect: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    result: object = None
    text: str = ""
    thinking: str = ""
    calls: list[dict[str, object]] = field(default_factory=list)
    output: str = ""
    error: dict[str, object] | None = None
    note: str = ""
    about: str = ""
    by: str = ""
    call_id: str = ""
    call_hash: str = ""
    partial: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    replayed: bool = False


@dataclass(slots=True)
class RunSummary:
    """What is known of a run after some of its events.

    Attributes:
        state: "" before the first event, then running, waiting (for a person), finished, failed or stopped.
        text: the answer, or as much of it as has arrived.
        seconds: how long the run has been active.
        reason: why it was stopped.
        cost_usd: None until a step with a known price ends.
    """

    run_id: str = ""
    kind: str = ""
    name: str = ""
    state: str = ""
    started: float = 0.0
    seconds: float = 0.0
    text: str = ""
    error: dict[str, object] | None = None
    reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    steps: list[StepRow] = field(default_factory=list)
    _index: dict[str, int] = field(default_factory=dict, repr=False)
    _calls: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    _seen: set[tuple[str, int]] = field(default_factory=set, repr=False)
    _waiting: set[str] = field(default_factory=set, repr=False)
    _text_depth: int = field(default=1_000, repr=False)
    _resumed: float = field(default=0.0, repr=False)
    _idle: float = field(default=0.0, repr=False)
    _updated: float = field(default=0.0, repr=False)

    @property
    def model_requests(self) -> int:
        """How many times a model was asked."""
        return sum(row.kind == "model" for row in self.steps)

    @property
    def tool_calls(self) -> int:
        """How many tools were called."""
        return sum(row.kind == "tool" for row in self.steps)

    @property
    def replayed_steps(self) -> int:
        """How many steps answered from the record."""
        return sum(row.replayed and row.kind != "approval" for row in self.steps)

    @property
    def is_replayed(self) -> bool:
        """Whether every step answered from the record."""
        steps = [row for row in self.steps if row.kind != "approval"]
        return bool(steps) and all(row.replayed for row in steps)

    @property
    def pending(self) -> list[StepRow]:
        """The approvals that a person has not decided yet, oldest first."""
        return [self.steps[place] for place in sorted(self._index[step_id] for step_id in self._waiting)]

    @property
    def is_over(self) -> bool:
        """Whether the run has ended; a failed or stopped one may be resumed later."""
        return self.state in {"finished", "failed", "stopped"}

    def to_json(self) -> dict[str, object]:
        """The whole summary in JSON values, the same as `toJson` in state.ts gives."""
        shown = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return shown | {
            "model_requests": self.model_requests,
            "tool_calls": self.tool_calls,
            "replayed_steps": self.replayed_steps,
            "replayed": self.is_replayed,
        }
