"""What is told about a notebook while it is executed: events, its metadata, its outputs on disk.

1. It is what papermill's engines report to, so the metadata of an executed notebook is papermill's own.
2. Only what happened is told: a cell that was never reached stays pending, and one that was killed is not completed.
   papermill itself says "completed" of both.
3. That a cell has ended is told after its outputs and its end can be found on disk: whoever reads that it finished
   finds all that it showed, at whatever instant this process is killed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import nbformat
from papermill.engines import NotebookExecutionManager

from victor_nb.pipelines.executing.cell_outputs import Bounds, CellOutputs
from victor_nb.pipelines.executing.outcomes import CellError, CellOutcome, CellStatus, OnEvent
from victor_nb.pipelines.executing.saving import SavedNotebook, spill_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from victor_nb.pipelines.executing.snapshots import Snapshot

SKIP_TAG: Final = "skip-execution"
LIVE_LIMIT: Final = 64_000
"""No more than this of one output is told to whoever watches, in characters."""

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def is_executed(cell: Mapping[str, Any]) -> bool:
    """Whether a cell is code that is to be run."""
    return (
        cell["cell_type"] == "code"
        and bool(cell["source"].strip())
        and SKIP_TAG not in cell["metadata"].get("tags", [])
    )


class Recorder(NotebookExecutionManager):  # type: ignore[misc]
    """Tells about one execution.

    Args:
        tell: called in the thread that executes.
    """

    def __init__(self, notebook: NotebookNode, file: SavedNotebook, tell: OnEvent, *, bounds: Bounds) -> None:
        super().__init__(notebook, progress_bar=False, autosave_cell_every=0)
        self.file = file
        self.status: dict[int, CellStatus] = {}
        self.seconds: dict[int, float] = {}
        self.errors: dict[int, CellError] = {}
        self.running: int | None = None
        self.last_output_at = time.monotonic()
        self._tell, self._bounds = tell, bounds
        self._collected: dict[int, CellOutputs] = {}
        self._began_at, self._left_out = 0.0, 0
        self._positions = {index: n for n, index in enumerate(self._executed(), 1)}

    def _executed(self) -> list[int]:
        return [index for index, cell in enumerate(self.nb.cells) if is_executed(cell)]

    # -- what engines report -------------------------------------------------------------------------------------------

    def save(self, **_: object) -> None:
        """Save the notebook if that is worth it by now."""
        self.settle()
        self.file.save_if_due()

    def notebook_start(self, keeping: Snapshot | None = None, **kwargs: object) -> None:
        """Clear what an earlier execution left, but for the cells that are not run again, and write the notebook."""
        super().notebook_start(**kwargs)
        if keeping is not None:
            self._take_over(keeping)
        self.file.begin()

    def _take_over(self, snapshot: Snapshot) -> None:
        for index in range(snapshot.cells):
            cell, then = self.nb.cells[index], snapshot.earlier.cells[index]
            cell.metadata["papermill"] = then.metadata.get("papermill", cell.metadata["papermill"])
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = then.outputs, then.execution_count
            if index in self._positions:
                self.status[index] = "finished"
                self.seconds[index] = float(cell.metadata.papermill.get("duration") or 0.0)

    @property
    def restored(self) -> int:
        """How many cells that are executed have been taken over."""
        return len(self.status)

    def forget_earlier(self) -> None:
        """Run all cells after all."""
        self.status.clear()
        self.seconds.clear()
        super().notebook_start()
        self.file.begin()  # else a kill would leave the outputs of both attempts

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """A cell begins."""
        assert cell_index is not None
        super().cell_start(cell, cell_index, **kwargs)
        if cell_index not in self._positions:
            return
        self.running, self.status[cell_index] = cell_index, "running"
        self._began_at = self.last_output_at = time.monotonic()
        cell.outputs = []
        spill = self.file.folder / spill_name(cell_index)
        self._collected[cell_index] = CellOutputs(cell.outputs, self._bounds, spill)
        self._note(cell_index)
        first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
        self._tell("cell.started", self.about(cell_index, code=first[:120]))

    def cell_exception(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """The cell that runs has raised."""
        super().cell_exception(cell, cell_index, **kwargs)
        assert cell_index is not None
        self.status[cell_index] = "failed"
        self.errors.setdefault(cell_index, _error_of(cell, kwargs.get("exception")))

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: object) -> None:
        """The cell that runs has ended, well or not."""
        assert cell_index is not None
        ends = cell_index in self._positions and self.running == cell_index
        if ends:
            self._close(cell, cell_index)
        super().cell_complete(cell, cell_index, **kwargs)
        self._note(cell_index)
        if ends:
            self._tell_end(cell, cell_index)

    def cell_ended_early(self, cell_index: int, status: CellStatus, **told: object) -> None:
        """The cell that runs has been killed or stopped."""
        cell = self.nb.cells[cell_index]
        super().cell_exception(cell, cell_index)
        self.status[cell_index] = status
        self._close(cell, cell_index)
        super().cell_complete(cell, cell_index)
        self._note(cell_index)
        self._tell_end(cell, cell_index, **told)

    def notebook_complete(self, **_: object) -> None:
        """The notebook has ended; cells that were not reached stay pending."""
        self.end_time = self.now()
        about = self.nb.metadata.papermill
        about["end_time"] = self.end_time.isoformat()
        about["duration"] = (self.end_time - self.start_time).total_seconds()

    def _close(self, cell: NotebookNode, index: int) -> None:
        """Take in that the cell which ran has ended, with all that it has shown."""
        self.running = None
        self.seconds[index] = time.monotonic() - self._began_at
        collected = self._collected.pop(index)
        for notice in collected.close():
            self.file.note(["output", index, notice])
        cell.outputs = nbformat.from_dict(collected.outputs)
        self._left_out = collected.left_out
        if self.status[index] == "running":
            self.status[index] = "finished"

    def _tell_end(self, cell: NotebookNode, index: int, **told: object) -> None:
        if self._left_out:
            left_out = {"characters": self._left_out, "file": str(self.file.folder / spill_name(index))}
            self._tell("cell.cut", self.about(index, **left_out))
        about = self.about(index, seconds=self.seconds[index], execution_count=cell.execution_count)
        status, kind = self.status[index], "cell.killed"
        if status == "finished":
            kind = "cell.finished"
        elif status == "failed":
            kind = "cell.failed"
            error = self.errors[index]
            told = {"error": {"type": error.type, "message": error.message, "traceback": error.traceback}}
        self._tell(kind, {**about, **told})

    # -- what cells show -----------------------------------------------------------------------------------------------

    def take(self, cell: int, output: Mapping[str, Any]) -> int | None:
        """Take an output of the cell that runs."""
        self.last_output_at = time.monotonic()
        collected = self._collected[cell]
        if output["output_type"] == "stream":
            if kept := collected.stream(output["name"], output["text"]):
                self.file.note(["stream", cell, output["name"], kept])
                self._show(cell, {**output, "text": kept[-LIVE_LIMIT:]})
            return None
        place = collected.add(output)
        if place is not None:
            self.file.note(["output", cell, output])
            self._show(cell, _for_watchers(output))
        return place

    def replace(self, cell: int, place: int, output: Mapping[str, Any]) -> None:
        """Replace an output of any cell."""
        if cell in self._collected:
            self._collected[cell].put(place, output)
        elif place < len(self.nb.cells[cell].outputs):
            self.nb.cells[cell].outputs[place].update(nbformat.from_dict(output))
        self.file.note(["put", cell, place, output])

    def clear(self, cell: int) -> None:
        """Drop the outputs of the cell that runs."""
        self._collected[cell].clear()
        self.file.note(["clear", cell])
        self._tell("cell.cleared", self.about(cell))

    def settle(self) -> None:
        """Have the notebook hold all outputs that came."""
        for collected in self._collected.values():
            collected.settle()

    # -- what is told --------------------------------------------------------------------------------------------------

    def about(self, index: int, **more: object) -> dict[str, object]:
        """Return what every event of a cell says: its index, and that it is the n-th of m that are executed."""
        return {"cell": index, "position": self._positions.get(index, 0), "cells": len(self._positions), **more}

    def tell(self, kind: str, about: dict[str, object]) -> None:
        """Tell of something else."""
        self._tell(kind, about)

    def outcomes(self) -> tuple[CellOutcome, ...]:
        """Return what came of each cell."""
        return tuple(self._outcome(index, cell) for index, cell in enumerate(self.nb.cells))

    def _outcome(self, index: int, cell: NotebookNode) -> CellOutcome:
        if index not in self._positions:
            return CellOutcome(index, "skipped")
        status = self.status.get(index, "pending")
        return CellOutcome(
            index, status, self.seconds.get(index, 0.0), cell.get("execution_count"), self.errors.get(index)
        )

    def _show(self, cell: int, output: Mapping[str, Any]) -> None:
        self._tell("cell.output", self.about(cell, output=dict(output)))

    def _note(self, index: int) -> None:
        cell = self.nb.cells[index]
        if "execution_count" in cell:
            self.file.note(["cell", index, dict(cell.metadata.papermill), cell.execution_count])


def _for_watchers(output: Mapping[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    if not data or sum(len(str(each)) for each in data.values()) <= LIVE_LIMIT:
        return dict(output)
    return {**output, "data": {"text/plain": str(data.get("text/plain", f"[{', '.join(data)}]"))[:LIVE_LIMIT]}}


def _error_of(cell: NotebookNode, exception: object) -> CellError:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            traceback = _COLOURS.sub("", "\n".join(output["traceback"]))
            return CellError(output["ename"], output["evalue"], traceback[-LIVE_LIMIT:])
    return CellError(
        str(getattr(exception, "ename", "") or type(exception).__name__), str(getattr(exception, "evalue", exception))
    )
