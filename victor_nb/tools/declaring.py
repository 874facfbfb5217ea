"""Tools: typed functions that an agent may call, and the decorator that declares them.

1. Declaring is cheap: signature and docstring are read, pydantic is not imported; the schema is built on use.
2. A `Tool` never changes, knows no agent and no registry, and is still the function that it was.
3. The default effect class is the careful one: a tool that says nothing about itself may change the world.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, get_args, overload

from typing_extensions import ParamSpec, TypeVar  # those of typing have no defaults before Python 3.13

from victor_nb.journal import Effect
from victor_nb.tools.caching.rules import Caching, check_rule
from victor_nb.tools.docstrings import description_of
from victor_nb.tools.errors import DuplicateTool, ToolDeclarationError
from victor_nb.tools.signatures import check_function, check_name, place_of
from victor_nb.tools.values import MODEL_TEXT_LIMIT_CHARS

if TYPE_CHECKING:
    from victor_nb.tools.schemas import Schema

Cost = Literal["free", "low", "medium", "high"]
COSTS: tuple[str, ...] = get_args(Cost)

P = ParamSpec("P", default=...)  # so that `Tool` alone stands for one of any function
R_co = TypeVar("R_co", covariant=True, default=object)
Given = ParamSpec("Given")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Tool(Generic[P, R_co]):
    """A function with a name, a description and rules; call it as before, or `call` it with JSON arguments.

    Attributes:
        name: what models call it.
        description: what models choose it by.
        function: what it was before; called in a worker thread if it is not async.
        category: a word to group tools by, free to choose.
        cost: what a call costs in money or time, from "free" to "high".
        effect: what a call may do to the world; decides what a resumed run does with a call in doubt.
        keywords: words by which the tool is found besides those in its name and description.
        approval: whether a person must agree to each call.
        cache: whether and how results are kept and given again; None leaves it to agents and settings.
    """

    RESULT_LIMIT_CHARS: ClassVar[int] = MODEL_TEXT_LIMIT_CHARS
    """A model sees at most this much of a result; the journal and the caller get all of it."""

    name: str
    description: str
    function: Callable[P, R_co] = field(repr=False)
    category: str = ""
    cost: Cost = "free"
    effect: Effect = Effect.EFFECT
    keywords: tuple[str, ...] = ()
    approval: bool = False
    cache: bool | Caching | None = None

    def __post_init__(self) -> None:
        # `help(tool)` and `tool?` are asked about the function, not about what tools are.
        for name, value in (("__doc__", inspect.getdoc(self.function)), ("__wrapped__", self.function)):
            object.__setattr__(self, name, value)
        where = self.place
        check_function(self.function, where=where)
        check_name(self.name, where=where)
        if self.cost not in COSTS:
            raise ToolDeclarationError(f"unknown cost {self.cost!r}", where, f"costs: {', '.join(COSTS)}")
        if self.effect not in list(Effect):
            raise ToolDeclarationError(f"unknown effect {self.effect!r}", where, f"effects: {', '.join(Effect)}")
        check_rule(self.cache, self.effect, where)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function itself, unchecked."""
        return self.function(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    @property
    def place(self) -> str:
        """Where the function was written: "module.function (file:line)"."""
        return place_of(self.function)

    @cached_property
    def schema(self) -> Schema:
        from victor_nb.tools.schemas import schema_of

        return schema_of(self.function)

    @property
    def parameters(self) -> dict[str, object]:
        """The JSON schema of the arguments; roles are in `x-role`."""
        return self.schema.parameters

    def validate(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return the keyword arguments for the function.

        Raises:
            ToolArgumentError: names each parameter that is wrong and the form it accepts.
        """
        return self.schema.validate(arguments, tool=self.name)

    @overload
    async def call(self: Tool[P, Awaitable[T]], arguments: Mapping[str, object]) -> T: ...
    @overload
    async def call(self, arguments: Mapping[str, object]) -> R_co: ...
    async def call(self: Tool[..., object], arguments: Mapping[str, object]) -> object:
        """Validate and call. A plain function runs in a worker thread with a copy of the context.

        A cancelled call of a plain function is abandoned, not ended: Python cannot stop a thread.

        Raises:
            ToolArgumentError: the arguments do not fit.
            Exception: whatever the function raises; it is the caller's business.
        """
        checked = self.validate(arguments)
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**checked)
        result = await asyncio.to_thread(self.function, **checked)
        return await result if inspect.isawaitable(result) else result


@dataclass(frozen=True, slots=True)
class Toolset:
    """Tools that belong together, bound to what they work on.

    Attributes:
        name: stands for all of them, for example in `%%victor --tools NAME`.
        tools: in the order in which a model is shown them.

    Raises:
        DuplicateTool: two of them have one name.
    """

    name: str
    tools: tuple[Tool, ...]

    def __post_init__(self) -> None:
        seen: dict[str, Tool] = {}
        for member in self.tools:
            if member.name in seen:
                raise DuplicateTool.between(member.name, first=seen[member.name].place, second=member.place)
            seen[member.name] = member

    def __iter__(self) -> Iterator[Tool]:
        return iter(self.tools)


@overload
def tool(function: Callable[Given, T], /) -> Tool[Given, T]: ...
@overload
def tool(
    *,
    name: str | None = None,
    category: str = "",
    cost: Cost = "free",
    effect: Effect | str = Effect.EFFECT,
    keywords: Iterable[str] = (),
    approval: bool = False,
    cache: bool | Caching | None = None,
) -> Callable[[Callable[Given, T]], Tool[Given, T]]: ...
def tool(
    function: Callable[Given, T] | None = None,
    /,
    *,
    name: str | None = None,
    category: str = "",
    cost: Cost = "free",
    effect: Effect | str = Effect.EFFECT,
    keywords: Iterable[str] = (),
    approval: bool = False,
    cache: bool | Caching | None = None,
) -> Tool[Given, T] | Callable[[Callable[Given, T]], Tool[Given, T]]:
    """Declare a tool: `@tool` or `@tool(effect="read")` above a function, sync or async.

    Its description is the docstring's first part, its schema comes from type hints and docstring. It can be called as
    the function that it was.

    Args:
        name: what models call it, letters, digits, `_` and `-`; by default the function's name.
        category: a word to group tools by.
        cost: "free", "low", "medium" or "high": what a call takes in money or time.
        effect: "pure", "read", "idempotent" or "effect": what a call may do to the world, and so what a resumed run
            does with a call that may or may not have happened.
        keywords: words by which it is found besides its name and description.
        approval: whether somebody must agree to each call.
        cache: True, or a `Caching` with more to say, to give an earlier result again while nothing changed that it was
            made from; False never to do so. For "pure" and "read" tools.

    Raises:
        ToolDeclarationError: a parameter without type hint, `*args`, a default that JSON cannot carry, a name
            that providers refuse, an unknown cost or effect, `cache` for a tool that changes something.

    Example:
        >>> from victor_nb import tool
        >>> @tool(effect="pure", keywords=["square metres"])
        ... def area(width: float, height: float = 1.0) -> float:
        ...     '''Compute the area of a rectangle, in square metres.'''
        ...     return width * height
        >>> area(2.0, 3.0)
        6.0
        >>> area.validate({"width": "2.5"})
        {'width': 2.5}
    """
    if isinstance(keywords, str):
        raise ToolDeclarationError(
            f"keywords must be a list of words, not the text {keywords!r}", hint=f"keywords=[{keywords!r}]"
        )

    def declare(function: Callable[Given, T]) -> Tool[Given, T]:
        if isinstance(function, Tool):
            raise ToolDeclarationError(f"{function.name!r} is a tool already", function.place, "remove one @tool")
        return Tool(
            name=name or str(getattr(function, "__name__", "")),
            description=description_of(function),
            function=function,
            category=category,
            cost=cost,
            effect=_effect(effect, function),
            keywords=tuple(keywords),
            approval=approval,
            cache=cache,
        )

    return declare if function is None else declare(function)


def _effect(effect: Effect | str, function: Callable[..., object]) -> Effect:
    try:
        return Effect(effect)
    except ValueError:
        raise ToolDeclarationError(
            f"unknown effect {effect!r}", place_of(function), f"effects: {', '.join(Effect)}"
        ) from None
