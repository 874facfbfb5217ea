"""Types as a file names them (`int`, `list[str]`, `dict[str, float] | null`) and as Python has them.

1. A name stands for what the table below says; nothing is evaluated.
"""

from __future__ import annotations

import ast
import datetime
import pathlib
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from victor_nb.errors import nearest
from victor_nb.workflows.errors import InvalidState

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PLAIN: Final[dict[str, Any]] = {
    "any": Any,
    "bool": bool,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "dict": dict,
    "float": float,
    "int": int,
    "list": list,
    "null": None,
    "path": pathlib.Path,
    "str": str,
}
"""What a name of a type means."""

_GENERIC: Final = {"list": 1, "dict": 2}


class UnknownType(ValueError):
    """A text names no type."""


@cache
def python_type(written: str) -> Any:
    """Return the Python type that a text means.

    Raises: UnknownType, with the nearest name.
    """
    try:
        tree = ast.parse(written.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnknownType(
            f"{written!r} is no type; types are {', '.join(PLAIN)}, list[…], dict[…, …], … | null"
        ) from None
    return _meaning(tree, written)


def _meaning(tree: ast.expr, written: str) -> Any:
    if isinstance(tree, ast.Constant) and tree.value is None:
        return None
    if isinstance(tree, ast.Name):
        if tree.id not in PLAIN:
            raise UnknownType(f"there is no type {tree.id!r}.{nearest(tree.id, PLAIN)} Types are {', '.join(PLAIN)}")
        return PLAIN[tree.id]
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return _either(_meaning(tree.left, written), _meaning(tree.right, written))
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name) and tree.value.id in _GENERIC:
        inner = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        if len(inner) == _GENERIC[tree.value.id]:
            arguments = tuple(_meaning(part, written) for part in inner)
            return PLAIN[tree.value.id][arguments]
    raise UnknownType(f"{written!r} is no type; write it as in list[str], dict[str, float] or int | null")


def _either(left: Any, right: Any) -> Any:
    if left is None and right is None:
        return None
    return left | right


@cache
def _adapter(written: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(python_type(written))


def name_of_type(kind: Any) -> str:
    """Return how a file names a Python type; "any" for one that it has no name for."""
    known = next(
        (name for name, plain in PLAIN.items() if plain is kind or (name == "null" and kind is NoneType)), None
    )
    if known is not None:
        return known
    origin, arguments = get_origin(kind), [name_of_type(one) for one in get_args(kind)]
    if "any" in arguments:
        return _plain_name(origin)
    if origin in (UnionType, Union):
        return " | ".join(arguments)
    if origin in (list, dict):
        return f"{origin.__name__}[{', '.join(arguments)}]"
    return "any"


def _plain_name(origin: Any) -> str:
    return origin.__name__ if origin in (list, dict) else "any"


def fitting(value: object, written: str, name: str, where: str = "") -> Any:
    """Return a value as its type: "5" for an int (as a command line gives it) becomes 5.

    Raises: InvalidState, naming the value and the type.
    """
    from pydantic import ValidationError

    try:
        return _adapter(written).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        inside = "".join(f"[{key!r}]" for key in first["loc"]) if len(first["loc"]) < 3 else ""
        shown = repr(first["input"])
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        what = f"{name}{inside} is {shown}: {first['msg'][:1].lower()}{first['msg'][1:]}"
        raise InvalidState(what, where, f"{name} is of type {written}") from None
