"""A notebook executed by an engine of papermill's that somebody else wrote, chosen by its name.

1. The engine writes outputs into the cells itself and reports to `EngineReports`, so events, metadata and the saved
   notebook say what they say of every notebook.
2. What an engine cannot do is refused before its first cell runs, and never left out in silence.
3. An engine with a kernel of ours is interrupted and, if that does not help, loses its kernel. One with a kernel of its
   own can only be asked: after `GRACE_S` it is waited for no longer.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, papermill_engines

from victor_nb.errors import VictorError, nearest
from victor_nb.pipelines.executing.engine_kernel import EngineKernel, takes_kernels
from victor_nb.pipelines.executing.engine_names import EngineCannot, unknown_engine
from victor_nb.pipelines.executing.engine_reports import Ended, EngineReports, reason_of
from victor_nb.pipelines.executing.limits import LOOK_S, STOPPED, Cut, cell_cut, notebook_cut
from victor_nb.pipelines.executing.marking import mark
from victor_nb.pipelines.executing.outcomes import NotebookFailed, NotebookOutcome, Reason, Status
from victor_nb.pipelines.executing.saving import SavedNotebook
from victor_nb.pipelines.gluing import FOLDER, WrongGlue, forget, glued_in, names_of, values_of
from victor_nb.pipelines.observing.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbformat import NotebookNode

    from victor_nb.pipelines.executing.execution import Execution
    from victor_nb.pipelines.executing.outcomes import OnEvent
    from victor_nb.pipelines.executing.session import Task
    from victor_nb.pipelines.parameters.injecting import Injected

GRACE_S: Final = 2.0
"""A cell that is interrupted has so long to end by itself; an engine whose kernel was ended, to see it."""


def engine_named(name: str, where: str) -> type[Engine]:
    """Return the engine that is registered with papermill under a name.

    Raises:
        UnknownEngine: there is none.
    """
    if (unknown := unknown_engine(name, where)) is not None:
        raise unknown
    found: type[Engine] = papermill_engines._engines[name]  # papermill lists them nowhere else
    return found


def check_engine(
    name: str, environment: Mapping[str, str], cwd: str | Path | None, options: Iterable[str], where: str
) -> None:
    """See whether an engine can give its kernel what is asked for.

    Args:
        environment: variables that the kernel has to have.

    Raises:
        UnknownEngine: there is none of that name.
        EngineCannot: it starts kernels of its own, and variables or another folder are asked for; or it is papermill's
            own, which passes over options that it does not know, and is given one.
    """
    engine = engine_named(name, where)
    if engine is NBClientEngine:
        _check_options(name, options, where)
    if takes_kernels(engine):
        return
    refuse(name, environment, Path.cwd() if cwd is None else Path(cwd), where)


def _check_options(name: str, options: Iterable[str], where: str) -> None:
    named = signature(NBClientEngine.execute_managed_notebook).parameters
    known = sorted(
        {*named, *PapermillNotebookClient.class_trait_names()} - {"nb_man", "kernel_name", "kwargs", "nb", "km"}
    )
    for option in options:
        if option not in known:
            what = f"the engine {name!r} has no option {option!r}.{nearest(option, known)}"
            raise EngineCannot(what, where, "it has start_timeout, execution_timeout, and those of nbclient")


def refuse(name: str, environment: Iterable[str], cwd: Path, where: str) -> None:
    """Refuse what a kernel that an engine starts by itself does not get.

    Raises:
        EngineCannot: it would have to get variables, or another folder than this process has.
    """
    otherwise = "use an engine derived from papermill's NBClientEngine, or ours (engine: '')"
    what = f"the engine {name!r} starts kernels of its own, which get "
    if environment:
        names = ", ".join(sorted(environment))
        raise EngineCannot(f"{what}no variables from here ({names})", where, f"leave them out, or {otherwise}")
    if cwd.resolve() != Path.cwd():
        told = f"{what}the folder of this process, {Path.cwd()}, and not {cwd}"
        raise EngineCannot(told, where, f"start in that folder, or {otherwise}")


@dataclass(frozen=True, slots=True)
class _Job:
    """One notebook for one engine; `needs` are variables that its kernel must have."""

    task: Task
    how: Execution
    engine: type[Engine]
    kernel: EngineKernel | None
    needs: frozenset[str]

    @property
    def glue(self) -> Path:
        return self.task.folder / "glue"


async def run_with_engine(task: Task, how: Execution, injected: Injected, tell: OnEvent) -> NotebookOutcome:
    """Execute a prepared notebook with the engine that `how` names; see `run_notebook`."""
    began = time.monotonic()
    needed = {**how.environment, **injected.environment}
    check_engine(how.engine, needed, how.cwd, how.engine_options, task.source)
    engine, kernel = engine_named(how.engine, task.source), None
    if takes_kernels(engine):
        kernel = EngineKernel(
            task.notebook, how.kernels, {**task.environment, FOLDER: str(task.folder / "glue")}, task.cwd
        )
    job = _Job(task, how, engine, kernel, frozenset(needed))
    forget(job.glue)
    task.watch.forget()
    file = SavedNotebook(task.notebook, task.output, task.folder)
    reports = EngineReports(task.notebook, file, tell, how.bounds, kernel, lambda: _before_first(job, reports, began))
    reports.notebook_start()
    try:
        problem = await _ended(job, reports, began)
    finally:
        observed = await asyncio.to_thread(task.watch.finish) if kernel is not None else Observed()
        reports.notebook_complete()
        cells = reports.outcomes()
        _mark(reports)
        file.notebook = reports.nb
        await asyncio.to_thread(file.finish)
    made = _outcome(job, reports, problem)
    made = replace(made, cells=cells, observed=observed)
    made = await asyncio.to_thread(_with_values, job, made, reports.nb)
    file.tidy()
    return replace(made, seconds=time.monotonic() - began)


def _before_first(job: _Job, reports: EngineReports, began: float) -> None:
    """Look at the kernel that the engine has started, before a cell runs in it."""
    if job.kernel is None:
        return
    manager = job.kernel.manager
    if manager is None:
        refuse(job.how.engine, job.needs, job.task.cwd, job.task.source)
        return
    seconds = time.monotonic() - began
    about = {"kernel": job.task.kernel, "how": manager.how, "fallback": manager.fallback, "seconds": seconds}
    reports.tell("kernel.started", about)
    if code := job.task.watch.code:
        job.kernel.run_silently(code)


# -- the engine at work ------------------------------------------------------------------------------------------------


async def _ended(job: _Job, reports: EngineReports, began: float) -> Exception | None:
    """Have the engine do its work, for as long as it may; return what it raised."""
    work = _in_thread(job, reports)
    try:
        while (cut := _due(job.how, reports, began)) is None and not work.done():
            await asyncio.wait((work,), timeout=LOOK_S if _has_limits(job.how) else None)
        if not work.done():
            await _cut(job, reports, work, cut or STOPPED)
    except asyncio.CancelledError:
        await _cut(job, reports, work, STOPPED)
        raise
    if not work.done():
        return None
    problem = work.result()
    if problem is None:
        reports.came_to_its_end()
    return problem


def _in_thread(job: _Job, reports: EngineReports) -> asyncio.Future[Exception | None]:
    """Run the engine in a thread that nobody has to wait for: it may hang for ever."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Exception | None] = loop.create_future()

    def tell(problem: Exception | None) -> None:
        if not ended.done():
            ended.set_result(problem)

    def drive() -> None:
        problem = _driven(job, reports)
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, problem)

    threading.Thread(target=drive, name=f"victor-engine-{job.how.engine}", daemon=True).start()
    return ended


def _driven(job: _Job, reports: EngineReports) -> Exception | None:
    how = job.how
    options: dict[str, Any] = {"log_output": False, "start_timeout": round(how.start_timeout_s)}
    if job.kernel is not None:
        options["kernel_manager_class"] = job.kernel.manager_class
    elif how.cell_timeout_s is not None:
        options["execution_timeout"] = math.ceil(how.cell_timeout_s)
    try:
        job.engine.execute_managed_notebook(reports, job.task.kernel, **{**options, **how.engine_options})
        if job.kernel is not None and job.kernel.manager is None:  # it reported no cell, and ran them elsewhere
            refuse(how.engine, job.needs, job.task.cwd, job.task.source)
    except Exception as problem:  # engines of others raise anything
        if not isinstance(problem, Ended):
            reports.broke_off(problem)
        return problem
    return None


def _has_limits(how: Execution) -> bool:
    return how.stop is not None or how.timeout_s is not None or how.cell_timeout_s is not None


def _due(how: Execution, reports: EngineReports, began: float) -> Cut | None:
    """Return why the engine is to end by now; None if it may go on."""
    now = time.monotonic()
    if how.stop is not None and how.stop.is_set():
        return STOPPED
    if how.timeout_s is not None and now - began >= how.timeout_s:
        return notebook_cut(how.timeout_s)
    limit_s = how.cell_timeout_s
    if limit_s is not None and reports.running is not None and now - reports.cell_began_at >= limit_s:
        return cell_cut(limit_s)
    return None


async def _cut(job: _Job, reports: EngineReports, work: asyncio.Future[Exception | None], cut: Cut) -> None:
    reports.end_with(cut)
    try:
        if job.kernel is not None:
            await job.kernel.interrupt()
        await asyncio.wait((work,), timeout=GRACE_S)
        if not work.done() and job.kernel is not None:
            await job.kernel.kill()
            await asyncio.wait((work,), timeout=GRACE_S)
    finally:  # whoever is in a hurry cancels twice
        reports.give_up()


# -- what came of it ---------------------------------------------------------------------------------------------------


def _mark(reports: EngineReports) -> None:
    lost: dict[str, Reason] = {"failed": "error", "killed": "died", "stopped": "stopped"}
    if found := [index for index, status in reports.status.items() if status in lost]:
        reason = lost[reports.status[found[0]]]
        mark(reports.nb, found[0], reports.cut.reason if reports.cut is not None else reason)


def _outcome(job: _Job, reports: EngineReports, problem: Exception | None) -> NotebookOutcome:
    kernel = job.kernel
    exit_ = None if kernel is None else kernel.exit
    manager = None if kernel is None else kernel.manager
    status, reason, error = _end(job, reports, problem)
    return NotebookOutcome(
        status,
        job.task.output,
        0.0,
        reason=reason,
        error=error,
        exit=exit_,
        peak_bytes=exit_.peak_bytes if exit_ else 0,
        cpu_s=exit_.cpu_s if exit_ else 0.0,
        how=manager.how if manager else job.how.engine,
        fallback=manager.fallback if manager else "",
    )


def _end(job: _Job, reports: EngineReports, problem: Exception | None) -> tuple[Status, Reason, VictorError | None]:
    source = job.task.source
    lost = [index for index, status in reports.status.items() if status in ("failed", "killed", "stopped")]
    where = _where(reports, source, lost[0]) if lost else source
    if reports.was_cut and reports.cut is not None:
        cut = reports.cut
        return "stopped" if cut is STOPPED else "killed", cut.reason, NotebookFailed(cut.text, where, cut.hint)
    for error in reports.errors.values():
        hint = "its traceback is in the executed notebook"
        return "failed", "error", NotebookFailed(f"{error.type}: {error.message}", where, hint)
    if problem is None or isinstance(problem, Ended):  # of a Markdown cell, when all that runs had run
        return "finished", "", None
    if isinstance(problem, VictorError):
        return "failed", "start", problem
    reason = reason_of(problem, job.kernel)
    if reason in ("died", "memory") and job.kernel is not None and (death := job.kernel.death(where)) is not None:
        return "killed", reason, death
    what = f"the engine {job.how.engine!r} raised {type(problem).__name__}: {problem}"
    status: Status = "failed" if reason == "error" else "killed"
    return status, reason, NotebookFailed(what, where, "the engine's own documentation may tell more")


def _where(reports: EngineReports, source: str, index: int) -> str:
    cells = [cell for cell in reports.nb.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]
    text = cells[index].source.strip()
    return f"{source}, cell {index + 1}: {text.splitlines()[0][:60] if text else ''}"


def _with_values(job: _Job, made: NotebookOutcome, notebook: NotebookNode) -> NotebookOutcome:
    """Take what was glued: from files if the kernel was ours, else as far as the notebook holds it."""
    try:
        if job.kernel is not None and job.kernel.manager is not None:
            glued = glued_in(job.glue, job.task.project)
            return replace(made, values=glued.values, modules=glued.modules)
        return replace(made, values=_shown_values(job, notebook))
    except VictorError as problem:
        error = NotebookFailed(problem.what, job.task.source, problem.hint)
        return replace(made, status="failed", reason="error", error=made.error or error)
    finally:
        forget(job.glue)


def _shown_values(job: _Job, notebook: NotebookNode) -> dict[str, object]:
    values = values_of(notebook)
    if lost := sorted(names_of(notebook) - values.keys()):
        raise WrongGlue(
            f"the glued value {lost[0]!r} is not in the notebook, as it is no short, plain value",
            job.task.source,
            f"the engine {job.how.engine!r} starts kernels of its own, from which nothing else comes back: write it to "
            "a file, or use another engine",
        )
    return values
