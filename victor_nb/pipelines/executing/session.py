"""One execution of one notebook: its kernel, its cells, its end.

1. Whatever happens, in this order: it is told, the kernel and all that it started end, the notebook is saved.
2. The first cell that does not come to its end is the last one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from victor_nb.errors import VictorError
from victor_nb.pipelines.executing.batch_kernel import BatchKernel, KernelGone
from victor_nb.pipelines.executing.limits import STOPPED, Cut, Limits
from victor_nb.pipelines.executing.marking import mark
from victor_nb.pipelines.executing.outcomes import (
    CellError,
    CellStatus,
    NotebookFailed,
    NotebookOutcome,
    OnEvent,
    Reason,
    Status,
)
from victor_nb.pipelines.executing.recorder import Recorder, is_executed
from victor_nb.pipelines.executing.saving import SavedNotebook
from victor_nb.pipelines.executing.snapshots import NONE_KEPT, Snapshot, Snapshots
from victor_nb.pipelines.executing.watching import Watcher
from victor_nb.pipelines.gluing import FOLDER, forget, glued_in
from victor_nb.pipelines.kernels import kernel_manager_class

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from victor_nb.pipelines.executing.execution import Execution
    from victor_nb.pipelines.observing.observed import Observed, Watch

GRACE_S: Final = 2.0
"""A cell that is interrupted has so long to end by itself, and to say how far it came."""


@dataclass(frozen=True, slots=True)
class _End:
    status: Status = "finished"
    reason: Reason = ""
    error: VictorError | None = None
    cell: int | None = None
    is_hanging: bool = False  # the kernel does not listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is executed.

    Attributes:
        notebook: its parameters are in it.
        kernel: the name of its kernelspec.
        folder: for what does not belong, or not yet, into the executed notebook.
        project: the pipeline's folder.
        environment: all variables of the kernel.
    """

    notebook: NotebookNode
    kernel: str
    source: str
    output: str
    folder: Path
    cwd: Path
    project: Path
    watch: Watch
    environment: Mapping[str, str]


class Session:
    """One execution of one notebook.

    Args:
        began: when it began, by the monotonic clock.
    """

    def __init__(self, task: Task, how: Execution, on_event: OnEvent, began: float) -> None:
        self._task, self._how, self._began = task, how, began
        self._notebook, self._source = task.notebook, task.source
        self._glue = task.folder / "glue"
        self._file = SavedNotebook(task.notebook, task.output, task.folder)
        self._recorder = Recorder(task.notebook, self._file, on_event, bounds=how.bounds)
        self._limits = Limits(began, how.timeout_s, how.cell_timeout_s, how.stop)
        self._kernel = BatchKernel(
            task.notebook,
            self._recorder,
            kernel_manager_class=kernel_manager_class(task.notebook, kernels=how.kernels),
            kernel_name=task.kernel,
            resources={"metadata": {"path": str(task.cwd)}},
            startup_timeout=round(how.start_timeout_s),
        )
        self._peak_bytes = 0
        self._started = ("", "")
        self._stopped_at: int | None = None
        self._snapshots = Snapshots(task.folder, task.notebook, task.kernel) if how.within else None
        self._why_replayed = ""
        self._restored_cells = 0

    async def outcome(self) -> NotebookOutcome:
        """Execute the notebook.

        Raises:
            NotebookNotSaved: it cannot be saved.
        """
        found = self._earlier()
        self._recorder.notebook_start(keeping=found)
        end = _End("stopped", "stopped", is_hanging=True)
        try:
            end = await self._start() or await self._run_watched(await self._restored(found))
        except asyncio.CancelledError:
            end = replace(end, cell=self._stopped_at)
            raise
        finally:
            await self._kernel.close(at_once=end.is_hanging)
            observed = await asyncio.to_thread(self._observed, end)
            made = self._made(end, observed)
            self._recorder.notebook_complete()
            if end.cell is not None:
                mark(self._notebook, end.cell, end.reason)
            await asyncio.to_thread(self._file.finish)
        if self._snapshots is not None and made.status == "finished":
            self._snapshots.remove()
        made = await asyncio.to_thread(self._with_values, made)
        return replace(made, seconds=time.monotonic() - self._began)

    def _goes_on(self, status: Status) -> bool:
        """Whether a later attempt may begin inside, and needs what this one has left."""
        return self._snapshots is not None and status != "finished"

    def _observed(self, end: _End) -> Observed:
        return self._task.watch.look() if self._goes_on(end.status) else self._task.watch.finish()

    def _with_values(self, made: NotebookOutcome) -> NotebookOutcome:
        try:
            glued = glued_in(self._glue, self._task.project)
            return replace(made, values=glued.values, modules=glued.modules)
        except VictorError as problem:
            error = NotebookFailed(problem.what, self._source, problem.hint)
            return replace(made, status="failed", reason="error", error=made.error or error)
        finally:
            if not self._goes_on(made.status):
                forget(self._glue)
            self._file.tidy()

    def _made(self, end: _End, observed: Observed) -> NotebookOutcome:
        exit_ = self._kernel.exit
        return NotebookOutcome(
            status=end.status,
            output=self._file.output,
            seconds=0.0,
            cells=self._recorder.outcomes(),
            reason=end.reason,
            error=end.error,
            exit=exit_,
            peak_bytes=max(self._peak_bytes, exit_.peak_bytes if exit_ else 0),
            cpu_s=exit_.cpu_s if exit_ else 0.0,
            how=self._started[0],
            fallback=self._started[1],
            observed=observed,
            restored=self._restored_cells,
        )

    # -- the kernel ----------------------------------------------------------------------------------------------------

    async def _start(self) -> _End | None:
        began = time.monotonic()
        starting = asyncio.ensure_future(self._begin_kernel())
        try:
            if cut := await self._limits.cut(starting, is_cell=False):
                return self._cut(cut, None, is_hanging=True)
            starting.result()
        except asyncio.CancelledError:
            raise
        except Exception as problem:  # provisioners of others raise anything
            return _End("failed", "start", self._not_started(problem), is_hanging=True)
        finally:
            starting.cancel()
            await asyncio.wait((starting,))
        self._started = self._kernel.manager.how, self._kernel.manager.fallback
        self._recorder.tell(
            "kernel.started",
            {
                "kernel": self._task.kernel,
                "how": self._started[0],
                "fallback": self._started[1],
                "seconds": time.monotonic() - began,
            },
        )
        return None

    async def _begin_kernel(self) -> None:
        await self._kernel.start({**self._task.environment, FOLDER: str(self._glue)})
        if code := self._task.watch.code:
            await self._kernel.run_silently(code)

    def _not_started(self, problem: Exception) -> VictorError:
        reason = str(self._kernel.exit or problem) or type(problem).__name__
        return NotebookFailed(
            f"the kernel {self._task.kernel!r} did not start: {reason}",
            self._source,
            f"jupyter console --kernel {self._task.kernel} starts it alone and shows what it says",
        )

    # -- beginning inside ----------------------------------------------------------------------------------------------

    def _earlier(self) -> Snapshot | None:
        """Return where to begin; what an earlier attempt left is removed if it is at the top."""
        found = self._snapshots.find(self._task.output) if self._snapshots is not None else ""
        if isinstance(found, Snapshot):
            return found
        if self._snapshots is not None:
            self._why_replayed = found
            self._snapshots.remove()
        forget(self._glue)
        self._task.watch.forget()
        return None

    async def _restored(self, found: Snapshot | None) -> int:
        if self._snapshots is None:
            return 0
        why, began = self._why_replayed, time.monotonic()
        if found is not None and not (why := await self._snapshots.restore(found, self._kernel)):
            self._restored_cells = self._recorder.restored
            seconds = time.monotonic() - began
            about = {"cells": self._restored_cells, "seconds": seconds, "how": "snapshot"}
            self._recorder.tell("notebook.restored", about)
            return found.cells
        if found is not None:
            self._recorder.forget_earlier()
        if why != NONE_KEPT:
            self._recorder.tell("notebook.replayed", {"why": why})
        return 0

    async def _run_watched(self, first: int) -> _End:
        watcher = Watcher(self._recorder, self._kernel.pid, self._how.quiet_s)
        watching = asyncio.ensure_future(watcher.watch())
        try:
            return await self._run_cells(first)
        finally:
            self._peak_bytes = watcher.peak_bytes
            watching.cancel()
            await asyncio.wait((watching,))

    # -- cells ---------------------------------------------------------------------------------------------------------

    async def _run_cells(self, first: int) -> _End:
        for index, cell in enumerate(self._notebook.cells):
            if index < first:
                continue
            self._recorder.cell_start(cell, index)
            end = await self._run_cell(cell, index) if is_executed(cell) else None
            if end is not None:
                return end
            self._recorder.cell_complete(cell, index)
            if self._snapshots is not None and index + 1 < len(self._notebook.cells):
                await self._keep(index)
        self._kernel.set_widgets_metadata()
        return _End()

    async def _keep(self, index: int) -> None:
        assert self._snapshots is not None
        before = self._snapshots.refused
        with suppress(KernelGone):  # the next cell tells it
            await self._snapshots.keep_if_due(self._kernel, index, self._recorder.seconds.get(index, 0.0))
        if (why := self._snapshots.refused) and why != before:
            self._recorder.tell("notebook.unkept", self._recorder.about(index, why=why))

    async def _run_cell(self, cell: NotebookNode, index: int) -> _End | None:
        running = asyncio.ensure_future(self._kernel.run_cell(cell, index))
        try:
            if cut := await self._limits.cut(running, is_cell=True):
                return await self._interrupted(running, index, cut)
            return self._answered(cell, index, running.result())
        except KernelGone:
            return self._died(index)
        except asyncio.CancelledError:
            self._stopped_at = index
            await self._interrupted(running, index, STOPPED)
            raise
        finally:
            running.cancel()

    def _answered(self, cell: NotebookNode, index: int, reply: dict[str, Any]) -> _End | None:
        if reply["status"] == "ok" or self._kernel.allows_errors(cell):
            return None
        name, message = reply.get("ename", reply["status"]), reply.get("evalue", "")
        if name == "SystemExit" and message in ("", "0"):  # as papermill has it: the notebook has ended itself
            self._recorder.cell_complete(cell, index)
            return _End()
        self._recorder.cell_exception(cell, index, exception=CellError(name, message))
        self._recorder.cell_complete(cell, index)
        error = NotebookFailed(f"{name}: {message}", self._where(index), "its traceback is in the executed notebook")
        return _End("failed", "error", error, index)

    def _died(self, index: int) -> _End:
        exit_ = self._kernel.exit
        error = self._kernel.manager.death(self._where(index))
        reason: Reason = "memory" if exit_ is not None and exit_.is_out_of_memory else "died"
        about = {"exit_status": exit_.status, "signal": exit_.signal_name} if exit_ is not None else {}
        self._recorder.cell_ended_early(index, "killed", reason=reason, text=error.what, **about)
        return _End("killed", reason, error, index)

    async def _interrupted(self, running: asyncio.Future[Any], index: int, cut: Cut) -> _End:
        status: CellStatus = "stopped" if cut is STOPPED else "killed"
        try:
            await self._kernel.interrupt()
            await asyncio.wait((running,), timeout=GRACE_S)
        finally:  # whoever is in a hurry cancels twice
            self._recorder.cell_ended_early(index, status, reason=cut.reason, text=cut.text)
        return self._cut(cut, index, is_hanging=not running.done())

    def _cut(self, cut: Cut, index: int | None, *, is_hanging: bool) -> _End:
        where = self._where(index) if index is not None else self._source
        status: Status = "stopped" if cut is STOPPED else "killed"
        return _End(status, cut.reason, NotebookFailed(cut.text, where, cut.hint), index, is_hanging)

    def _where(self, index: int) -> str:
        source = self._notebook.cells[index].source.strip()
        first = source.splitlines()[0] if source else ""
        return f"{self._source}, cell {index + 1}: {first[:60]}"
