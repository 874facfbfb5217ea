"""The members of a node with a matrix: one for each combination of values, each with an id that says which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from victor_nb.workflows import ExpressionFailed
from victor_nb.workflows.yaml_file.expressions import filled, prepare

_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Member:
    """One piece of work of a node.

    Attributes:
        id: the node's id; with a matrix, `train[model=ridge]`.
        values: those of the matrix.
    """

    id: str
    node: str
    values: Mapping[str, Any] = field(default_factory=dict)


def members(node: str, matrix: Mapping[str, Sequence[object] | str], scope: Mapping[str, object]) -> tuple[Member, ...]:
    """Return the members of a node, the last axis changing fastest; a node without a matrix is its one member.

    Args:
        scope: what templates in the matrix may name.

    Raises:
        ExpressionFailed: a template has no value, or none that is a list.
    """
    if not matrix:
        return (Member(node, node),)
    axes = {name: _axis(node, name, written, scope) for name, written in matrix.items()}
    found: dict[str, Member] = {}
    for combination in product(*axes.values()):
        values = dict(zip(axes, combination, strict=True))
        told = ",".join(f"{name}={_short(value, place)}" for place, (name, value) in enumerate(values.items()))
        member_id = f"{node}[{told}]"
        if member_id in found:  # values that look alike, such as 1 and "1"
            member_id = f"{member_id}~{len(found)}"
        found[member_id] = Member(member_id, node, values)
    return tuple(found.values())


def _axis(node: str, name: str, written: Sequence[object] | str, scope: Mapping[str, object]) -> list[object]:
    values = filled(prepare(written if isinstance(written, str) else list(written)), scope)
    if isinstance(values, Mapping | str | bytes) or not hasattr(values, "__iter__"):
        raise ExpressionFailed(
            f"{name!r} in the matrix of node {node!r} is {values!r}, not a list", f"node {node!r}", "give a list"
        )
    return list(values)


def _short(value: object, place: int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if isinstance(value, str | int | float) or value is None else repr(value)
    text = " ".join(text.split())
    if len(text) <= _LONGEST:
        return text
    from hashlib import blake2b

    return f"{text[: _LONGEST - 7]}~{blake2b(repr(value).encode('utf-8', 'replace'), digest_size=3).hexdigest()}"
