"""Toolsets out of objects: methods marked with `@tool_method` become tools bound to one object.

The mark only keeps the options of `@tool`; the tool is made when the object exists, because only then does
the method lose its `self`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypedDict, TypeVar, Unpack

from victor_nb.journal import Effect
from victor_nb.tools.declaring import Cost, Tool, tool

_MARK: Final = "__victor_tool__"
Method = TypeVar("Method", bound=Callable[..., Any])


class Options(TypedDict, total=False):
    """The options of `@tool`."""

    name: str
    category: str
    cost: Cost
    effect: Effect
    keywords: tuple[str, ...]
    approval: bool


def tool_method(**options: Unpack[Options]) -> Callable[[Method], Method]:
    """Mark a method as a tool of its objects."""

    def mark(method: Method) -> Method:
        setattr(method, _MARK, options)
        return method

    return mark


def tools_of(owner: object) -> tuple[Tool, ...]:
    """Return the tools of an object, bound to it, in the order in which its class declares them."""
    marks = ((name, getattr(member, _MARK, None)) for name, member in vars(type(owner)).items())
    return tuple(tool(**options)(getattr(owner, name)) for name, options in marks if options is not None)
