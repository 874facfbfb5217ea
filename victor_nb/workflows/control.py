"""What a node says besides its update: where to go next, what to send there, and what to ask a person.

A node returns a dict of updates, `None`, a `Command`, a `Send`, or a list of these; a route returns names and `Send`s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from victor_nb.workflows.reducers import Overwrite, Remove

PARENT: Final = "__parent__"
"""As `Command(graph=PARENT, …)`: the command is meant for the graph that this sub-workflow is a node of."""


class _Nothing:
    """Stands where no value was given, because None is a value."""

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> Literal[False]:
        return False


NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True)
class Send:
    """Have `node` run in the next superstep with `arg` as its input instead of the shared state."""

    node: str
    arg: object


def send(node: str, args: Sequence[object]) -> list[Send]:
    """One `Send` for each of `args`, in order: the map of a map-reduce."""
    return [Send(node, arg) for arg in args]


Target = str | Send


@dataclass(frozen=True, slots=True)
class Command:
    """An update together with where to go.

    Attributes:
        update: as a node returns it.
        goto: a node, a `Send`, or several; added to where the node's edges lead.
        resume: given to `run`: the answer to what the run waits for, or a dict of answers by the question's id.
        graph: PARENT where a node of a sub-workflow speaks to the graph around it.
    """

    update: Mapping[str, object] | None = None
    goto: Target | Sequence[Target] = ()
    resume: object = NOTHING
    graph: str | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """`goto` as a tuple."""
        return (self.goto,) if isinstance(self.goto, str | Send) else tuple(self.goto)


class Interrupt(NamedTuple):
    """A question that a run waits with.

    Attributes:
        id: stands for this very question, whichever others there are.
        node: the step that asks, such as "3/review".
        value: what `interrupt` was given; None where the run was told to stop "before" or "after" a node.
        when: "inside" a node, or "before" or "after" it.
        schema: the JSON Schema of an acceptable answer, where one was given.
    """

    id: str
    node: str
    value: Any = None
    when: Literal["inside", "before", "after"] = "inside"
    schema: dict[str, Any] | None = None


__all__ = [
    "NOTHING",
    "PARENT",
    "Command",
    "Interrupt",
    "Overwrite",
    "Remove",
    "Send",
    "Target",
    "send",
]
