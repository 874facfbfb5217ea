"""Reducers: how the value of a key and an update become the new value.

1. A reducer is a pure function of two values and changes neither: the state of a past superstep stays what it was.
2. Those of this module and the common operators have names, so that a journal can be read without the code that wrote
   it; any other function works too, and then reading the state needs the workflow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol, Self, TypedDict, TypeVar

T = TypeVar("T")
Reducer = Callable[[Any, Any], Any]


class Joining(Protocol):
    """What can be joined with its like by `|`."""

    def __or__(self, other: Self, /) -> Self: ...


Joined = TypeVar("Joined", bound=Joining)


@dataclass(frozen=True, slots=True)
class Overwrite:
    """As the value of a key in an update: replaces what is there, whatever the key's reducer."""

    value: object


@dataclass(frozen=True, slots=True)
class Remove:
    """In an update of messages: takes the message with this id away; `Remove.all()` takes all."""

    id: str

    @classmethod
    def all(cls) -> Remove:
        """What removes every message that came before."""
        return cls("__all__")


@dataclass(frozen=True, slots=True)
class Default:
    """In `Annotated[int, Default(100)]`: the value of a TypedDict's key before anybody writes it."""

    value: object


class Ephemeral:
    """In `Annotated[T, Ephemeral]`: a value that is gone after the superstep that follows its writing."""


def append(values: list[T], update: T | list[T]) -> list[T]:
    """Add one value, or each of a list, at the end."""
    return [*values, *update] if isinstance(update, list) else [*values, update]


def last(_: object, update: T) -> T:
    """Keep the newest value; of several in one superstep, that of the last node in order."""
    return update


def union(values: Joined, update: Joined) -> Joined:
    """Join two sets, or two dicts of which the newer wins."""
    return values | update


def add_messages(messages: list[T], update: T | Remove | list[T | Remove]) -> list[T]:
    """Append messages; one with the id of an earlier one takes its place, and `Remove(id)` takes it away.

    A message is anything with an `id` attribute or key; those without one, and texts, are always appended.
    """
    new = update if isinstance(update, list) else [update]
    if not any(isinstance(one, Remove) or _id_of(one) is not None for one in new):
        return [*messages, *new]
    joined = list(messages)
    places = {key: place for place, one in enumerate(joined) if (key := _id_of(one)) is not None}
    gone: set[int] = set()
    for one in new:
        if isinstance(one, Remove):
            gone |= set(range(len(joined))) if one == Remove.all() else {places.get(one.id, -1)}
        elif (key := _id_of(one)) is not None and key in places and places[key] not in gone:
            joined[places[key]] = one
        else:
            joined.append(one)
            if key is not None:
                places[key] = len(joined) - 1
    return [one for place, one in enumerate(joined) if place not in gone]


class MessagesState(TypedDict):
    """A state of messages, to be used as it is or with further keys in a class of one's own."""

    messages: Annotated[list[Any], add_messages]


def _id_of(message: object) -> object:
    if isinstance(message, Mapping):
        return message.get("id")
    return getattr(message, "id", None)


NAMED: Final[dict[str, Reducer]] = {
    "append": append,
    "last": last,
    "union": union,
    "messages": add_messages,
    "add": operator.add,
    "or": operator.or_,
    "and": operator.and_,
    "mul": operator.mul,
    "concat": operator.concat,
    "max": max,
    "min": min,
}
"""Reducers that a journal knows by name."""

_NAMES: Final[dict[Any, str]] = {
    **{reducer: name for name, reducer in NAMED.items()},
    operator.iadd: "add",
    operator.ior: "or",
}


def name_of(reducer: Reducer) -> str:
    """Return the name under which a journal knows the reducer; "" for one of the user's own."""
    try:
        return _NAMES.get(reducer, "")
    except TypeError:  # not hashable
        return ""


def pure(reducer: Reducer) -> Reducer:
    """Return the reducer, or for an in-place operator its twin that changes nothing."""
    return NAMED[name_of(reducer)] if name_of(reducer) else reducer
