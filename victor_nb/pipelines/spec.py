"""What a pipeline is, as plain data: its parameters and its nodes, before anything is looked at or run.

1. A spec can be made by hand, by a file or by a program; nothing here opens a notebook, calls a function or evaluates a
   template. Whether it makes sense is told by `problems`, all at once.
2. A text with `{{ … }}` is a template in the language of workflow files. It may name the pipeline's parameters, values
   of the node's matrix, and earlier nodes: `{{ prepare.rows }}` is what `glue("rows", …)` kept in the node `prepare`.
   A text that is one expression and nothing else keeps the type of its value.
3. Paths are relative to the pipeline's folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from victor_nb.agents import Agent
    from victor_nb.workflows import RetryPolicy, Workflow

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What the id of a node, a parameter and an axis of a matrix look like, so that templates can name them."""

NodeKind = Literal["notebook", "compute", "agent", "workflow"]


class Unset(Enum):
    """Stands where a value was not given; null is a value."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class PipelineParameter:
    """A parameter of a whole pipeline.

    Attributes:
        type: as workflow files name types: int, float, str, date, path, list[str], dict[str, int], int | null, any, ….
        default: UNSET where a run has to be given a value.
        choices: the values it may have; () for any.
        about: one sentence, for whoever starts a run.
        where: its place in a file, for errors.
    """

    name: str
    type: str = "any"
    default: object = UNSET
    choices: tuple[object, ...] = ()
    about: str = ""
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NotebookWork:
    """Runs a notebook.

    Attributes:
        path: of the notebook; may be anything that papermill reads, such as s3://….
        kernel: the name of a kernelspec; by default the notebook's own.
        environment: variables that its kernel gets in addition, by name.
        cell_timeout_s: for one cell.
        folder: where it runs; by default the pipeline's folder.
        engine: the name of an engine registered with papermill; by default our own.
        engine_options: handed to that engine.
    """

    path: str
    kernel: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    cell_timeout_s: float | None = None
    folder: str = ""
    engine: str = ""
    engine_options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComputeWork:
    """Calls a function with the node's parameters; what it returns is the node's value.

    Attributes:
        function: an ordinary or async function, or where it is: "module:name".
    """

    function: Callable[..., Any] | str


@dataclass(frozen=True, slots=True)
class AgentWork:
    """Asks an agent; its answer is the node's value.

    Attributes:
        agent: the agent, or the name of the model of one with no tools.
        goal: what it is asked; a template.
    """

    agent: Agent[object] | str
    goal: str


@dataclass(frozen=True, slots=True)
class WorkflowWork:
    """Runs a workflow with the node's parameters as its input; its output is the node's value.

    Attributes:
        workflow: the workflow, or the path of a workflow file.
    """

    workflow: Workflow | str


Work: TypeAlias = NotebookWork | ComputeWork | AgentWork | WorkflowWork

_KINDS: Final[Mapping[type, NodeKind]] = {
    NotebookWork: "notebook",
    ComputeWork: "compute",
    AgentWork: "agent",
    WorkflowWork: "workflow",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a pipeline.

    Attributes:
        id: unique in the pipeline; other nodes read its value by it.
        parameters: what the work is given, by name; values may hold templates.
        inputs: files that it reads, as paths or globs; may hold templates.
        outputs: files that it writes, as paths or globs; may hold templates. They are kept with the cache.
        after: nodes that have to be done before, besides those that its inputs and templates tell; None where
            nothing is said.
        matrix: values by name: one member of the node for each combination, called `id[name=value]`. A template stands
            for a list that is known only when the node begins. The node's value is the list of its members' values,
            each with the values of the matrix in it.
        when: an expression; where it is not true the node is skipped and its value is null.
        retry: how often it is tried, and when again.
        timeout_s: for one attempt at one member.
        cache: whether what it made from equal inputs before is taken instead of running it again.
        where: its place in a file, for errors.
    """

    id: str
    work: Work
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    after: tuple[str, ...] | None = None
    matrix: Mapping[str, Sequence[object] | str] = field(default_factory=dict)
    when: str | bool | None = None
    retry: RetryPolicy | None = None
    timeout_s: float | None = None
    cache: bool = True
    about: str = ""
    where: str = field(default="", compare=False)

    @property
    def kind(self) -> NodeKind:
        """What sort of work it does."""
        return _KINDS[type(self.work)]


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A pipeline.

    Attributes:
        name: also the name of its folder below `.victor/pipelines`.
        nodes: in the order of their definition, which is also the order in which they run where nothing else is said
            and they are nothing but notebooks.
        folder: what all paths are relative to.
        file: where it was read from, if it was.
    """

    name: str
    nodes: tuple[Node, ...]
    parameters: tuple[PipelineParameter, ...] = ()
    about: str = ""
    folder: Path = field(default_factory=Path)
    file: Path | None = None


# -- in Python ---------------------------------------------------------------------------------------------------------


def notebook(
    path: str | PurePath,
    id: str | None = None,
    *,
    parameters: Mapping[str, object] | None = None,
    inputs: str | Sequence[str] = (),
    outputs: str | Sequence[str] = (),
    after: str | Sequence[str] | None = None,
    matrix: Mapping[str, Sequence[object] | str] | None = None,
    when: str | bool | None = None,
    retry: int | RetryPolicy | None = None,
    timeout_s: float | None = None,
    cell_timeout_s: float | None = None,
    kernel: str = "",
    environment: Mapping[str, str] | None = None,
    folder: str = "",
    engine: str = "",
    engine_options: Mapping[str, object] | None = None,
    cache: bool = True,
    about: str = "",
) -> Node:
    """Return a node that runs a notebook; see `Node` and `NotebookWork`.

    Args:
        id: by default the file's name: "01-prepare data.ipynb" is prepare_data.
        retry: a number is how often it is tried in all.
    """
    options = dict(engine_options or {})
    work = NotebookWork(str(path), kernel, dict(environment or {}), cell_timeout_s, folder, engine, options)
    return Node(
        id or id_of(path),
        work,
        dict(parameters or {}),
        texts(inputs),
        texts(outputs),
        None if after is None else texts(after),
        dict(matrix or {}),
        when,
        retry_policy(retry),
        timeout_s,
        cache,
        about,
    )


def compute(
    function: Callable[..., object] | str,
    id: str | None = None,
    *,
    parameters: Mapping[str, object] | None = None,
    inputs: str | Sequence[str] = (),
    outputs: str | Sequence[str] = (),
    after: str | Sequence[str] | None = None,
    matrix: Mapping[str, Sequence[object] | str] | None = None,
    when: str | bool | None = None,
    retry: int | RetryPolicy | None = None,
    timeout_s: float | None = None,
    cache: bool = True,
    about: str = "",
) -> Node:
    """Return a node that calls a function, or one named "module:name", with its parameters; see `Node`."""
    name = function.rpartition(":")[2] if isinstance(function, str) else function.__name__
    return Node(
        id or name,
        ComputeWork(function),
        dict(parameters or {}),
        texts(inputs),
        texts(outputs),
        None if after is None else texts(after),
        dict(matrix or {}),
        when,
        retry_policy(retry),
        timeout_s,
        cache,
        about,
    )


def agent(
    agent: Agent[object] | str,
    goal: str,
    id: str,
    *,
    after: str | Sequence[str] | None = None,
    inputs: str | Sequence[str] = (),
    matrix: Mapping[str, Sequence[object] | str] | None = None,
    when: str | bool | None = None,
    retry: int | RetryPolicy | None = None,
    timeout_s: float | None = None,
    cache: bool = True,
    about: str = "",
) -> Node:
    """Return a node that asks an agent, or a model by its name; `goal` is a template over earlier values."""
    return Node(
        id,
        AgentWork(agent, goal),
        inputs=texts(inputs),
        after=None if after is None else texts(after),
        matrix=dict(matrix or {}),
        when=when,
        retry=retry_policy(retry),
        timeout_s=timeout_s,
        cache=cache,
        about=about,
    )


def workflow(
    workflow: Workflow | str,
    id: str,
    *,
    parameters: Mapping[str, object] | None = None,
    inputs: str | Sequence[str] = (),
    outputs: str | Sequence[str] = (),
    after: str | Sequence[str] | None = None,
    matrix: Mapping[str, Sequence[object] | str] | None = None,
    when: str | bool | None = None,
    retry: int | RetryPolicy | None = None,
    timeout_s: float | None = None,
    cache: bool = False,
    about: str = "",
) -> Node:
    """Return a node that runs a workflow, or a workflow file, with its parameters as input.

    Args:
        cache: off, because what a workflow does besides answering is not seen.
    """
    return Node(
        id,
        WorkflowWork(workflow),
        dict(parameters or {}),
        texts(inputs),
        texts(outputs),
        None if after is None else texts(after),
        dict(matrix or {}),
        when,
        retry_policy(retry),
        timeout_s,
        cache,
        about,
    )


def id_of(path: str | PurePath) -> str:
    """Return the id of a notebook that was given none: "01-prepare données.ipynb" is prepare_donnees."""
    from unicodedata import combining, normalize

    stem = "".join(sign for sign in normalize("NFKD", PurePath(path).stem) if not combining(sign))
    words = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_")
    named = re.sub(r"^[0-9_]+", "", words)
    return named or (f"notebook_{words}" if words else "notebook")


def texts(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return one text or several as several."""
    return (given,) if isinstance(given, str) else tuple(given)


def retry_policy(given: int | RetryPolicy | None) -> RetryPolicy | None:
    """Return the policy that a number of attempts stands for, or the policy itself.

    Raises:
        ValueError: there is no such number of attempts.
    """
    from victor_nb.workflows import RetryPolicy

    return RetryPolicy(attempts=given) if isinstance(given, int) else given
