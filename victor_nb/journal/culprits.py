"""The part of a value that cannot be written down, and how to reach it: an error names the cell, not the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from victor_nb.journal import records
from victor_nb.journal.errors import Unstorable
from victor_nb.journal.tables import NoPlace


def culprit_of(value: Any, where: str, plain: Callable[[Any], object]) -> tuple[str, Any]:
    """Walk down to the smallest part that cannot be written; return the path to it, and the part.

    Args:
        where: how `value` itself is reached.
        plain: raises for what cannot be written.
    """
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        for step, part in _parts(value):
            try:
                plain(part)
            except (NoPlace, RecursionError, Unstorable):
                value, where = part, where + step
                break
        else:
            break
    return _without_brackets(where), value


def _without_brackets(path: str) -> str:
    """Write the field of an event's body, which a path begins with, as the plain word that it is."""
    return re.sub(r"^\['(\w+)'\]", r"\1", path)


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in value.items()] + [(f" key {key!r}", key) for key in value]
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [(f"[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [(" element", item) for item in value]
    state = records.state_of(value)
    return [(f".{name}", item) for name, item in ({**state.fields, **state.beside} if state else {}).items()]
