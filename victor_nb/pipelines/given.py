"""What a pipeline and each of its members are given: values checked against their declaration, templates filled in.

Everything here is computed from values; nothing is run, and no file is read but to find what a glob names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..errors import VictorError, nearest
from ..workflows import ExpressionFailed
from ..workflows.errors import InvalidState
from ..workflows.yaml_file.expressions import expression, filled, prepare
from ..workflows.yaml_file.type_names import fitting
from .failures import WrongValue
from .matrix import Member
from .spec import UNSET, AgentWork, ComputeWork, Node, PipelineParameter, PipelineSpec

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


def parameters_of(spec: PipelineSpec, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the value of every parameter of a pipeline.

    Raises:
        WrongValue: a name is unknown, a value does not fit or is missing; all that is wrong is told at once.
    """
    declared = {one.name: one for one in spec.parameters}
    wrong = [
        WrongValue(f"pipeline {spec.name!r} has no parameter {name!r}.{nearest(name, declared)}", "", _known(spec))
        for name in given
        if name not in declared
    ]
    values: dict[str, Any] = {}
    for name, one in declared.items():
        value = given.get(name, one.default)
        if value is UNSET:
            hint = f"give it: -p {name}=…, or parameters={{{name!r}: …}}"
            wrong.append(WrongValue(f"the parameter {name!r} was given no value and has no default", one.where, hint))
            continue
        try:
            values[name] = fitted(one, value)
        except WrongValue as failure:
            wrong.append(failure)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        told = "".join(f"\n  {number}. {one.what}" for number, one in enumerate(wrong, 1))
        raise WrongValue(f"{len(wrong)} parameters are wrong:{told}", f"pipeline {spec.name!r}", _known(spec))
    return values


def fitted(parameter: PipelineParameter, value: object) -> Any:
    """Return a value as its parameter's type: "5", as a command line gives it, becomes 5.

    Raises:
        WrongValue: it is not of the type, or none of the choices.
    """
    try:
        found = fitting(value, parameter.type, parameter.name, parameter.where)
    except InvalidState as failure:
        raise WrongValue(failure.what, failure.where, failure.hint) from None
    if parameter.choices and found not in parameter.choices:
        choices = ", ".join(map(repr, parameter.choices))
        near = nearest(str(found), [str(one) for one in parameter.choices])
        raise WrongValue(
            f"{parameter.name} is {found!r}, which is none of its choices.{near}", parameter.where, f"choose {choices}"
        )
    return found


def _known(spec: PipelineSpec) -> str:
    names = ", ".join(one.name for one in spec.parameters)
    return f"it has {names}" if names else "it has no parameters: declare them under parameters"


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
        below = sorted(path for path in base.rglob("*") if path.is_file())
        return {str(Path(pattern) / path.relative_to(base)): path for path in below}
    if base.exists():
        return {pattern: base}
    if not _GLOB & set(pattern):
        return {}
    if Path(pattern).is_absolute():
        root = Path(pattern).anchor
        return {str(path): path for path in sorted(Path(root).glob(str(Path(pattern).relative_to(root))))}
    return {str(path.relative_to(folder)): path for path in sorted(folder.glob(pattern)) if path.is_file()}
