"""Which workflow is meant: a variable, a YAML file, a name in a module or a Python file, or what a run was made of.

1. A variable of the kernel comes first: it is what the user sees.
2. Where a workflow was found is noted in it, so that its runs can be resumed by their id alone.
3. To look at the graph of a run no code is needed: the journal has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from victor_nb.commands.naming import is_yaml, module_of, path_of
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Journal, RunNotFound
from victor_nb.workflows import FunctionWorkflow, GraphShape, Workflow, WorkflowRun, load_workflow

_HINT = "name a YAML file, module:name, file.py:name, or a variable that holds a Workflow"


def found(session: Session, name: str) -> Workflow:
    """Return the workflow that a word on the command line means.

    Raises:
        UsageError: it means none.
        InvalidWorkflow, FileUnreadable: the file that it names has mistakes.
    """
    own = _graph((session.namespace or {}).get(name))
    if isinstance(own, Workflow):
        return own
    file, _, attribute = name.rpartition(":")
    if is_yaml(name):
        return _from_yaml(path_of(session, name, _HINT))
    if file:
        return _from_python(session, file, attribute)
    known = [key for key, value in (session.namespace or {}).items() if isinstance(_graph(value), Workflow)]
    if own is not None:
        raise UsageError(f"{name!r} is a {type(own).__name__}, not a workflow", hint=_HINT)
    raise UsageError(f"there is no workflow {name!r}.{nearest(name, known)}", hint=_HINT)


def shape_of(session: Session, name: str) -> GraphShape:
    """Return the graph that a word means: a workflow's, or that of a run, by its id or its workflow's name.

    Raises:
        UsageError: it means none.
    """
    try:
        return found(session, name).shape()
    except UsageError as error:
        shape = None if ":" in name or is_yaml(name) else _recorded_shape(session.journal(), name)
        if shape is None:
            raise UsageError(error.what, error.where, f"{_HINT}; or a run") from None
        return shape


def of_run(session: Session, journal: Journal, run_id: str, named: str = "") -> Workflow:
    """Return the workflow of a run: the one that was named, a variable of its name, or from where it was found.

    Raises:
        UsageError: the run does not say where its workflow is, and nobody named it.
    """
    if named:
        return found(session, named)
    info = journal.find(run_id)
    for value in map(_graph, (session.namespace or {}).values()):
        if isinstance(value, Workflow) and value.name == info.name:
            return value
    origin = _origin(journal, info.run_id)
    if "file" in origin:
        return _from_yaml(Path(origin["file"]))
    if "import" in origin:
        return found(session, origin["import"])
    raise UsageError(
        f"the workflow {info.name!r} is not here",
        f"run {info.run_id}",
        f"name it: --workflow FILE or --workflow module:name, or run the cell that defines {info.name}",
    )


def _origin(journal: Journal, run_id: str) -> dict[str, Any]:
    graphs = journal.history(run_id, types=("workflow.graph",))
    return dict(graphs[-1].data.get("origin") or {}) if graphs else {}


def _recorded_shape(journal: Journal, name: str) -> GraphShape | None:
    """The graph of a run, or of the newest run of a workflow with that name."""
    newest = journal.runs(kind="workflow", name=name, limit=1)
    try:
        return WorkflowRun(journal, newest[0].run_id if newest else name).shape
    except RunNotFound:
        return None


def _from_yaml(path: Path) -> Workflow:
    workflow = load_workflow(path)
    workflow.origin = {"file": str(path.resolve())}
    return workflow


def _from_python(session: Session, file: str, attribute: str) -> Workflow:
    module = module_of(session, file, _HINT)
    value: object = module
    for part in attribute.split("."):
        value = getattr(value, part, None)
    value = _graph(value)
    if isinstance(value, Workflow):
        workflow = value
    elif callable(value) and isinstance(made := _graph(value()), Workflow):
        workflow = made
    else:
        known = [key for key, one in vars(module).items() if isinstance(_graph(one), Workflow)]
        what = f"{attribute!r} in {file} is no workflow" if value is not None else f"{file} has no {attribute!r}"
        raise UsageError(f"{what}.{nearest(attribute, known)}", hint=f"its workflows: {', '.join(known) or 'none'}")
    workflow.origin = {"import": f"{path_of(session, file, _HINT) if file.endswith('.py') else file}:{attribute}"}
    return workflow


def _graph(value: object) -> object:
    """The graph that a function made by `workflow` is; anything else as it is."""
    return value.graph if isinstance(value, FunctionWorkflow) else value
