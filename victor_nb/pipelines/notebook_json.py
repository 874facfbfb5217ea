"""Notebooks as JSON: read from a text, and looked at closely enough that everybody else may rely on their shape."""

from __future__ import annotations

import json
from typing import Any

from victor_nb.pipelines.executing.notebook_files import InvalidNotebook


def notebook_of(content: bytes, path: str) -> dict[str, Any]:
    """Return a notebook (nbformat 4); older ones become such.

    Raises:
        InvalidNotebook: it is none; the error says what is wrong with it.
    """
    if not content.strip():
        raise InvalidNotebook("this is no notebook: the file is empty", path, "save it again, or take it out")
    try:
        found = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as failure:
        what = f"this is no notebook: byte {failure.start} is no text in UTF-8"
        raise InvalidNotebook(what, path, "a notebook is JSON (.ipynb)") from failure
    except (ValueError, RecursionError) as failure:
        hint = "a notebook is JSON (.ipynb); restore it from version control, or save it again"
        raise InvalidNotebook(f"this is no notebook: {failure}", path, hint) from failure
    if isinstance(found, dict) and "worksheets" in found:
        found = _upgraded(content.decode("utf-8"), path)
    if wrong := _wrong(found):
        raise InvalidNotebook(f"this is no notebook: {wrong}", path, "save it with Jupyter (nbformat 4)")
    notebook: dict[str, Any] = found
    return notebook


def _upgraded(text: str, path: str) -> Any:
    from victor_nb.pipelines.kernels import defer_grammars

    defer_grammars()
    import nbformat

    try:
        return nbformat.reads(text, as_version=4)
    except Exception as failure:  # it falls over whatever is not as it expects
        what = f"this notebook of an old format cannot be read: {failure}"
        raise InvalidNotebook(what, path, "open it in JupyterLab and save it again") from failure


def _wrong(found: Any) -> str:
    """Say what keeps JSON from being a notebook; empty if nothing does."""
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        return "it has no cells"
    metadata = found.get("metadata", {})
    if not isinstance(metadata, dict) or not isinstance(metadata.get("kernelspec", {}), dict):
        return "its metadata is no object"
    for number, cell in enumerate(found["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            return f"cell {number} is none"
        source = cell.get("source")
        if not isinstance(source, str) and not (
            isinstance(source, list) and all(isinstance(one, str) for one in source)
        ):
            return f"cell {number} has no source"
        if not isinstance(cell.get("metadata", {}), dict):
            return f"the metadata of cell {number} is no object"
    return ""
