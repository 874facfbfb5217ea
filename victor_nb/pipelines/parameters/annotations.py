"""Annotations to types, from their syntax alone: nothing that a notebook imports is imported here.

An annotation that names something unknown (a class of the project, say) gives `Anything`: what cannot be told is not
refused.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Final
from uuid import UUID

from victor_nb.pipelines.parameters.literals import Names, NotSpelledOut, dotted, value_of
from victor_nb.pipelines.parameters.plain_types import NOTHING, PLAIN
from victor_nb.pipelines.parameters.types import (
    Anything,
    Choice,
    Either,
    Fixed,
    Mapped,
    OfLibrary,
    ParameterType,
    Several,
)

ANYTHING: Final = Anything()
_TYPING: Final = ("typing.", "typing_extensions.", "collections.abc.")
_COLLECTIONS: Final[dict[str, type]] = {
    "list": list, "List": list, "Sequence": list, "MutableSequence": list, "Collection": list, "Iterable": list,
    "set": set, "Set": set, "MutableSet": set, "frozenset": frozenset, "FrozenSet": frozenset,
}  # fmt: skip
_DICTS: Final = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_TUPLES: Final = frozenset({"tuple", "Tuple"})
_SEE_THROUGH: Final = frozenset({"Annotated", "Final", "Required", "NotRequired"})
_SYNONYMS: Final = {
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.PurePath": "pathlib.Path",
    "os.PathLike": "pathlib.Path",
}
_NUMBERS: Final = (int, float)


def type_of_annotation(node: ast.expr, names: Names) -> ParameterType:
    """Return the type that an annotation says; `Anything` where it cannot be told."""
    try:
        return _type(node, names)
    except RecursionError:
        return ANYTHING


def type_in(text: str, names: Names) -> ParameterType:
    """`type_of_annotation` for an annotation as text, as string annotations and type comments have it."""
    try:
        return type_of_annotation(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANYTHING


def _type(node: ast.expr, names: Names) -> ParameterType:
    match node:
        case ast.Constant(value=None):
            return NOTHING
        case ast.Constant(value=str(text)):
            return type_in(text, names)
        case ast.BinOp(op=ast.BitOr()):
            return _either([node.left, node.right], names)
        case ast.Subscript():
            inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return _of_parts(_bare(dotted(node.value, names)), inside, names)
        case ast.Name() | ast.Attribute():
            return _named(_bare(dotted(node, names)))
    return ANYTHING


def _bare(name: str) -> str:
    """Drop the module of what `typing` and `collections.abc` have."""
    for module in _TYPING:
        name = name.removeprefix(module)
    return _SYNONYMS.get(name, name)


def _named(name: str) -> ParameterType:
    if name in PLAIN:
        return PLAIN[name]
    if name in _COLLECTIONS:
        return Several(_COLLECTIONS[name], ANYTHING)
    if name in _DICTS:
        return Mapped(ANYTHING, ANYTHING)
    if name in _TUPLES:
        return Several(tuple, ANYTHING)
    module, _, attribute = name.rpartition(".")
    if module in ("pandas", "numpy"):
        return _of_library(module, attribute)
    return ANYTHING


def _of_library(module: str, name: str) -> ParameterType:
    if module == "pandas":
        return OfLibrary(module, name, (str, date, timedelta) if name in ("Timestamp", "Timedelta", "Period") else ())
    if name == "ndarray":
        return OfLibrary(module, name, (list, tuple))
    return OfLibrary(module, name, (str,) if name in ("datetime64", "timedelta64", "str_") else _NUMBERS)


def _of_parts(name: str, parts: Sequence[ast.expr], names: Names) -> ParameterType:
    if name == "Literal":
        return _choice(parts, names)
    if name in ("Optional", "Union"):
        return _either([*parts, *([ast.Constant(None)] if name == "Optional" else [])], names)
    if name in _SEE_THROUGH:
        return _type(parts[0], names)
    if name in _COLLECTIONS:
        return Several(_COLLECTIONS[name], _type(parts[0], names))
    if name in _TUPLES:
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis:
            return Several(tuple, _type(parts[0], names))
        return Fixed(tuple(_type(part, names) for part in parts))
    if name in _DICTS and len(parts) == 2:
        return Mapped(_type(parts[0], names), _type(parts[1], names))
    return _named(name)


def _choice(parts: Sequence[ast.expr], names: Names) -> ParameterType:
    try:
        return Choice(tuple(value_of(part, names) for part in parts))
    except NotSpelledOut:
        return ANYTHING


def _either(parts: Sequence[ast.expr], names: Names) -> ParameterType:
    options: list[ParameterType] = []
    for part in parts:
        made = _type(part, names)
        options.extend(made.options if isinstance(made, Either) else [made])
    if any(isinstance(option, Anything) for option in options):
        return ANYTHING
    return Either(tuple(options))


def type_of_default(value: object) -> ParameterType:
    """Return the type by which words are read for a parameter that only has a default; it promises nothing."""
    if (known := _BY_CLASS.get(type(value))) is not None:
        return known
    if isinstance(value, list | tuple | set | frozenset):
        kinds = {str(made): made for made in map(type_of_default, value)}
        return Several(type(value), next(iter(kinds.values())) if len(kinds) == 1 else ANYTHING)
    return Mapped(ANYTHING, ANYTHING) if isinstance(value, dict) else ANYTHING


_BY_CLASS: Final[dict[type, ParameterType]] = {
    type(Path()): PLAIN["pathlib.Path"],
    PurePath: PLAIN["pathlib.Path"],
    **{kind: PLAIN[kind.__name__] for kind in (bool, bytes, complex, float, int, range, str)},
    **{kind: PLAIN[f"datetime.{kind.__name__}"] for kind in (date, datetime, time, timedelta)},
    Decimal: PLAIN["decimal.Decimal"],
    Fraction: PLAIN["fractions.Fraction"],
    UUID: PLAIN["uuid.UUID"],
}
