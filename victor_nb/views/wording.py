"""How numbers and JSON values read: durations, counts, money, one-line previews.

1. Pure functions from values to short strings; `widgets/run_view/wording.ts` mirrors every one of them, and
   both are held to `tests/views/fixtures/wording.json`.
2. A string from here is plain text: whoever puts it into HTML or SVG escapes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

PREVIEW_LENGTH: Final = 96
_VALUE_LENGTH: Final = 32
_EXACT_INT: Final = 2**53


def duration(seconds: float) -> str:
    """Write a time span with the two units that matter: "340 ms", "12.4 s", "3 min 05 s", "2 h 14 min"."""
    milliseconds = max(0, int(seconds * 1000 + 0.5))
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    tenths = int(seconds * 10 + 0.5)
    if tenths < 600:
        return f"{tenths // 10}.{tenths % 10} s"
    whole = int(seconds + 0.5)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = whole // 60
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(number: int) -> str:
    """Write a count with thousands separated: "12,345"."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Write a count with its noun: "1 step", "2 steps"."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def tokens(given: int, answered: int) -> str:
    """Write tokens in and out, or nothing if none were used."""
    return f"{count(given)} tokens in, {count(answered)} out" if given or answered else ""


def cost(usd: float | None) -> str:
    """Write an amount in US dollars; an unknown amount (None) is the empty string, and zero is "free"."""
    if usd is None:
        return ""
    if usd <= 0:
        return "free"
    if usd < 0.0001:
        return "< $0.0001"
    return f"${usd:.4f}" if usd < 0.1 else f"${usd:,.2f}"


def clip(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` characters, the last one an ellipsis if anything was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Fold every run of white space into one space."""
    return " ".join(text.split())


def without_marks(text: str) -> str:
    """Fold Markdown into one line of words."""
    return one_line(re.sub(r"[#*`|>]|-{3,}", " ", text))


def scalar(value: object) -> str:
    """Write one JSON scalar without quotes; whole floats lose their ".0", as in JavaScript."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_INT:
        return str(int(value))
    return one_line(str(value))


def preview(value: object, limit: int = PREVIEW_LENGTH) -> str:
    """Say on one line what a JSON value holds, for a row that can be unfolded."""
    return clip(_preview(value), limit)


def arguments(values: Mapping[str, object], limit: int = PREVIEW_LENGTH) -> str:
    """Write call arguments as "df=iris, n=5"."""
    return clip(", ".join(f"{key}={_inner(value)}" for key, value in values.items()), limit)


def size(grid: Mapping[str, Any]) -> str:
    """Say how large a table is: "150 rows, 5 columns"."""
    return f"{plural(grid['total_rows'], 'row')}, {plural(grid['total_columns'], 'column')}"


def pretty(value: object) -> str:
    """Write a JSON value for reading: text as it is, everything else indented."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _preview(value: object) -> str:
    if isinstance(value, str):
        return one_line(value[: 4 * PREVIEW_LENGTH])
    if isinstance(value, Mapping):
        return _fields(value)
    if isinstance(value, Sequence):
        return _items(value)
    return scalar(value)


def _fields(values: Mapping[str, Any]) -> str:
    if "$grid" in values:
        return size(values["$grid"])
    if "$image" in values:
        return one_line(values["$image"]["text"]) or values["$image"]["media_type"]
    return arguments(values) if values else "{}"


def _items(values: Sequence[object]) -> str:
    if not values:
        return "[]"
    if any(isinstance(value, Mapping | list) for value in values):
        return plural(len(values), "item")
    return ", ".join(clip(scalar(value), _VALUE_LENGTH) for value in values[:24])


def _inner(value: object) -> str:
    if isinstance(value, Mapping):
        return _fields(value) if "$grid" in value or not value else f"{{{plural(len(value), 'field')}}}"
    if isinstance(value, list):
        return f"[{clip(_items(value), _VALUE_LENGTH)}]" if value else "[]"
    return clip(scalar(value), _VALUE_LENGTH)
