"""What each member of a pipeline is given: templates filled in, conditions decided, paths looked up.

Everything here is computed from values; nothing is run, and no file is read but to find what a glob names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import VictorError
from victor_nb.pipelines.globbing import globbed
from victor_nb.pipelines.running.matrix import Member
from victor_nb.pipelines.spec import AgentWork, ComputeWork, Node
from victor_nb.workflows import ExpressionFailed
from victor_nb.workflows.yaml_file.expressions import expression, filled, prepare

_GLOB: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Given:
    """What one member is given.

    Attributes:
        parameters: by name, with the values of the matrix where the work takes parameters.
        inputs, outputs: paths and globs, relative to the pipeline's folder.
        goal: what an agent is asked.
    """

    member: Member
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    goal: str = ""


def is_due(node: Node, scope: Mapping[str, object]) -> bool:
    """Return whether a node's condition holds.

    Raises:
        ExpressionFailed: it has no value.
    """
    if node.when is None or isinstance(node.when, bool):
        return node.when is not False
    try:
        return bool(expression(node.when).value(scope))
    except VictorError as failure:
        raise _placed(failure, node) from failure


def given_to(node: Node, member: Member, scope: Mapping[str, object]) -> Given:
    """Return what a member is given where names mean what `scope` says.

    Raises:
        ExpressionFailed: a template has no value.
    """
    names = {**scope, **member.values}
    try:
        parameters = filled(prepare(dict(node.parameters)), names)
        inputs, outputs = (
            tuple(str(filled(prepare(one), names)) for one in paths) for paths in (node.inputs, node.outputs)
        )
        goal = str(filled(prepare(node.work.goal), names)) if isinstance(node.work, AgentWork) else ""
    except VictorError as failure:
        raise _placed(failure, node) from failure
    assert isinstance(parameters, dict)
    # A notebook may take the values of the matrix or not; a function has to take what it is given.
    own = {} if isinstance(node.work, AgentWork) else dict(member.values)
    if isinstance(node.work, ComputeWork) and parameters:
        own = {}
    return Given(member, {**own, **parameters}, inputs, outputs, goal)


def _placed(failure: VictorError, node: Node) -> ExpressionFailed:
    return ExpressionFailed(failure.what, failure.where or node.where or f"node {node.id!r}", failure.hint)


def files_of(folder: Path, patterns: tuple[str, ...]) -> tuple[dict[str, Path], list[str]]:
    """Return the files that paths and globs name, by their path as written, and what names none.

    A folder stands for all files in it.
    """
    found: dict[str, Path] = {}
    missing: list[str] = []
    for pattern in patterns:
        here = _matches(folder, pattern)
        if not here:
            missing.append(pattern)
        found |= here
    return found, missing


def _matches(folder: Path, pattern: str) -> dict[str, Path]:
    base = folder / pattern
    if base.is_dir():
        below = globbed(base, "**")
        return {str(Path(pattern) / path.relative_to(base)): path for path in below if path.is_file()}
    if base.exists():
        return {pattern: base}
    if not _GLOB & set(pattern):
        return {}
    if Path(pattern).is_absolute():
        root = Path(pattern).anchor
        return {
            str(path): path
            for path in globbed(Path(root), Path(pattern).relative_to(root).as_posix())
            if path.is_file()
        }
    return {str(path.relative_to(folder)): path for path in globbed(folder, pattern) if path.is_file()}
