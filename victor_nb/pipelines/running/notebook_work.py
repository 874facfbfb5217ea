"""Running the notebook of a node: what identifies it, what it is given, and the outcome as the node's result.

1. The notebook is executed by `executing`, in a thread here or by a worker elsewhere; what happens in it is recorded
   by this process alone.
2. A notebook that is no longer wanted is told to stop, and waited for, so that its kernel never outlives its run.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from victor_nb.agents.inside import Inside, variables_of
from victor_nb.errors import VictorError
from victor_nb.journal import Redactor, Step
from victor_nb.pipelines.caching.fingerprint import Part
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.caching.parts import code_part, text_part, value_part
from victor_nb.pipelines.executing.notebook_files import NotebookNotFound
from victor_nb.pipelines.executing.outcomes import NotebookOutcome
from victor_nb.pipelines.failures import NodeKilled, NodeStopped
from victor_nb.pipelines.notebook_json import notebook_of
from victor_nb.pipelines.observing.observed import Observed
from victor_nb.pipelines.parameters.declaring import check, declared
from victor_nb.pipelines.running.around import Around, Kernels
from victor_nb.pipelines.running.given import Given
from victor_nb.pipelines.spec import Node, NotebookWork

STOP_S: Final = 30.0
"""A notebook that was told to stop is waited for so long."""
LIVE: Final = frozenset({"cell.output", "cell.cleared", "kernel.sample"})
"""Events of notebooks that are shown and not kept: the executed notebook has them."""

Tell = Callable[[str, dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class NotebookJob:
    """Everything that a process needs to execute a notebook; can be sent to another one.

    Attributes:
        source: the notebook; a path, or what papermill reads.
        output: where the executed notebook is written.
        project: the folder whose files count when the notebook reads them.
        context: variables that tell agents in the notebook where they are.
        within: whether it goes on where an earlier attempt of this run was ended.
    """

    source: str
    output: str
    parameters: Mapping[str, Any]
    cwd: str
    project: str
    kernel: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    kernels: Kernels = "warm"
    within: bool = False
    engine: str = ""
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    is_observed: bool = True


def execute_job(job: NotebookJob, tell: Tell | None = None, stop: threading.Event | None = None) -> NotebookOutcome:
    """Execute a notebook in this process; see `executing.execute_notebook`."""
    from victor_nb.pipelines.executing import Execution, execute_notebook

    how = Execution(
        kernels=job.kernels,
        kernel=job.kernel,
        environment=job.environment,
        cwd=job.cwd,
        project=job.project,
        timeout_s=job.timeout_s,
        cell_timeout_s=job.cell_timeout_s,
        within=job.within,
        engine=job.engine,
        engine_options=job.engine_options,
        context=job.context,
        is_observed=job.is_observed,
        stop=stop,
    )
    return execute_notebook(job.source, job.output, job.parameters, on_event=tell or _untold, how=how)


def _untold(_: str, __: dict[str, object]) -> None:
    """Nobody listens where the work was sent to."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notebook as it stands, with checked parameters.

    Attributes:
        code: a hash of what counts in it.
        kernel: the name of the kernelspec.
    """

    notebook: Mapping[str, Any]
    parameters: Mapping[str, Any]
    code: str
    kernel: str


def ready(node: Node, given: Given, base: Path) -> Prepared:
    """Read a node's notebook and check what it is given.

    Raises:
        VictorError: it cannot be read, or a parameter is unknown, missing or of a wrong type.
    """
    assert isinstance(node.work, NotebookWork)
    if node.work.engine:
        from victor_nb.pipelines.executing.engine_names import unknown_engine

        if (unknown := unknown_engine(node.work.engine, f"node {given.member.id!r}")) is not None:
            raise unknown
    notebook = read_notebook(node.work.path, base)
    cell = declared(notebook)
    known = {one.name for one in cell.parameters}
    explicit = {name: value for name, value in given.parameters.items() if name in node.parameters}
    of_matrix = {
        name: value
        for name, value in given.member.values.items()
        if name not in explicit and (name in known or cell.is_open)
    }
    parameters = check(cell, {**of_matrix, **explicit}, f"{node.work.path}, node {given.member.id!r}")
    kernel = node.work.kernel or notebook.get("metadata", {}).get("kernelspec", {}).get("name", "")
    return Prepared(notebook, parameters, Hashes.beside(base).code(notebook), kernel)


def read_notebook(path: str, base: Path) -> dict[str, Any]:
    """Return a notebook as JSON; one that is no local file is read by papermill.

    Raises:
        NotebookNotFound: it is not there.
        InvalidNotebook: it is no notebook.
    """
    try:
        content = (base / path).read_bytes() if "://" not in path else _remote(path).encode()
    except OSError as failure:
        raise NotebookNotFound(f"the notebook cannot be read: {failure.strerror or failure}", path) from failure
    return notebook_of(content, path)


def _remote(path: str) -> str:
    from papermill.iorw import papermill_io

    return str(papermill_io.read(path))


def notebook_parts(node: Node, ready: Prepared, redactor: Redactor) -> dict[str, Part]:
    """What a notebook's result depends on, as far as it is known before it runs."""
    assert isinstance(node.work, NotebookWork)
    parts = {f"the code of {node.work.path}": code_part(ready.code), "kernel": text_part(ready.kernel, redactor)}
    parts |= {f"parameter {name}": value_part(value, redactor) for name, value in ready.parameters.items()}
    if node.work.engine:
        parts["engine"] = text_part(node.work.engine, redactor)
    parts |= {f"engine option {name}": value_part(value, redactor) for name, value in node.work.engine_options.items()}
    variables = node.work.environment
    return parts | {f"environment variable {name}": code_part(value) for name, value in variables.items()}


@dataclass(frozen=True, slots=True)
class Executed:
    """What a notebook came to, as a node sees it.

    Attributes:
        modules: where the classes of its values are; they are imported before the values are read elsewhere.
    """

    value: dict[str, Any]
    notebook: str
    observed: Observed
    modules: tuple[str, ...]


async def executed(node: Node, member: str, ready: Prepared, around: Around, step: Step) -> Executed:
    """Execute a notebook and return what it handed on.

    Raises:
        NotebookFailed: a cell raised; the error names it.
        NodeKilled: its kernel died, or its time had run out.
        NodeStopped: the run was ended meanwhile.
    """
    job = _job(node, member, ready, around)
    if job.engine and around.within:
        why = f"the engine {job.engine!r} keeps no variables, so it begins at the top each time"
        around.note("notebook.unkept", {"why": why}, step.id)
    if around.executor is not None:
        outcome: NotebookOutcome = await around.executor.submit(execute_job, job)
    else:
        outcome = await _here(job, around, step)
    if outcome.status == "killed":
        raise _killed(outcome)
    if outcome.status == "stopped":
        raise NodeStopped(f"{member} was stopped", job.source, f"victor resume {around.run.id}")
    if outcome.error is not None:
        raise outcome.error
    return Executed(dict(outcome.values), outcome.output, outcome.observed, outcome.modules)


def _killed(outcome: NotebookOutcome) -> NodeKilled:
    error = outcome.error or VictorError("the kernel died")
    return NodeKilled(error.what, error.where, error.hint)


def _job(node: Node, member: str, ready: Prepared, around: Around) -> NotebookJob:
    work, agents = node.work, _for_agents(around, member)
    assert isinstance(work, NotebookWork)
    is_strict = around.replay == "strict"  # then a kernel that does not know it must not run
    return NotebookJob(
        work.path if "://" in work.path else str(around.base / work.path),
        str(around.folder.notebook(around.run.id, member)),
        ready.parameters,
        str(around.base / work.folder),
        str(around.base),
        work.kernel,
        {**agents, **work.environment} if is_strict else work.environment,
        node.timeout_s,
        work.cell_timeout_s,
        around.kernels,
        around.within and not work.engine,
        work.engine,
        work.engine_options,
        agents,
        node.cache,
    )


def _for_agents(around: Around, member: str) -> dict[str, str]:
    """Settings of agents in the notebook: what they were told before, they are not asked again."""
    url = around.run.journal.url
    known = {} if url.startswith("memory") else {"VICTOR_JOURNAL": url}
    place = Inside(around.replay, f"{around.spec.name}/{member}")
    return {"VICTOR_REPLAY": around.replay, **known, **variables_of(place)}


async def _here(job: NotebookJob, around: Around, step: Step) -> NotebookOutcome:
    stop = threading.Event()

    def tell(type_: str, data: dict[str, Any]) -> None:
        if type_ == "kernel.started":
            around.warmer.first_has_started()
        if type_ in LIVE:
            around.run.publish(type_, data, step.id)
        else:
            around.note(type_, data, step.id)

    work = asyncio.ensure_future(around.runtime.threads.run(lambda: execute_job(job, tell, stop)))
    try:
        return cast(NotebookOutcome, await asyncio.shield(work))
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({work}, timeout=STOP_S)
        raise
