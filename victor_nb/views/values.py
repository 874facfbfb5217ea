"""Values made small enough to look at: JSON, tables of a few rows, little pictures.

1. `shrink` never works in proportion to a value's size, only to what it keeps, and says what it left out.
2. It takes JSON as the journal stores it, with `$tag` objects, or the live values of `Journal.load`.
3. What comes out is JSON. Two objects in it are special, for every face: `{"$grid": Grid}` is a table, and
   `{"$image": Image}` a picture. pandas is never imported: a table can only exist where it is loaded.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Iterable, Mapping, Set
from itertools import islice
from typing import Any, Final, TypedDict

from msgspec import Struct
from msgspec.structs import asdict

from victor_nb.views.wording import clip, count, one_line

TEXT_LENGTH: Final = 4_000
VALUE_LENGTH: Final = 12_000
IMAGE_BYTES: Final = 192 * 1024
ITEMS: Final = 60
DEPTH: Final = 8
GRID_ROWS: Final = 12
GRID_COLUMNS: Final = 12
_CELL_LENGTH: Final = 60
_SHOWN_IMAGES: Final = ("image/svg+xml", "image/png", "image/jpeg")


class Grid(TypedDict):
    """The first rows and columns of a table; the totals say how large it is."""

    columns: list[str]
    rows: list[list[Any]]
    total_rows: int
    total_columns: int


class Image(TypedDict):
    """A picture: `data` is base64 of `media_type`; `text` says what it shows."""

    media_type: str
    data: str
    text: str


def shrink(value: object, *, text_length: int = TEXT_LENGTH, length: int = VALUE_LENGTH) -> Any:
    """Cut a value: long texts, long lists, deep nesting, and in all to about `length` characters."""
    return _Cutter(text_length, length).cut(value, 0)


def cut_text(text: str, limit: int) -> str:
    """Keep the first `limit` characters and say how many are missing."""
    return text if len(text) <= limit else f"{text[:limit]}… ({count(len(text) - limit)} more characters)"


class _Cutter:
    """One walk over one value; `left` is how many characters may still be kept."""

    def __init__(self, text_length: int, length: int) -> None:
        self.text_length, self.left = text_length, length

    def cut(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool | int | float):
            self.left -= 8
            return _number(value)
        if isinstance(value, Mapping):
            return self._tagged(value, depth) if _tag(value) else self._mapping(value, depth)
        if isinstance(value, list | tuple):
            return self._items(value, len(value), depth)
        if isinstance(value, Set):
            return self._items(value, len(value), depth)
        return self._object(value, depth)

    def _text(self, text: str) -> str:
        kept = cut_text(text, max(0, min(self.text_length, self.left)))
        self.left -= len(kept)
        return kept

    def _items(self, values: Iterable[Any], size: int, depth: int) -> list[Any]:
        kept: list[Any] = []
        for value in islice(values, 0 if depth >= DEPTH else ITEMS):
            if self.left <= 0:
                break
            kept.append(self.cut(value, depth + 1))
        return [*kept, f"… ({count(size - len(kept))} more)"] if size > len(kept) else kept

    def _mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in islice(fields.items(), 0 if depth >= DEPTH else ITEMS):
            if self.left <= 0:
                break
            self.left -= len(str(key))
            kept[clip(str(key), self.text_length)] = self.cut(value, depth + 1)
        return {**kept, "…": f"{count(len(fields) - len(kept))} more"} if len(fields) > len(kept) else kept

    def _tagged(self, stored: Mapping[str, Any], depth: int) -> Any:
        """Say what a tagged object of the journal holds, without loading it."""
        tag = _tag(stored)
        content = stored[tag]
        if tag in {"$grid", "$image"}:
            return stored
        if tag == "$object":
            fields = stored.get("fields", {})
            return self._artifact(fields, depth) if str(content).endswith(":Artifact") else self.cut(fields, depth)
        if tag in {"$table", "$json"}:
            return f"({content} in the journal)" if tag == "$table" else "(long value in the journal)"
        if tag in {"$enum", "$scalar"}:
            return self.cut(content[1], depth)
        if tag in {"$bytes", "$bytearray"}:
            return "(bytes in the journal)" if isinstance(content, dict) else _bytes_note(len(content) * 3 // 4)
        return self.cut(content, depth)

    def _object(self, value: Any, depth: int) -> Any:
        if hasattr(value, "media_type") and hasattr(value, "data"):
            names = ("name", "media_type", "data", "text", "alternatives")
            return self._artifact({name: getattr(value, name, None) for name in names}, depth)
        if (grid := _grid(value)) is not None:
            self.left -= 40 * len(grid["rows"]) + 40
            return {"$grid": grid}
        if isinstance(value, bytes | bytearray):
            return _bytes_note(len(value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.cut({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, depth)
        if isinstance(value, Struct):
            return self.cut(asdict(value), depth)
        if hasattr(type(value), "item") and hasattr(value, "dtype") and not getattr(value, "shape", ()):
            return self.cut(value.item(), depth)
        return self._text(str(value))

    def _artifact(self, fields: Mapping[str, Any], depth: int) -> Any:
        """Show a picture as one, and anything else by its words."""
        text = str(fields.get("text") or fields.get("name") or "")
        forms: dict[Any, Any] = {fields.get("media_type"): fields.get("data")}
        forms |= _mapping_or_empty(fields.get("alternatives"))
        for media_type in _SHOWN_IMAGES:
            if encoded := _encoded(forms.get(media_type)):
                return {"$image": Image(media_type=media_type, data=encoded, text=cut_text(text, 500))}
        if (grid := _grid(fields.get("data"))) is not None:
            return {"$grid": grid}
        return self._text(text or str(fields.get("media_type") or "artifact"))


def _tag(value: Mapping[Any, Any]) -> str:
    first = next(iter(value), "")
    return first if isinstance(first, str) and first[:1] == "$" and len(first) > 1 else ""


def _number(value: Any) -> Any:
    """JSON has no infinity; an enumeration or a subclass becomes the plain value it stands for."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _mapping_or_empty(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _encoded(content: Any) -> str:
    """Base64 of a small picture in any of the forms it comes in; empty if it is none or too large."""
    if isinstance(content, Mapping):
        content = content.get("$bytes")
        return content if isinstance(content, str) and len(content) <= IMAGE_BYTES * 4 // 3 else ""
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes | bytearray) and len(content) <= IMAGE_BYTES:
        return base64.b64encode(content).decode()
    return ""


def _bytes_note(size: int) -> str:
    return f"({count(size)} bytes)"


# --- tables --------------------------------------------------------------------------------------------


def _grid(value: Any) -> Grid | None:
    """The corner of a DataFrame, Series or array; None for anything else."""
    if hasattr(value, "to_frame") and hasattr(value, "iloc"):
        size = len(value)
        return _frame_grid(value.iloc[:GRID_ROWS].to_frame(), size)
    if hasattr(value, "iloc") and hasattr(value, "columns"):
        return _frame_grid(value, len(value))
    if hasattr(value, "dtype") and len(getattr(value, "shape", ())) in {1, 2}:
        return _array_grid(value)
    return None


def _frame_grid(frame: Any, size: int) -> Grid:
    corner = frame.iloc[:GRID_ROWS, :GRID_COLUMNS]
    index = ", ".join(str(name) for name in corner.index.names if name is not None)
    rows = [
        [_cell(label), *(_cell(cell) for cell in row)]
        for label, row in zip(corner.index, corner.itertuples(index=False, name=None), strict=True)
    ]
    columns = [index, *(clip(one_line(str(column)), _CELL_LENGTH) for column in corner.columns)]
    return Grid(columns=columns, rows=rows, total_rows=size, total_columns=frame.shape[1])


def _array_grid(array: Any) -> Grid:
    flat = len(array.shape) == 1
    corner = array[:GRID_ROWS] if flat else array[:GRID_ROWS, :GRID_COLUMNS]
    width = 1 if flat else array.shape[1]
    rows = [[place, *(_cell(cell) for cell in ([row] if flat else row))] for place, row in enumerate(corner.tolist())]
    columns = ["", *(str(place) for place in range(len(rows[0]) - 1))] if rows else [""]
    return Grid(columns=columns, rows=rows, total_rows=array.shape[0], total_columns=width)


def _cell(value: Any) -> Any:
    """A cell as JSON: numbers to four significant digits after the point, everything else as short text."""
    if hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.item()
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else "NaN" if math.isnan(value) else str(value)
    if isinstance(value, tuple):
        return ", ".join(str(_cell(part)) for part in value)
    return clip(one_line(str(value)), _CELL_LENGTH)
