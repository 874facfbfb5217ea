"""What an engine that somebody else wrote reports of a notebook, and how much of it is believed.

1. Outputs are in the cells already when an engine tells that a cell has ended; they are taken over then.
2. An engine is not believed where an exception passes by, or where the cell was interrupted: the cell that ran has
   failed, was killed, or was stopped.
3. An engine that is waited for no longer may go on reporting in its thread; nothing of that counts, and each report
   asks it to end.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbclient.exceptions import CellTimeoutError, DeadKernelError

from victor_nb.pipelines.executing.cell_outputs import Bounds, CellOutputs
from victor_nb.pipelines.executing.limits import STOPPED, Cut
from victor_nb.pipelines.executing.outcomes import OnEvent, Reason
from victor_nb.pipelines.executing.recorder import Recorder
from victor_nb.pipelines.executing.saving import SavedNotebook, spill_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from victor_nb.pipelines.executing.engine_kernel import EngineKernel


class Ended(Exception):
    """Raised in the engine: time has run out, or somebody has asked to stop."""

    def __init__(self, cut: Cut) -> None:
        super().__init__(cut.text)
        self.cut = cut


class EngineReports(Recorder):
    """Takes the reports of one engine, in the engine's thread.

    Args:
        kernel: that the engine was handed; None where it takes none.
        before_first: called before the first cell; what it raises keeps the cell from running.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        file: SavedNotebook,
        tell: OnEvent,
        bounds: Bounds,
        kernel: EngineKernel | None,
        before_first: Callable[[], None],
    ) -> None:
        super().__init__(notebook, file, tell, bounds=bounds)
        self.cut: Cut | None = None
        self.cell_began_at = 0.0
        self._kernel, self._before_first = kernel, before_first
        self._has_begun = self._is_given_up = False
        self._lock = threading.RLock()

    # -- what the engine reports ---------------------------------------------------------------------------------------

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """A cell begins, unless the notebook is to end."""
        if not self._has_begun and self.cut is None:
            self._before_first()
            self._has_begun = True
        with self._lock:
            if self.cut is not None:
                raise Ended(self.cut)
            self.cell_began_at = time.monotonic()
            super().cell_start(cell, self._index(cell, cell_index), **kwargs)

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """A cell has raised, or was interrupted."""
        with self._lock:
            index = self._index(cell, cell_index)
            self._refuse_late()
            if self.cut is not None and self.running == index:
                self._cut_off(index)
            else:
                super().cell_exception(cell, index, **kwargs)

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """A cell has ended, unless an exception says otherwise."""
        with self._lock:
            index, problem = self._index(cell, cell_index), sys.exc_info()[1]
            self._refuse_late()
            if problem is not None and self.status.get(index) in (None, "running"):
                self.broke_off(problem)
            elif index not in self._positions or self.running == index:
                self._take_shown(index)
                super().cell_complete(self.nb.cells[index], index, **kwargs)

    def save(self, **kwargs: object) -> None:
        """Save the notebook if that is worth it by now."""
        with self._lock:
            self._refuse_late()
            super().save(**kwargs)

    # -- what is known otherwise ---------------------------------------------------------------------------------------

    def end_with(self, cut: Cut) -> None:
        """Let no further cell begin."""
        with self._lock:
            self.cut = cut

    def give_up(self) -> None:
        """Listen to the engine no longer; the cell that runs was cut off."""
        with self._lock:
            if self.running is not None:
                self._cut_off(self.running)
            self._is_given_up = True

    def broke_off(self, problem: BaseException) -> None:
        """The engine raised; the cell that ran, if any, did not come to its end."""
        with self._lock:
            index = self.running
            if index is None or self._is_given_up:
                return
            if self.cut is not None:
                self._cut_off(index)
                return
            self._take_shown(index)
            if isinstance(problem, DeadKernelError | CellTimeoutError):
                self._died(index, problem)
                return
            cell = self.nb.cells[index]
            super().cell_exception(cell, index, exception=problem)
            super().cell_complete(cell, index)

    def came_to_its_end(self) -> None:
        """The engine has returned; cells of which it told nothing ran if it counted them."""
        for index in self._positions:
            cell = self.nb.cells[index]
            if index not in self.status and cell.get("execution_count"):
                self.status[index] = "finished"
                cell.metadata["papermill"]["status"] = self.COMPLETED

    @property
    def was_cut(self) -> bool:
        """Whether the notebook did not come to its end because it was not let."""
        return self.cut is not None and any(self.status.get(one) != "finished" for one in self._positions)

    def _refuse_late(self) -> None:
        if self._is_given_up:
            raise Ended(self.cut or STOPPED)

    def _cut_off(self, index: int) -> None:
        cut = self.cut or STOPPED
        self._take_shown(index)
        self.cell_ended_early(index, "stopped" if cut is STOPPED else "killed", reason=cut.reason, text=cut.text)

    def _died(self, index: int, problem: Exception) -> None:
        exit_ = None if self._kernel is None else self._kernel.exit
        about = {} if exit_ is None else {"exit_status": exit_.status, "signal": exit_.signal_name}
        reason = reason_of(problem, self._kernel)
        self.cell_ended_early(index, "killed", reason=reason, text=str(problem), **about)

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


def reason_of(problem: BaseException, kernel: EngineKernel | None) -> Reason:
    """Return why a notebook ended with an exception of its engine."""
    if isinstance(problem, CellTimeoutError):
        return "timeout"
    if not isinstance(problem, DeadKernelError):
        return "error"
    exit_ = None if kernel is None else kernel.exit
    return "memory" if exit_ is not None and exit_.is_out_of_memory else "died"
