"""Signatures: which functions can become tools.

Checked when the decorator runs, with the standard library alone, so that a bad declaration fails in the cell
that holds it. Type hints are only required to be there; what they mean is resolved with the schema.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from victor_nb.tools.errors import ToolDeclarationError

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""What every model provider accepts as a tool's name."""

_SERIALISABLE: Final = (str, bool, int, type(None), Enum, PurePath, date, time, timedelta, Decimal, UUID)
_REFUSED_KINDS: Final = {
    inspect.Parameter.VAR_POSITIONAL: "takes any number of positional arguments",
    inspect.Parameter.VAR_KEYWORD: "takes any keyword arguments",
    inspect.Parameter.POSITIONAL_ONLY: "is positional-only",
}


def check_name(name: str, *, where: str) -> None:
    """Raise ToolDeclarationError unless `name` is one that every provider accepts."""
    if not NAME.fullmatch(name):
        raise ToolDeclarationError(
            f"{name!r} cannot be a tool's name",
            where,
            "use letters, digits, '_' and '-', at most 64, not a digit first; a lambda needs @tool(name=…)",
        )


def check_function(function: object, *, where: str) -> None:
    """Raise ToolDeclarationError unless every parameter can be described and filled from JSON."""
    if not callable(function) or isinstance(function, type):
        raise ToolDeclarationError(
            f"a tool is made of a function, not of {type(function).__name__} {function!r:.80}",
            where,
            "put @tool above a def",
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ToolDeclarationError("a generator cannot be a tool", where, "return a list")
    for parameter in inspect.signature(function).parameters.values():
        _check_parameter(parameter, where)


def _check_parameter(parameter: inspect.Parameter, where: str) -> None:
    name = parameter.name
    if parameter.kind in _REFUSED_KINDS:
        raise ToolDeclarationError(
            f"parameter {str(parameter)!r} {_REFUSED_KINDS[parameter.kind]}, which no schema can describe",
            where,
            "give each argument a name and a type",
        )
    if parameter.annotation is parameter.empty:
        hint = "decorate the bound method" if name in ("self", "cls") else f"write, for example, `{name}: str`"
        raise ToolDeclarationError(f"parameter {name!r} has no type hint", where, hint)
    if parameter.default is not parameter.empty and not is_serialisable(parameter.default):
        raise ToolDeclarationError(
            f"the default of parameter {name!r} cannot be written as JSON: {parameter.default!r:.80}",
            where,
            f"use None as the default of {name!r} and build the value inside the function",
        )


def is_serialisable(default: object) -> bool:
    """Answer whether a default can stand in a JSON schema."""
    if isinstance(default, float):
        return math.isfinite(default)
    if isinstance(default, _SERIALISABLE):
        return True
    if isinstance(default, list | tuple | set | frozenset):
        return all(is_serialisable(item) for item in default)
    if isinstance(default, Mapping):
        return all(isinstance(key, str) and is_serialisable(item) for key, item in default.items())
    return (is_dataclass(default) and not isinstance(default, type)) or hasattr(default, "model_dump")


def place_of(function: Callable[..., Any]) -> str:
    """Return "module.function (file:line)", as far as it is known."""
    name = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', repr(function))}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name
