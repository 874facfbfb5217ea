"""Values: what a tool returns, and the bounded text of it that a model sees.

1. `to_model_text` never fails and never does work in proportion to a value's size, only to its limit: it
   looks at the first rows, items and characters, and says how much it left out.
2. Nothing here imports pandas or NumPy: a value of theirs can only exist if they are loaded.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

MODEL_TEXT_LIMIT_CHARS: Final = 8000
MOST_ROWS: Final = 30
MOST_COLUMNS: Final = 30
CELL_CHARS: Final = 80
DEEPEST: Final = 8
MOST_SORTED: Final = 10_000
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Artifact:
    """Something to look at or keep: a plot, a file, a table.

    Attributes:
        name: a short title.
        media_type: of `data`, such as "image/png" or "text/csv".
        data: the bytes in `media_type`, or an object that its consumer knows.
        text: what to show where `media_type` cannot be: a sentence or a small table. A model sees only this.
        alternatives: the same content in other media types, best first.
    """

    name: str
    media_type: str
    data: bytes | object = field(repr=False)
    text: str = ""
    alternatives: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def bundle(self) -> dict[str, object]:
        """Return every form by media type, with `text/plain` last."""
        return {self.media_type: self.data, **self.alternatives, "text/plain": self.text or self.name}


def to_model_text(value: object, limit_chars: int = MODEL_TEXT_LIMIT_CHARS) -> str:
    """Return what a model sees of a tool's result: at most `limit_chars`, and it says what is left out."""
    return cut(_text(value, limit_chars), limit_chars)


def cut(text: str, limit_chars: int) -> str:
    """Return `text` with its middle left out so that it has at most `limit_chars`; the gap says how much."""
    if len(text) <= limit_chars:
        return text
    gap = f"\n… {len(text) - limit_chars:,} of {len(text):,} characters left out …\n"
    room = limit_chars - len(gap)
    if room <= 0:
        return text[:limit_chars]
    head = room * 2 // 3
    return text[:head] + gap + text[len(text) - (room - head) :]


def _text(value: object, limit: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Artifact):
        return _artifact_text(value, limit)
    if (foreign := _of_library(value)) is not None:
        return foreign
    if isinstance(value, Mapping):
        return _mapping_text(value, limit)
    return json.dumps(_bounded(value, _Budget(limit)), ensure_ascii=False, default=safe_repr)


def _artifact_text(artifact: Artifact, limit: int) -> str:
    size = f", {len(artifact.data):,} bytes" if isinstance(artifact.data, bytes) else ""
    head = f"[{artifact.name}: {artifact.media_type}{size}; shown to the user]"
    body = artifact.text if artifact.text or isinstance(artifact.data, bytes) else _text(artifact.data, limit)
    return f"{head}\n{body}" if body else head


def _mapping_text(value: Mapping[Any, Any], limit: int) -> str:
    """Write a record: texts of several lines and tables as they are, under their key; the rest as JSON."""
    blocks = {k: v for k, v in islice(value.items(), MOST_ROWS) if _is_block(v)}
    if not blocks:
        return json.dumps(_bounded(value, _Budget(limit)), ensure_ascii=False, default=safe_repr)
    rest = {k: v for k, v in islice(value.items(), limit) if k not in blocks}
    head = [json.dumps(_bounded(rest, _Budget(limit)), ensure_ascii=False, default=safe_repr)] if rest else []
    room = max(limit // len(blocks), 200)
    return "\n".join(head + [f"{key}:\n{cut(_text(block, room), room)}" for key, block in blocks.items()])


def _is_block(value: object) -> bool:
    has_lines = isinstance(value, str) and "\n" in value[:MODEL_TEXT_LIMIT_CHARS]
    return has_lines or _table_writer(value) is not None


def _of_library(value: object) -> str | None:
    writer = _table_writer(value)
    if writer is None:
        return None
    try:
        return writer(value)
    except Exception:  # a foreign object's display code may raise anything; the model still gets an answer
        return safe_repr(value)


def _table_writer(value: object) -> Callable[[Any], str] | None:
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return _frame_text
        if isinstance(value, pandas.Series):
            return _series_text
        if isinstance(value, pandas.Index):
            return lambda index: _series_text(index.to_series(index=range(len(index))))
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _array_text
    return None


def _frame_text(frame: Any) -> str:
    rows, columns = frame.shape
    part = frame.iloc[:MOST_ROWS, :MOST_COLUMNS]
    head = f"DataFrame, {rows:,} rows x {columns:,} columns"
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        head += f" (the first {min(rows, MOST_ROWS)} rows and {min(columns, MOST_COLUMNS)} columns follow)"
    texts = {i: part.iloc[:, i].map(_cell) for i in range(part.shape[1])}
    import pandas

    body = pandas.DataFrame(texts, index=part.index)
    body.columns = part.columns.map(_label)
    return f"{head}\n{body.to_string(max_colwidth=CELL_CHARS)}" if columns else head


def _series_text(series: Any) -> str:
    head = f"Series {_label(series.name)!r}, {len(series):,} values, {series.dtype}"
    if len(series) > MOST_ROWS:
        head += f" (the first {MOST_ROWS} follow)"
    return f"{head}\n{series.iloc[:MOST_ROWS].map(_cell).to_string(header=False)}"


def _array_text(array: Any) -> str:
    import numpy

    # A corner, because NumPy formats what it shows before it counts the characters.
    corner = array[tuple(slice(0, 10) for _ in array.shape)]
    body = numpy.array2string(corner, threshold=200, edgeitems=3, precision=6)
    more = " (one corner follows)" if corner.size < array.size else ""
    return f"ndarray, shape {array.shape}, {array.dtype}{more}\n{cut(body, MODEL_TEXT_LIMIT_CHARS)}"


def _cell(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= CELL_CHARS else value[: CELL_CHARS - 1] + "…"
    if isinstance(value, bytes | list | tuple | dict | set):
        return safe_repr(value, CELL_CHARS)
    return value


def _label(label: object) -> str:
    return str(_cell(str(label)))


class _Budget:
    """How many characters are left to write; every part that is kept takes some."""

    def __init__(self, chars: int) -> None:
        self.left = chars

    def take(self, chars: int) -> bool:
        self.left -= chars
        return self.left > 0


def _bounded(value: object, budget: _Budget, depth: int = 0) -> object:
    """Return a copy of `value` in JSON terms that is about as long as the budget, however long `value` is."""
    if isinstance(value, str):
        return _bounded_text(value, budget)
    if value is None or isinstance(value, bool | int | float):
        budget.take(8)
        return _bounded_number(value)
    if (foreign := _of_library(value)) is not None:
        return _bounded_text(foreign, budget)
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return _bounded_items(value, budget, depth)
    if isinstance(value, Set):
        return _bounded_list(_in_order(value), budget, depth)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return _bounded_list(value, budget, depth)
    if isinstance(value, Enum):
        return _bounded(value.value, budget, depth + 1)
    if isinstance(value, Artifact):
        return _bounded_text(_artifact_text(value, max(budget.left, 0)), budget)
    if (fields := _fields(value)) is not None:
        return _bounded_items(fields, budget, depth)
    return _bounded_text(_atom(value), budget)


def _bounded_text(text: str, budget: _Budget) -> str:
    kept = cut(text, max(budget.left, 60))
    budget.take(len(kept) + 4)
    return kept


def _bounded_number(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if isinstance(value, int) and value.bit_length() > 4000:
        return f"an integer of {value.bit_length():,} bits"  # Python refuses to write it
    return value


def _bounded_items(items: Mapping[Any, Any], budget: _Budget, depth: int) -> dict[str, object]:
    kept: dict[str, object] = {}
    for key, item in items.items():
        name = key if isinstance(key, str) else safe_repr(key, CELL_CHARS)
        if not budget.take(len(name) + 4):
            kept["…"] = f"{len(items) - len(kept):,} more"
            break
        kept[cut(name, 200)] = _bounded(item, budget, depth + 1)
    return kept


def _in_order(items: Set[Any]) -> Sequence[Any]:
    """Sort a set by its texts, because its own order changes from one process to the next."""
    return sorted(items, key=safe_repr) if len(items) <= MOST_SORTED else [f"a set of {len(items):,}"]


def _bounded_list(items: Sequence[Any], budget: _Budget, depth: int) -> list[object]:
    kept: list[object] = []
    for item in items:
        if not budget.take(2):
            kept.append(f"… {len(items) - len(kept):,} more")
            break
        kept.append(_bounded(item, budget, depth + 1))
    return kept


def _fields(value: object) -> Mapping[str, object] | None:
    """Return the fields of a dataclass, struct or pydantic model, one level deep: a full dump would copy it all."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Struct):
        return asdict(value)
    if hasattr(type(value), "model_fields") and hasattr(value, "__dict__"):
        return dict(_public(vars(value).items()))
    return None


def _public(items: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    return ((name, item) for name, item in items if not name.startswith("_"))


def _atom(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value):,} bytes>"
    if isinstance(value, date | time | timedelta | Decimal | PurePath | UUID):
        return str(value)
    item = getattr(value, "item", None)
    if callable(item) and type(value).__module__ == "numpy":
        return str(item())
    return safe_repr(value)


def safe_repr(value: object, limit_chars: int = 500) -> str:
    """Return `repr(value)`, cut and without memory addresses; or its type's name if its own code fails."""
    if isinstance(value, list | tuple | dict | set | frozenset) and len(value) > limit_chars:
        return f"{type(value).__name__} of {len(value):,}"
    try:
        return cut(_ADDRESS.sub("", repr(value)), limit_chars)
    except Exception as failure:  # a user's __repr__ may raise anything
        return f"<{type(value).__name__}, whose repr raises {type(failure).__name__}>"
