"""Notebooks as pieces: each cell is cut by the syntax of its language, and its lines count from its own beginning.

Outputs are left out: they are what the code said once, and can be as long as they like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from victor_nb.retrieval.sources.documents import Kind, Piece, mended, pieces_of

_LANGUAGES: Final = {"%%sql": "sql", "%%javascript": "javascript", "%%js": "javascript", "%%markdown": "markdown"}


class NoNotebook(ValueError):
    """The text is not that of a notebook."""


def pieces_of_notebook(text: str) -> tuple[str, tuple[Piece, ...]]:
    """Return the language of a notebook and the pieces of its cells. Raises: NoNotebook."""
    try:
        whole = json.loads(text)
        cells = list(_cells(whole))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as problem:
        raise NoNotebook(str(problem)) from problem
    language = _language(whole)
    pieces: list[Piece] = []
    for number, (kind, source) in enumerate(cells, start=1):
        spoken, sort = _spoken(kind, source, language)
        pieces += pieces_of(mended(source), spoken, sort, cell=number)
    return language, tuple(pieces)


def _cells(whole: dict[str, Any]) -> Iterator[tuple[str, str]]:
    # Format 3 has its cells in worksheets, and calls the source of code its input.
    cells = whole["cells"] if "cells" in whole else [cell for sheet in whole["worksheets"] for cell in sheet["cells"]]
    for cell in cells:
        source = cell.get("source", cell.get("input", ""))
        yield str(cell.get("cell_type", "")), source if isinstance(source, str) else "".join(source)


def _language(whole: dict[str, Any]) -> str:
    metadata = whole.get("metadata") or {}
    for name, part in (("language_info", "name"), ("kernelspec", "language")):
        found = (metadata.get(name) or {}).get(part)
        if isinstance(found, str) and found:
            return found.lower()
    return "python"


def _spoken(kind: str, source: str, language: str) -> tuple[str, Kind]:
    if kind != "code":
        return "markdown", "text"
    magic = source.split(maxsplit=1)[0] if source.strip() else ""
    spoken = _LANGUAGES.get(magic, language)
    return spoken, "text" if spoken == "markdown" else "code"
