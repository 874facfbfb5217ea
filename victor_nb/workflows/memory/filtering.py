"""Filters of a search: fields of a value and what they must be.

A field that is missing, or cannot be compared with what is asked, does not fit; only `$ne` is satisfied by it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from victor_nb.errors import UsageError, nearest

_CONDITIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$in": lambda value, allowed: value in allowed,
}
_MISSING: Final = object()


def check_filter(wanted: Any) -> None:
    """Check that every condition is known.

    Raises:
        UsageError: one is not, or the filter is none.
    """
    if not isinstance(wanted, Mapping):
        raise UsageError(f"a filter is a dict of fields, not {wanted!r}", hint='for example {"kind": "fact"}')
    for name, inner in wanted.items():
        if isinstance(name, str) and name[:1] == "$" and name not in _CONDITIONS:
            raise UsageError(
                f"a filter has an unknown condition {name!r}.{nearest(name, _CONDITIONS)}",
                hint=f"known are {', '.join(_CONDITIONS)}",
            )
        if isinstance(inner, Mapping):
            check_filter(inner)


def fits(value: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether a value has all the fields as they are wanted."""
    return all(_field_fits(_field(value, name), condition) for name, condition in wanted.items())


def _field_fits(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return value is not _MISSING and bool(value == wanted)
    if any(isinstance(name, str) and name in _CONDITIONS for name in wanted):
        return all(_holds(name, value, operand) for name, operand in wanted.items())
    return value is not _MISSING and fits(value, wanted)


def _holds(condition: str, value: Any, operand: Any) -> bool:
    if value is _MISSING:
        return condition == "$ne"
    try:
        return bool(_CONDITIONS[condition](value, operand))
    except TypeError:
        return False


def _field(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _MISSING)
    return getattr(value, name, _MISSING)
