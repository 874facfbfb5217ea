"""A notebook executed by an engine of papermill's that somebody else wrote, chosen by its name.

1. The engine has a kernel of its own and writes outputs into the cells itself; it reports to a `Recorder`, so events,
   metadata and the saved notebook say what they say of every notebook.
2. What an engine reports is not believed where an exception passes by: the cell that ran has failed, or was killed.
3. A foreign engine cannot be interrupted: time and stops are looked at between cells.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import Engine, papermill_engines

from ...errors import VictorError, nearest
from .cell_outputs import CellOutputs
from .limits import STOPPED, Cut
from .marking import mark
from .outcomes import NotebookFailed, NotebookOutcome, OnEvent, Reason, Status
from .recorder import Recorder
from .saving import SavedNotebook, spill_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from .execution import Execution


class UnknownEngine(VictorError):
    """No engine of papermill's has that name."""


def engine_named(name: str, where: str) -> type[Engine]:
    """Return the engine that is registered with papermill under a name.

    Raises:
        UnknownEngine: there is none.
    """
    engines: Mapping[str | None, type[Engine]] = papermill_engines._engines  # papermill lists them nowhere else
    if name in engines:
        return engines[name]
    known = sorted(one for one in engines if one)
    raise UnknownEngine(
        f"there is no papermill engine {name!r}.{nearest(name, known)}",
        where,
        f"registered are {', '.join(known)}; others come from packages, or from papermill_engines.register",
    )


class _Ended(Exception):
    """Time has run out, or somebody has asked to stop."""

    def __init__(self, cut: Cut) -> None:
        super().__init__(cut.text)
        self.cut = cut


class _Manager(Recorder):
    def __init__(
        self, notebook: NotebookNode, file: SavedNotebook, tell: OnEvent, how: Execution, end: float | None
    ) -> None:
        super().__init__(notebook, file, tell, bounds=how.bounds)
        self._how, self._end_at = how, end
        self.is_given_up = threading.Event()

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        if self.is_given_up.is_set() or (self._how.stop is not None and self._how.stop.is_set()):
            raise _Ended(STOPPED)
        if self._end_at is not None and time.monotonic() >= self._end_at:
            text = f"the notebook took longer than {self._how.timeout_s:g} s"
            raise _Ended(Cut("timeout", text, "give the notebook more time (timeout_s)"))
        super().cell_start(cell, self._index(cell, cell_index), **kwargs)

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        super().cell_exception(cell, self._index(cell, cell_index), **kwargs)

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        index, problem = self._index(cell, cell_index), sys.exc_info()[1]
        if problem is not None and self.status.get(index) in (None, "running"):
            self.broke_off(problem)
        elif index not in self._positions or self.running == index:
            self._take_shown(index)
            super().cell_complete(self.nb.cells[index], index, **kwargs)

    def broke_off(self, problem: BaseException) -> None:
        """The engine raised; the cell that ran, if any, did not come to its end."""
        index = self.running
        if index is None:
            return
        self._take_shown(index)
        if isinstance(problem, DeadKernelError | CellTimeoutError):
            self.cell_ended_early(index, "killed", reason=_reason(problem), text=str(problem))
            return
        cell = self.nb.cells[index]
        super().cell_exception(cell, index, exception=problem)
        super().cell_complete(cell, index)

    def _index(self, cell: NotebookNode, given: int | None) -> int:
        if given is not None:
            return given
        return next(index for index, one in enumerate(self.nb.cells) if one is cell)

    def _take_shown(self, index: int) -> None:
        if index not in self._collected:
            return
        cell = self.nb.cells[index]
        shown, cell.outputs = list(cell.outputs), []
        self._collected[index] = CellOutputs(cell.outputs, self._bounds, self.file.folder / spill_name(index))
        for output in shown:
            self.take(index, output)


def _reason(problem: BaseException) -> Reason:
    if isinstance(problem, CellTimeoutError):
        return "timeout"
    return "died" if isinstance(problem, DeadKernelError) else "error"


async def run_with_engine(
    notebook: NotebookNode, kernel: str, source: str, output: str, folder: Path, how: Execution, tell: OnEvent
) -> NotebookOutcome:
    """Execute a prepared notebook with the engine that `how` names; see `run_notebook`."""
    engine, began = engine_named(how.engine, source), time.monotonic()
    file = SavedNotebook(notebook, output, folder)
    manager = _Manager(notebook, file, tell, how, None if how.timeout_s is None else began + how.timeout_s)
    manager.notebook_start()
    work = asyncio.ensure_future(asyncio.to_thread(_driven, engine, manager, kernel, how))
    try:
        problem = await asyncio.shield(work)
    except asyncio.CancelledError:
        manager.is_given_up.set()
        await work
        raise
    finally:
        manager.notebook_complete()
        cells = manager.outcomes()
        if failed := [index for index, status in manager.status.items() if status in ("failed", "killed")]:
            mark(manager.nb, failed[0], "error" if manager.status[failed[0]] == "failed" else "died")
        file.notebook = manager.nb
        await asyncio.to_thread(file.finish)
        file.tidy()
    status, reason, error = _end(manager, problem, source)
    seconds = time.monotonic() - began
    return NotebookOutcome(status, output, seconds, cells, reason, error, how=how.engine)


def _driven(engine: type[Engine], manager: _Manager, kernel: str, how: Execution) -> Exception | None:
    options: dict[str, Any] = {"start_timeout": round(how.start_timeout_s), **how.engine_options}
    if how.cell_timeout_s is not None:
        options.setdefault("execution_timeout", how.cell_timeout_s)
    try:
        engine.execute_managed_notebook(manager, kernel, **{"log_output": False, **options})
    except Exception as problem:  # engines of others raise anything
        manager.broke_off(problem)
        return problem
    return None


def _end(manager: _Manager, problem: Exception | None, source: str) -> tuple[Status, Reason, VictorError | None]:
    if isinstance(problem, _Ended):
        cut = problem.cut
        return "stopped" if cut is STOPPED else "killed", cut.reason, NotebookFailed(cut.text, source, cut.hint)
    for index, error in manager.errors.items():
        where, hint = f"{source}, cell {index + 1}", "its traceback is in the executed notebook"
        return "failed", "error", NotebookFailed(f"{error.type}: {error.message}", where, hint)
    if problem is None:
        return "finished", "", None
    what = f"the engine raised {type(problem).__name__}: {problem}"
    reason = _reason(problem)
    status: Status = "failed" if reason == "error" else "killed"
    return status, reason, NotebookFailed(what, source, "the engine's own documentation may tell more")
