"""Positions: where a run stands between two supersteps, and how one superstep leads to the next.

1. Everything here is a pure function of plain data: the same position and the same answers give the same next
   position, whatever ran in parallel and in whichever order it ended.
2. A position never changes; its values are shared with those before and after it.
3. Running, resuming, replaying and travelling in time all go through `after`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from victor_nb.workflows.control import NOTHING, Command
from victor_nb.workflows.errors import ConcurrentWrites, InvalidState
from victor_nb.workflows.reducers import Overwrite, Reducer

Values = dict[str, Any]


class Due(msgspec.Struct, frozen=True):
    """A node that is to run in the next superstep.

    Attributes:
        arg: what a `Send` gave it; NOTHING where it gets the shared state.
        failure: for a node that handles errors: which node failed, and how.
    """

    node: str
    arg: Any = NOTHING
    failure: dict[str, Any] | None = None


class Answer(msgspec.Struct):
    """What one node said, routes after it included: updates, in order, and where it leads besides its edges.

    A node that failed leads to the one that handles its errors, and not along its edges.

    Attributes:
        to_parent: what it says to the graph around its own.
        left: the values as this node alone left them, where somebody had to know that.
    """

    updates: list[Values]
    goto: list[Due]
    to_parent: Command | None = None
    left: Values | None = None

    @property
    def has_failed(self) -> bool:
        return any(due.failure is not None for due in self.goto)


class Join(NamedTuple):
    """An edge from several nodes: `target` runs once all of them have."""

    sources: frozenset[str]
    target: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What has to be known of a graph to get from one position to the next.

    Attributes:
        after: where each node's plain edges lead, END left out.
        order: the place of each node in the graph's definition.
        deferred: nodes that wait until nothing else is due.
        ephemeral: keys whose values are gone after the superstep that follows their writing.
    """

    after: Mapping[str, tuple[str, ...]]
    joins: tuple[Join, ...]
    order: Mapping[str, int]
    deferred: frozenset[str]
    reducers: Mapping[str, Reducer]
    ephemeral: frozenset[str]


class Position(msgspec.Struct, frozen=True):
    """Where a run stands.

    Attributes:
        superstep: how many supersteps are done.
        due: what the next one consists of, in the order in which its updates will be applied.
        later: deferred nodes that wait.
        arrived: for each join that waits, which of its sources have run.
    """

    superstep: int
    values: Values
    due: tuple[Due, ...]
    later: tuple[Due, ...] = ()
    arrived: Mapping[int, frozenset[str]] = MappingProxyType({})


_NO_ARRIVALS: Final[dict[int, frozenset[str]]] = {}


def start(rules: Rules, values: Values, due: Iterable[Due]) -> Position:
    """The position before the first superstep."""
    return _placed(rules, 0, values, tuple(due), (), _NO_ARRIVALS)


def after(rules: Rules, position: Position, answers: Sequence[Answer]) -> Position:
    """The position after a superstep whose nodes gave these answers, in the order of `position.due`.

    Raises:
        ConcurrentWrites: two of them wrote a key without a reducer.
        InvalidState: a reducer could not join an update.
    """
    if len(answers) == 1 and not rules.joins and not rules.deferred:  # most supersteps of most workflows
        answer, node = answers[0], position.due[0].node
        values = answer.left
        if values is None:
            values = applied(rules, position.values, answer.updates, node)
        targets = rules.after[node]
        if len(targets) + len(answer.goto) <= 1:
            due = (Due(targets[0]),) if targets else tuple(answer.goto)
            return Position(position.superstep + 1, values, due, (), _NO_ARRIVALS)
        return _next(rules, position, answers, values)
    _check_writes(rules, position.due, answers)
    values = position.values
    for one, answer in zip(position.due, answers, strict=True):
        values = applied(rules, values, answer.updates, one.node, into=None if values is position.values else values)
    return _next(rules, position, answers, values)


def applied(rules: Rules, values: Values, updates: Iterable[Values], who: str, *, into: Values | None = None) -> Values:
    """Return the values after some updates; the values given stay what they were, unless they are `into`."""
    joined = dict(values) if into is None else into
    if into is None and rules.ephemeral:
        for name in rules.ephemeral:
            joined.pop(name, None)
    reducers = rules.reducers
    for update in updates:
        for key, value in update.items():
            if type(value) is Overwrite:
                joined[key] = value.value
            elif (reducer := reducers.get(key)) is None:
                joined[key] = value
            else:
                joined[key] = _reduced(reducer, joined, key, value, who)
    return joined


def _reduced(reducer: Reducer, values: Values, key: str, update: Any, who: str) -> Any:
    if key not in values:
        return update
    try:
        return reducer(values[key], update)
    except Exception as failure:
        raise InvalidState(
            f"the reducer of {key!r} could not join {_shown(values[key])} and {_shown(update)}: {failure}",
            f"update by {who!r}",
            "return a value that the reducer takes, or Overwrite(value)",
        ) from failure


def _check_writes(rules: Rules, dues: Sequence[Due], answers: Sequence[Answer]) -> None:
    writers: dict[str, int] = {}
    for number, answer in enumerate(answers):
        for key in {key for update in answer.updates for key in update if key not in rules.reducers}:
            if (other := writers.setdefault(key, number)) != number:
                raise ConcurrentWrites(
                    f"nodes {dues[other].node!r} and {dues[number].node!r} ran together and both wrote {key!r}",
                    hint=f"give it a reducer: {key}: Annotated[…, operator.add], or run the nodes one after another",
                )


def _next(rules: Rules, position: Position, answers: Sequence[Answer], values: Values) -> Position:
    targets: list[Due] = []
    ran: set[str] = set()
    for due, answer in zip(position.due, answers, strict=True):
        if not answer.has_failed:
            targets += map(Due, rules.after[due.node])
            ran.add(due.node)
        targets += answer.goto
    arrived = dict(position.arrived)
    for number, join in enumerate(rules.joins):
        if (here := join.sources & ran) and (arrived.setdefault(number, frozenset()) | here) == join.sources:
            del arrived[number]
            targets.append(Due(join.target))
        elif here:
            arrived[number] |= here
    return _placed(rules, position.superstep + 1, values, tuple(targets), position.later, arrived)


def _placed(
    rules: Rules,
    superstep: int,
    values: Values,
    targets: tuple[Due, ...],
    later: tuple[Due, ...],
    arrived: Mapping[int, frozenset[str]],
) -> Position:
    """Put what is due in order: nodes once each as the graph lists them, then what was sent, as it was sent."""
    shared = {due.node: due for due in targets if due.arg is NOTHING and due.failure is None}
    own = [due for due in targets if due.arg is not NOTHING or due.failure is not None]
    in_order = sorted(shared.values(), key=lambda due: rules.order[due.node]) if len(shared) > 1 else [*shared.values()]
    due = [*in_order, *own]
    if rules.deferred:
        waiting = dict.fromkeys((*later, *(one for one in due if _is_deferred(rules, one))))
        due = [one for one in due if not _is_deferred(rules, one)]
        later = tuple(waiting)
        if not due:
            due, later = list(later), ()
    return Position(superstep, values, tuple(due), later, arrived)


def _is_deferred(rules: Rules, due: Due) -> bool:
    return due.node in rules.deferred and due.arg is NOTHING and due.failure is None


def step_ids(prefix: str, position: Position) -> list[str]:
    """The ids of the steps of the next superstep: places, which are the same in every execution.

    Args:
        prefix: of a graph inside a node; empty for the outermost one.
    """
    number, sent, ids = position.superstep + 1, 0, []
    for due in position.due:
        ids.append(step_id(prefix, number, due, sent))
        sent += due.arg is not NOTHING or due.failure is not None
    return ids


def step_id(prefix: str, number: int, due: Due, sent: int = 0) -> str:
    """The id of one step of superstep `number`; `sent` counts those before it that have an input of their own."""
    if due.arg is NOTHING and due.failure is None:
        return f"{prefix}{number}/{due.node}"
    return f"{prefix}{number}/{due.node}#{sent}"


class Edit(NamedTuple):
    """A change of the state by hand.

    Attributes:
        superstep: after which it was made.
        due: what is to run then; None where that stays as it was.
        is_beside: it came with an answer, and the superstep that is under way goes on with the changed state; any
            other edit takes the place of a superstep.
    """

    superstep: int
    update: Values
    due: tuple[Due, ...] | None = None
    is_beside: bool = False


Edits = Mapping[int, Sequence[Edit]]
"""By the superstep after which they were made, in their order."""


def with_edits(rules: Rules, position: Position, edits: Edits) -> Position:
    """The position after all edits that were made there, and there where they lead."""
    while True:
        position = with_edits_beside(rules, position, edits)
        if (edit := taking_place(position, edits)) is None:
            return position
        position = edited(rules, position, edit)


def with_edits_beside(rules: Rules, position: Position, edits: Edits) -> Position:
    """The position with what came with answers to its questions."""
    for edit in edits.get(position.superstep, ()):
        if edit.is_beside:
            position = edited(rules, position, edit)
    return position


def taking_place(position: Position, edits: Edits) -> Edit | None:
    """The edit that takes the place of the next superstep, if one does."""
    return next((edit for edit in edits.get(position.superstep, ()) if not edit.is_beside), None)


def edited(rules: Rules, position: Position, edit: Edit) -> Position:
    """The position after an edit.

    Raises:
        InvalidState: a reducer could not join the update.
    """
    values = applied(rules, position.values, [edit.update], "the edit") if edit.update else position.values
    if edit.is_beside:
        return msgspec.structs.replace(position, values=values)
    if edit.due is None:
        return Position(position.superstep + 1, values, position.due, position.later, position.arrived)
    return _placed(rules, position.superstep + 1, values, edit.due, (), _NO_ARRIVALS)


# -- as plain data -----------------------------------------------------------------------------------------------------


def due_to_json(due: Due) -> Any:
    """A due node as the journal keeps it: its name where that says all."""
    if due.arg is NOTHING and due.failure is None:
        return due.node
    told: dict[str, Any] = {"node": due.node}
    if due.arg is not NOTHING:
        told["arg"] = due.arg
    if due.failure is not None:
        told["failure"] = due.failure
    return told


def due_from_json(written: Any) -> Due:
    """What `due_to_json` wrote."""
    if isinstance(written, str):
        return Due(written)
    return Due(written["node"], written.get("arg", NOTHING), written.get("failure"))


def to_json(position: Position) -> dict[str, Any]:
    """A position as a snapshot keeps it."""
    return {
        "superstep": position.superstep,
        "state": position.values,
        "due": [due_to_json(one) for one in position.due],
        "later": [due_to_json(one) for one in position.later],
        "arrived": {str(number): sorted(names) for number, names in position.arrived.items()},
    }


def from_json(written: Mapping[str, Any]) -> Position:
    """What `to_json` wrote, brought to life already."""
    return Position(
        written["superstep"],
        written["state"],
        tuple(map(due_from_json, written["due"])),
        tuple(map(due_from_json, written["later"])),
        {int(number): frozenset(names) for number, names in written["arrived"].items()},
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
