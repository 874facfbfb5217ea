"""What an executed notebook shows: its figures, and the parameters that it got. Files that are gone show nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_PICTURES: Final = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture among a notebook's outputs.

    Attributes:
        position: of the cell among those that hold code, from 1.
        data: base64.
        text: in words.
    """

    position: int
    media_type: str
    data: str
    text: str


def read_executed(path: str) -> dict[str, Any]:
    """Return a notebook as JSON; {} if it is gone, or is none any more."""
    try:
        read = json.loads(Path(path).read_text("utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def parameters_in(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a notebook was executed with, as its metadata say."""
    given = ((notebook.get("metadata") or {}).get("papermill") or {}).get("parameters")
    return dict(given) if isinstance(given, Mapping) else {}


def figures_in(notebook: Mapping[str, Any]) -> Iterator[Figure]:
    """The pictures that a notebook shows, in their order."""
    position = 0
    for cell in notebook.get("cells") or ():
        if cell.get("cell_type") != "code":
            continue
        position += 1
        for output in cell.get("outputs") or ():
            data = output.get("data") or {}
            media_type = next((kind for kind in _PICTURES if kind in data), None)
            if media_type is not None:
                text = _joined(data.get("text/plain")) or f"a figure of cell {position}"
                yield Figure(position, media_type, _base64(media_type, _joined(data[media_type])), text)


def _base64(media_type: str, written: str) -> str:
    if media_type == "image/svg+xml":  # an image element runs no script, not even in SVG
        return base64.b64encode(written.encode()).decode()
    return "".join(written.split())


def _joined(text: object) -> str:
    return "".join(text) if isinstance(text, list) else str(text or "")
