"""Checkpoints and the differences between states as plain data, cut to what a person can look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict

from victor_nb.views.values import shrink
from victor_nb.workflows.travel import Checkpoint

_VALUE: Final = 2_000
_DEPTH: Final = 4
Kind = Literal["added", "removed", "changed", "extended"]


class StateChange(TypedDict):
    """One place in which two states differ.

    `extended` is a list that only grew: `after` holds what came to it, and `before` how long it was.
    """

    path: str
    kind: Kind
    before: Any
    after: Any


class CheckpointRow(TypedDict):
    """One checkpoint in a list; `label` is the node that asked for it."""

    superstep: int
    time: float
    nodes: list[str]
    source: str
    label: str
    run_id: str


def row(checkpoint: Checkpoint) -> CheckpointRow:
    """A checkpoint without its state."""
    return CheckpointRow(
        superstep=checkpoint.superstep,
        time=checkpoint.time,
        nodes=list(checkpoint.nodes),
        source=checkpoint.source,
        label=checkpoint.name,
        run_id=checkpoint.run_id,
    )


def title(checkpoint: CheckpointRow) -> str:
    """What made a checkpoint: "input", "after plan, search", "edited by hand"."""
    said = {"input": "input", "edit": "edited by hand"}.get(checkpoint["source"])
    return said or f"after {', '.join(checkpoint['nodes'])}"


def shown(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state cut to what a person can look at, key by key, so that a long one hides no other."""
    return {str(key): shrink(value, text_length=_VALUE, length=2 * _VALUE) for key, value in state.items()}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[StateChange]:
    """Return every place where two states differ, in the order of their keys."""
    return list(_between(before, after, "", 0))


def _between(before: Mapping[str, Any], after: Mapping[str, Any], path: str, depth: int) -> list[StateChange]:
    found: list[StateChange] = []
    for key in dict.fromkeys([*before, *after]):
        place = f"{path}.{key}" if path else str(key)
        if key not in before:
            found.append(StateChange(path=place, kind="added", before=None, after=_cut(after[key])))
        elif key not in after:
            found.append(StateChange(path=place, kind="removed", before=_cut(before[key]), after=None))
        elif not _are_same(before[key], after[key]):
            found += _changed(before[key], after[key], place, depth)
    return found


def _changed(before: Any, after: Any, path: str, depth: int) -> list[StateChange]:
    if isinstance(before, dict) and isinstance(after, dict) and depth < _DEPTH:
        return _between(before, after, path, depth + 1)
    lists = isinstance(before, list) and isinstance(after, list)
    if lists and len(after) > len(before) and _are_same(before, after[: len(before)]):
        return [StateChange(path=path, kind="extended", before=len(before), after=_cut(after[len(before) :]))]
    return [StateChange(path=path, kind="changed", before=_cut(before), after=_cut(after))]


def _are_same(one: Any, other: Any) -> bool:
    """Whether two values are equal; tables and arrays, which answer with another table, by what is shown of them."""
    try:
        answer = one == other
        if isinstance(answer, bool):
            return answer
    except Exception:  # a comparison runs anybody's code
        pass
    return bool(_cut(one) == _cut(other))


def _cut(value: Any) -> Any:
    return shrink(value, text_length=_VALUE, length=2 * _VALUE)
