"""Values that code spells out: read from its syntax, nothing is run.

1. Constants, collections of them, numbers put together by arithmetic, and calls of the constructors below. Whatever
   else an expression may be, its value is not known here, which is no error.
2. Names of imported things are looked up among the notebook's imports: `dt.date(2026, 1, 1)` is a date where
   `import datetime as dt` stands.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Final
from uuid import UUID

Names = Mapping[str, str]
"""What each imported name of a notebook stands for, dotted: {"dt": "datetime", "Path": "pathlib.Path"}."""

LARGEST: Final = 2.0**63  # arithmetic beyond it is not done: `10**10**10` would never end
_CONSTRUCTORS: Final[dict[str, Callable[..., object]]] = {
    **{
        kind.__name__: kind
        for kind in (bool, bytes, complex, dict, float, frozenset, int, list, range, set, str, tuple)
    },
    **{f"datetime.{kind.__name__}": kind for kind in (date, datetime, time, timedelta)},
    "decimal.Decimal": Decimal,
    "fractions.Fraction": Fraction,
    "pathlib.Path": Path,
    "pathlib.PurePath": PurePath,
    "uuid.UUID": UUID,
}
_ARITHMETIC: Final[dict[type[ast.operator], Callable[..., object]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


class NotSpelledOut(Exception):
    """The value of an expression is only known when it runs."""


def imported_names(statements: Iterable[ast.stmt]) -> dict[str, str]:
    """Return what the names that module-level imports bind stand for."""
    names: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                names[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: Names) -> str:
    """Return what a name or attribute stands for, dotted; empty if it is neither."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value, names)):
        return f"{owner}.{node.attr}"
    return ""


def value_of(node: ast.expr, names: Names) -> object:
    """Return the value that an expression spells out.

    Raises: NotSpelledOut if only running the code would tell.
    """
    try:
        return _value(node, names)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        raise NotSpelledOut from problem


def value_in(text: str) -> object:
    """Return the value that a text spells out as Python or JSON.

    Raises: NotSpelledOut if it is neither.
    """
    try:
        return value_of(ast.parse(text.strip(), mode="eval").body, _WITHOUT_IMPORTS)
    except (NotSpelledOut, SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise NotSpelledOut from problem


_WITHOUT_IMPORTS: Final = {name.rpartition(".")[2]: name for name in _CONSTRUCTORS} | {"datetime": "datetime.datetime"}


def _value(node: ast.expr, names: Names) -> object:
    match node:
        case ast.Constant():
            return node.value
        case ast.List():
            return [_value(item, names) for item in node.elts]
        case ast.Tuple():
            return tuple(_value(item, names) for item in node.elts)
        case ast.Set():
            return {_value(item, names) for item in node.elts}
        case ast.Dict():
            return {
                _value(_key(key), names): _value(item, names) for key, item in zip(node.keys, node.values, strict=True)
            }
        case ast.UnaryOp(op=ast.USub()):
            return -_number(node.operand, names)
        case ast.UnaryOp(op=ast.UAdd()):
            return +_number(node.operand, names)
        case ast.BinOp() if (work := _ARITHMETIC.get(type(node.op))) is not None:
            return work(_number(node.left, names), _number(node.right, names))
        case ast.Call():
            return _called(node, names)
    raise NotSpelledOut


def _key(node: ast.expr | None) -> ast.expr:
    if node is None:  # {**other}
        raise NotSpelledOut
    return node


def _number(node: ast.expr, names: Names) -> int | float | complex:
    value = _value(node, names)
    if not isinstance(value, int | float | complex) or abs(value) > LARGEST:
        raise NotSpelledOut
    return value


def _called(call: ast.Call, names: Names) -> object:
    make = _CONSTRUCTORS.get(dotted(call.func, names))
    if make is None or any(keyword.arg is None for keyword in call.keywords):
        raise NotSpelledOut
    positional = [_value(item, names) for item in call.args]
    return make(*positional, **{str(keyword.arg): _value(keyword.value, names) for keyword in call.keywords})
