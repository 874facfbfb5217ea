"""What running a workflow gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from victor_nb.workflows.control import Interrupt

if TYPE_CHECKING:
    from victor_nb.workflows.travel import WorkflowRun

S = TypeVar("S")
RunStatus = Literal["finished", "waiting"]


@dataclass(frozen=True, slots=True)
class WorkflowResult(Generic[S]):
    """The outcome of one execution.

    Attributes:
        state: the output; where the run waits and lacks values that the output's type needs, a dict of those it has.
        status: "waiting" where nodes ask a person; then `run(Command(resume=…), run_id=…)` goes on.
        interrupts: what they ask.
        replayed: whether every step was answered by the journal.
        run: the run's history.
    """

    state: S
    run_id: str
    status: RunStatus
    run: WorkflowRun
    interrupts: tuple[Interrupt, ...] = ()
    replayed: bool = False
