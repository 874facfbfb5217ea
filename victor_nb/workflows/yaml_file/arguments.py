"""What a handler is called with: its parameters say by their names what they want.

1. With `inputs:`, the parameters are those names and no others.
2. Without, each parameter is the value of that name; the first one, if it is no value's name, is all values.
3. In both cases parameters called as in WANTED are given the runtime, or a part of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from victor_nb.workflows.yaml_file.handlers import Reference, reference_to
from victor_nb.workflows.yaml_file.mistakes import near

if TYPE_CHECKING:
    from victor_nb.workflows.runtime import Runtime

WANTED: Final = ("runtime", "context", "store", "writer", "config")
"""Names of parameters that are given the runtime, or that part of it."""

_EMPTY: Final = inspect.Parameter.empty


class Unfitting(Exception):
    """A handler cannot be called as the file says; `name` is the input that is concerned, if one is."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what, name)
        self.what, self.name = what, name


@dataclass(frozen=True)
class HandlerCall:
    """A handler and how to call it.

    Attributes:
        by_place, by_name: parameters that are given values.
        optional: those of them that have a default of their own.
        whole: whether the first argument is all values.
        takes_any: whether it takes inputs of any name.
        wants: parameters that are given the runtime, or a part of it.
    """

    handler: Callable[..., Any]
    by_place: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    whole: bool = False
    takes_any: bool = False
    wants: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Send a function of a file beside the YAML by the file: no other process knows its module."""
        reference = reference_to(self.handler)
        rest = (self.by_place, self.by_name, self.optional, self.whole, self.takes_any, self.wants)
        return (_restored, (reference or self.handler, *rest))

    def __call__(self, values: Mapping[str, Any], inputs: Mapping[str, Any] | None, runtime: Runtime | None) -> Any:
        given = values if inputs is None else inputs
        first = (values,) if self.whole else ()
        placed = [given[name] for name in self.by_place if name in given or name not in self.optional]
        named = {name: given[name] for name in self.by_name if name in given or name not in self.optional}
        if self.takes_any and inputs is not None:
            named = {**inputs, **named}
        for name in self.wants:
            named[name] = runtime if name == "runtime" else getattr(runtime, name)
        return self.handler(*first, *placed, **named)


def _restored(handler: Callable[..., Any] | Reference, *rest: Any) -> HandlerCall:
    return HandlerCall(handler.load() if isinstance(handler, Reference) else handler, *rest)


def call_of(handler: Callable[..., Any], values: Collection[str], inputs: Collection[str] | None) -> HandlerCall:
    """Return how a handler is called.

    Args:
        values: the names of all values that there are.
        inputs: the names that the node gives; None if it says nothing.

    Raises:
        Unfitting: it wants what nobody gives, or does not take what it is given.
    """
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):  # some functions written in C tell nothing
        return HandlerCall(handler, takes_any=True) if inputs is not None else HandlerCall(handler, whole=True)
    wants = tuple(one.name for one in parameters if one.name in WANTED and one.name not in (inputs or values))
    parameters = [one for one in parameters if one.name not in wants]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters)
    named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    whole = inputs is None and _takes_all(parameters, values)
    _check(handler, named[1:] if whole and named else named, values if inputs is None else inputs, inputs, takes_any)
    known = values if inputs is None else inputs
    named = [one for one in (named[1:] if whole else named) if one.name in known]
    return HandlerCall(
        handler,
        tuple(one.name for one in named if one.kind is one.POSITIONAL_ONLY),
        tuple(one.name for one in named if one.kind is not one.POSITIONAL_ONLY),
        frozenset(one.name for one in named if one.default is not _EMPTY),
        whole,
        takes_any,
        wants,
    )


def _takes_all(parameters: list[inspect.Parameter], values: Collection[str]) -> bool:
    first = parameters[0] if parameters else None
    if first is None or first.name in values or first.kind in (first.VAR_KEYWORD, first.KEYWORD_ONLY):
        return False
    return first.default is _EMPTY


def _check(
    handler: Callable[..., Any],
    parameters: list[inspect.Parameter],
    known: Collection[str],
    inputs: Collection[str] | None,
    takes_any: bool,
) -> None:
    name = getattr(handler, "__name__", "the handler")
    for one in parameters:
        if one.default is _EMPTY and one.name not in known:
            wanted = "an input" if inputs is not None else "a value"
            raise Unfitting(f"{name}() wants {wanted} {one.name!r}, which nobody gives.{near(one.name, known)}")
    taken = {one.name for one in parameters}
    for given in inputs or ():
        if given not in taken and not takes_any:
            raise Unfitting(f"{name}() takes no {given!r}.{near(given, taken)}", given)


__all__ = ["WANTED", "HandlerCall", "Unfitting", "call_of"]
