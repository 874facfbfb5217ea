"""What came of executing a notebook, as plain data.

1. The status says what the notebook did, whatever its metadata says.
2. An outcome can be pickled and stored in a journal: everything in it is a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from victor_nb.errors import VictorError
from victor_nb.pipelines.kernels.exits import KernelExit
from victor_nb.pipelines.observing.observed import Observed

Status = Literal["finished", "failed", "killed", "stopped"]
"""`failed`: a cell raised. `killed`: the kernel died, or was ended because time ran out. `stopped`: somebody asked."""

CellStatus = Literal["pending", "running", "finished", "failed", "killed", "stopped", "skipped"]
"""`pending`: it was never reached. `skipped`: it holds nothing to run, or a tag says so."""

Reason = Literal["", "error", "died", "memory", "timeout", "stopped", "start"]
"""Why a notebook did not come to its end: a cell raised; its kernel died, or was killed for want of memory; time ran
out; somebody stopped it; its kernel did not start."""

OnEvent: TypeAlias = Callable[[str, dict[str, object]], None]


class NotebookFailed(VictorError):
    """A notebook that was executed did not come to its end; `where` names notebook and cell."""


@dataclass(frozen=True, slots=True)
class CellError:
    """What a cell raised.

    Attributes:
        type: the name of the exception's class.
        message: what it says.
        traceback: as IPython shows it, without colours.
    """

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What came of one cell.

    Attributes:
        cell: its index in the executed notebook, from 0, all kinds of cells counted.
        count: its execution count, which a notebook shows beside it; None if it was not executed.
    """

    cell: int
    status: CellStatus
    seconds: float = 0.0
    count: int | None = None
    error: CellError | None = None


@dataclass(frozen=True, slots=True)
class NotebookOutcome:
    """What came of a notebook.

    Attributes:
        output: where the executed notebook is.
        seconds: from the call to the saved notebook.
        error: why it did not come to its end; None if it did.
        exit: how its kernel's process ended, where somebody watched it.
        peak_bytes: the most memory that the kernel and its children held, as far as it was seen.
        cpu_s: processor time of the kernel and its children.
        how: how the kernel was started: "forked", "pool", "cold" or "unguarded".
        fallback: why it was not started faster; empty if it was.
        values: what `glue` handed on, by name.
        modules: where the classes of the values are, see `gluing.import_modules`.
        observed: what it read and imported.
        restored: how many cells were not run again because an earlier attempt had finished them.
    """

    status: Status
    output: str
    seconds: float
    cells: tuple[CellOutcome, ...] = ()
    reason: Reason = ""
    error: VictorError | None = None
    exit: KernelExit | None = None
    peak_bytes: int = 0
    cpu_s: float = 0.0
    how: str = ""
    fallback: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    restored: int = 0
    observed: Observed = field(default_factory=Observed)

    def check(self) -> NotebookOutcome:
        """Return the outcome if the notebook came to its end.

        Raises:
            NotebookFailed: it did not.
        """
        if self.error is not None:
            raise self.error
        return self
