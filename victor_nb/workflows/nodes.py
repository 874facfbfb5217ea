"""Nodes: what was given to `add_node`, turned into something that is called with a state.

1. A node is a function, an agent, a workflow or any callable; what it wants besides the state it says by the names
   of its parameters.
2. A node is looked at once, when it is added; nothing is inspected while a workflow runs.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from victor_nb.journal import Effect, OnDoubt
from victor_nb.workflows.policies import CachePolicy, RetryPolicy, TimeoutPolicy
from victor_nb.workflows.shape import GraphShape, NodeKind
from victor_nb.workflows.sources import Reading, plain, read

if TYPE_CHECKING:
    from victor_nb.workflows.graph import Workflow

WANTED: Final = ("runtime", "context", "store", "writer", "config")
"""Names of parameters that a node is given besides the state: its runtime, or a part of it."""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of a graph.

    Attributes:
        call: takes the node's input and what it wants of the runtime, by name.
        is_async: whether it returns an awaitable.
        wants: the names of WANTED that it takes.
        takes_state: whether it takes an input at all.
        can_move: whether it may run in another process: a function of the state and nothing else.
        input: the schema of its input, if it is not the workflow's state.
        ends: where it may go by a `Command`, as far as is known; None if that cannot be told.
        inside: the workflow that it is.
        shape: what is drawn inside of it, where it is no workflow itself and runs one.
    """

    name: str
    call: Callable[..., Any]
    kind: NodeKind = "function"
    is_async: bool = False
    wants: tuple[str, ...] = ()
    takes_state: bool = True
    can_move: bool = False
    input: type | None = None
    retry: tuple[RetryPolicy, ...] = ()
    timeout: TimeoutPolicy | None = None
    cache: CachePolicy | None = None
    effect: Effect = Effect.PURE
    on_doubt: OnDoubt | None = None
    defer: bool = False
    ends: tuple[str, ...] | None = ()
    on_error: str = ""
    about: str = ""
    label: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=lambda: Reading(""))
    inside: Workflow | None = None
    shape: GraphShape | None = None
    _plain: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        more = self.retry or self.timeout or self.cache or self.wants or self.inside is not None
        object.__setattr__(self, "_plain", not more and self.takes_state)

    @property
    def is_plain(self) -> bool:
        """Whether calling it with the state is all there is to do."""
        return self._plain


def of_callable(name: str, action: Callable[..., Any], **options: Any) -> NodeSpec:
    """Return the node that calls `action`.

    Raises:
        TypeError: it wants parameters that no node is given.
    """
    parameters = _parameters(action)
    takes_state, wants = _wanted(name, parameters)
    reading = read(action)
    ends = options.pop("ends", None)
    is_async = is_awaited(action)
    return NodeSpec(
        name=name,
        call=action,
        is_async=is_async,
        wants=wants,
        takes_state=takes_state,
        can_move=not (is_async or wants),
        input=options.pop("input", None),
        ends=tuple(ends) if ends is not None else _ends(action, reading),
        about=options.pop("about", "") or _first_sentence(action),
        reading=reading,
        **options,
    )


def is_awaited(action: Callable[..., Any]) -> bool:
    """Whether a function, or what an object does when it is called, is `async def`; seen through partials."""
    while isinstance(action, functools.partial):
        action = action.func
    called = getattr(action, "__call__", None)  # noqa: B004 - not whether it can be called: what is called then
    return inspect.iscoroutinefunction(action) or inspect.iscoroutinefunction(called)


def name_of(action: Any) -> str:
    """The name that a node gets where none is given.

    Raises:
        ValueError: it has none.
    """
    name = getattr(action, "__name__", "") or getattr(action, "name", "")
    if not name or name == "<lambda>":
        raise ValueError("a node without a name of its own needs one: add_node('name', …)")
    return str(name)


def _parameters(action: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(action).parameters.values())
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return [inspect.Parameter("state", inspect.Parameter.POSITIONAL_ONLY)]


def _wanted(name: str, parameters: list[inspect.Parameter]) -> tuple[bool, tuple[str, ...]]:
    empty, wants, takes_state = inspect.Parameter.empty, [], False
    for place, one in enumerate(parameters):
        if one.kind is one.VAR_POSITIONAL:
            takes_state = True
        elif one.kind is one.VAR_KEYWORD:
            continue
        elif one.name in WANTED and (place > 0 or one.name != "config"):
            wants.append(one.name)
        elif place == 0 and one.kind is not one.KEYWORD_ONLY:
            takes_state = True
        elif one.default is empty:
            raise TypeError(
                f"node {name!r} has a parameter {one.name!r} that no node is given; "
                f"a node takes the state, and by name: {', '.join(WANTED)}"
            )
    return takes_state, tuple(wants)


def _ends(action: Callable[..., Any], reading: Reading) -> tuple[str, ...] | None:
    """Where a node may go by itself: what its return type says, else what its source shows."""
    declared = literals_in(_return_type(action))
    if declared is not None:
        return declared
    if reading.commands:
        return None
    return ()


def _return_type(action: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(plain(action)).get("return")
    except Exception:  # an annotation that cannot be evaluated says nothing, and is not ours to complain about
        return None


def literals_in(hint: Any) -> tuple[str, ...] | None:
    """The names in `Command[Literal["a", "b"]]` or `Literal["a", "b"]`, also inside unions; None if there are none."""
    if typing.get_origin(hint) is Literal:
        return tuple(str(one) for one in typing.get_args(hint))
    found = [names for part in typing.get_args(hint) if (names := literals_in(part)) is not None]
    return tuple(dict.fromkeys(name for names in found for name in names)) if found else None


def routes_of(route: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names that a route's return type lists; None if it lists none."""
    return literals_in(_return_type(route))


def _first_sentence(action: Any) -> str:
    text = inspect.getdoc(action if inspect.isroutine(action) else type(action)) or ""
    return text.partition("\n\n")[0].partition(". ")[0].replace("\n", " ").strip()
