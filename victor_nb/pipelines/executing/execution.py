"""Executes one notebook from its top to its end, or to the cell at which it fails, and tells the truth about it.

1. Whatever the notebook does, an outcome is returned and the notebook is saved as far as it came. Errors are raised for
   what keeps it from starting, and for a notebook that cannot be saved.
2. One event loop a call: several notebooks run side by side in threads, or in one loop with `run_notebook`.
3. Nothing of this process is changed: not its folder, its environment or its signals.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from victor_nb.pipelines.executing.cell_outputs import Bounds
from victor_nb.pipelines.executing.engine_names import EngineCannot
from victor_nb.pipelines.executing.kernel_names import kernel_of
from victor_nb.pipelines.executing.notebook_files import is_local, read_notebook
from victor_nb.pipelines.executing.outcomes import NotebookOutcome, OnEvent
from victor_nb.pipelines.executing.output_log import OBSERVED, folder_of
from victor_nb.pipelines.parameters.injecting import Injected, inject

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from victor_nb.pipelines.kernels import Kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How a notebook is to be executed.

    Attributes:
        kernels: "warm" or "cold", see `kernels.kernel_manager_class`.
        kernel: the name of a kernelspec; by default the notebook's own.
        environment: variables that the kernel gets in addition.
        context: variables too; an engine with kernels of its own does without them.
        engine: the name of an engine registered with papermill; "" is our own. See `engines` for what others cannot do.
        engine_options: handed to that engine.
        is_observed: whether it is seen what the notebook reads and imports.
        cwd: the kernel's folder; by default this process's.
        project: the folder whose files count as inputs of the notebook when it reads or imports them; by default `cwd`.
        timeout_s: for the whole notebook, its kernel's start included.
        cell_timeout_s: for one cell.
        start_timeout_s: for the kernel's start.
        quiet_s: a cell that has shown nothing for so long is told of.
        bounds: how much of a cell's outputs the notebook keeps.
        stop: set it, from any thread, to stop the notebook.
        within: keep snapshots of its variables, and begin at the one that an earlier attempt with the same `output`
            left; see `snapshots`.
    """

    kernels: Kernels = "warm"
    kernel: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: str | Path | None = None
    project: str | Path | None = None
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    start_timeout_s: float = 60.0
    quiet_s: float | None = 600.0
    bounds: Bounds = Bounds()  # noqa: RUF009  it is frozen
    stop: threading.Event | None = None
    within: bool = False
    engine: str = ""
    engine_options: Mapping[str, object] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    is_observed: bool = True


def _nobody(_kind: str, _about: dict[str, object]) -> None:
    """Tell nobody."""


def execute_notebook(
    source: str | Path,
    output: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    on_event: OnEvent = _nobody,
    how: Execution | None = None,
) -> NotebookOutcome:
    """`run_notebook` for callers that do not await, also inside a running event loop; any number in as many threads."""
    from victor_nb.workflows.blocking import run_to_end

    return run_to_end(run_notebook(source, output, parameters, on_event=on_event, how=how))


async def run_notebook(
    source: str | Path,
    output: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    on_event: OnEvent = _nobody,
    how: Execution | None = None,
) -> NotebookOutcome:
    """Execute a notebook and return what came of it; the executed notebook is at `output`.

    Args:
        source: whatever papermill reads.
        output: whatever papermill writes to; a local file's folder is made.
        parameters: injected below the cell tagged "parameters", or on top; with their types, as
            `parameters.check` returns them. Nothing is checked here but that they can be handed over.
        on_event: called in this thread with `cell.started`, `cell.output`, …; see docs/api/events.md.

    Raises:
        NotebookNotFound, InvalidNotebook: there is nothing to execute.
        UnknownKernel, UnknownEngine: nothing to execute it in.
        EngineCannot: the engine cannot do what `how` asks for.
        CannotHandOver, UnknownParameter: a parameter's value, or name, cannot be injected.
        NotebookNotSaved: it cannot be saved.
        asyncio.CancelledError: the task was cancelled; the notebook is saved, its cell told as stopped.
    """
    how, began = how or Execution(), time.monotonic()
    notebook = read_notebook(source)  # before papermill and nbclient are imported, see `defer_grammars`
    _check_engine(how, str(source))
    from victor_nb.pipelines.executing.session import Session, Task
    from victor_nb.pipelines.observing.observed import Watch

    folder = _folder_beside(str(output))
    kernel = kernel_of(notebook, how.kernel, str(source), how.engine or None)
    injected = _injected(notebook, parameters or {}, folder)
    prepared = _prepared(injected.notebook, str(source), str(output))
    cwd = Path(how.cwd or Path.cwd()).absolute()
    project = Path(how.project or cwd).absolute()
    log = folder / OBSERVED
    task = Task(
        notebook=prepared,
        kernel=kernel,
        source=str(source),
        output=str(output),
        folder=folder,
        cwd=cwd,
        project=project,
        watch=Watch(notebook, parameters or {}, project, cwd, log, is_on=how.is_observed),
        environment={**os.environ, **how.context, **how.environment, **injected.environment},
    )
    if how.engine:
        from victor_nb.pipelines.executing.engines import run_with_engine

        return await run_with_engine(task, how, injected, on_event)
    return await Session(task, how, on_event, began).outcome()


def _check_engine(how: Execution, source: str) -> None:
    if not how.engine:
        if how.engine_options:
            raise EngineCannot("engine_options are given, and no engine is named", source, "name it: engine='…'")
        return
    from victor_nb.pipelines.executing.engines import check_engine

    check_engine(how.engine, how.environment, how.cwd, how.engine_options, source)
    if how.within:
        raise EngineCannot(
            f"the engine {how.engine!r} cannot go on inside a notebook", source, "leave `within` off, or the engine out"
        )


def _folder_beside(output: str) -> Path:
    return folder_of(Path(output).absolute()) if is_local(output) else Path(tempfile.mkdtemp(prefix="victor-outputs-"))


def _injected(notebook: NotebookNode, parameters: Mapping[str, object], folder: Path) -> Injected:
    if not parameters:
        return inject(notebook, parameters, folder)
    from victor_nb.config import Settings

    return inject(notebook, parameters, folder / "parameters", Settings.load().values_to_hide())


def _prepared(notebook: Mapping[str, object], source: str, output: str) -> NotebookNode:
    import nbformat
    from papermill.execute import prepare_notebook_metadata, remove_error_markers

    node: NotebookNode = nbformat.from_dict(notebook)
    prepare_notebook_metadata(node, source, output, report_mode=False)
    cleaned: NotebookNode = remove_error_markers(node)
    return cleaned
