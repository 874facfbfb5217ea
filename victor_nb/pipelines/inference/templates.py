"""The templates of a pipeline's nodes: found, checked, and filled as far as it can be known before a run."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_nb.pipelines.inference.findings import Findings, Keys, listed
from victor_nb.pipelines.inference.path_patterns import ANY_PART, ANY_PARTS
from victor_nb.pipelines.spec import UNSET, AgentWork, Node, PipelineSpec
from victor_nb.workflows.yaml_file.errors import ExpressionFailed, InvalidExpression
from victor_nb.workflows.yaml_file.expressions import Template, expression, is_template, template
from victor_nb.workflows.yaml_file.mistakes import near
from victor_nb.workflows.yaml_file.places import Place

MOST_MEMBERS: Final = 1000
"""A matrix with more combinations is not looked at one by one before the run."""

_UNKNOWN: Final = object()
_HOLE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STATEMENT: Final = re.compile(r"\{%.*\{%.*?%\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reading:
    """A template of a node: where in the node it stands, and what it reads."""

    keys: Keys
    template: Template


def readings(spec: PipelineSpec, findings: Findings) -> list[list[Reading]]:
    """Return the templates of each node; those that cannot be read, and unknown names in them, are noted."""
    ids = [node.id for node in spec.nodes]
    parameters = [one.name for one in spec.parameters]
    found: list[list[Reading]] = []
    for number, node in enumerate(spec.nodes):
        own = [reading for keys, text in _texts(node) if (reading := _read(number, keys, text, findings)) is not None]
        for reading in own:
            axes = () if reading.keys[0] == "matrix" else node.matrix
            _check_names(number, reading, [*parameters, *axes, *ids], findings)
        found.append(own)
    return found


def _texts(node: Node) -> Iterator[tuple[Keys, str]]:
    yield from _inside(("parameters",), dict(node.parameters))
    yield from _inside(("inputs",), list(node.inputs))
    yield from _inside(("outputs",), list(node.outputs))
    yield from _inside(("matrix",), {name: axis if isinstance(axis, str) else list(axis) for name, axis in _axes(node)})
    if isinstance(node.when, str):
        yield ("when",), node.when
    if isinstance(node.work, AgentWork):
        yield from _inside(("goal",), node.work.goal)


def _axes(node: Node) -> Iterator[tuple[str, Sequence[object] | str]]:
    yield from node.matrix.items()


def _inside(keys: Keys, value: object) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str):
        if is_template(value):
            yield keys, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _inside((*keys, str(key)), below)
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            yield from _inside((*keys, index), below)


def _read(number: int, keys: Keys, text: str, findings: Findings) -> Reading | None:
    read = expression if keys == ("when",) else template
    try:
        return Reading(keys, read(text, lambda line: Place("", line, 1)))
    except InvalidExpression as error:
        findings.note(number, keys, error.what, error.hint, error.place.line if error.place else 1)
        return None


def _check_names(number: int, reading: Reading, known: Sequence[str], findings: Findings) -> None:
    for name in sorted(reading.template.names - set(known)):
        what = f"there is no parameter, matrix value or node {name!r}.{near(name, known)}"
        line = _line_of(name, reading.template.source)
        findings.note(number, reading.keys, what, f"there are {listed(known)}" if known else "", line)


def _line_of(name: str, source: str) -> int:
    match = re.search(rf"\b{re.escape(name)}\b", source)
    return source.count("\n", 0, match.start()) + 1 if match else 1


# -- as far as it can be known -----------------------------------------------------------------------------------------


def members(node: Node) -> list[dict[str, object]]:
    """Return the values of each member of a node, as far as they are written down; one empty for a node without."""
    known = {
        name: [one for one in axis if not _holds_template(one)]
        for name, axis in _axes(node)
        if not isinstance(axis, str) and axis
    }
    known = {name: axis for name, axis in known.items() if len(axis) == len(node.matrix[name])}
    combinations = itertools.product(*known.values())
    found = [dict(zip(known, values, strict=True)) for values in itertools.islice(combinations, MOST_MEMBERS + 1)]
    return found if len(found) <= MOST_MEMBERS else [{}]


def _holds_template(value: object) -> bool:
    return next(_inside((), value), None) is not None


def known_values(spec: PipelineSpec, given: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters whose values are known: given to the run, or their defaults."""
    return {one.name: one.default for one in spec.parameters if one.default is not UNSET} | dict(given)


def as_patterns(text: str, scope: Mapping[str, object]) -> list[str]:
    """Return a path, or several, with its templates filled; what is not known yet stands for anything."""
    if not is_template(text):
        return [text]
    whole = _filled(text, scope)
    if whole is not _UNKNOWN:
        return [str(one) for one in whole] if isinstance(whole, list | tuple) else [str(whole)]
    without = _STATEMENT.sub(ANY_PART, text)
    pattern = _HOLE.sub(lambda hole: _shown(_filled(hole[0], scope)), without)
    return [ANY_PARTS if set(pattern) <= {"*", "/", " "} else pattern]


def _filled(text: str, scope: Mapping[str, object]) -> object:
    try:
        read = template(text)
        return read.value(scope) if read.names <= scope.keys() else _UNKNOWN
    except (InvalidExpression, ExpressionFailed):
        return _UNKNOWN


def _shown(value: object) -> str:
    return ANY_PART if value is _UNKNOWN else str(value)
