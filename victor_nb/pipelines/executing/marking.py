"""The marks that papermill leaves in a notebook that did not come to its end: a note on top, and one at the cell.

They carry papermill's tag, so papermill and this package both take them away before the next execution.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from nbformat.v4 import new_markdown_cell
from papermill.execute import ERROR_ANCHOR_MSG, ERROR_MARKER_TAG, ERROR_STYLE

from victor_nb.pipelines.executing.outcomes import Reason

if TYPE_CHECKING:
    from nbformat import NotebookNode

_WORDS: dict[Reason, str] = {
    "error": "An exception was encountered",
    "died": "The kernel died",
    "memory": "The kernel was killed because memory ran out",
    "timeout": "Time ran out",
    "stopped": "The notebook was stopped",
}


def mark(notebook: NotebookNode, index: int, reason: Reason) -> None:
    """Say on top of a notebook, and before the cell, that and why it ended there."""
    count = notebook.cells[index].get("execution_count")
    place = f"In [{count}]" if count else f"cell {index + 1}"
    words = html.escape(_WORDS[reason])
    note = f"<span {ERROR_STYLE}>{words} at '<a href=\"#papermill-error-cell\">{place}</a>'.</span>"
    anchor = ERROR_ANCHOR_MSG if reason == "error" else f'<span id="papermill-error-cell" {ERROR_STYLE}>{words}:</span>'
    notebook.cells.insert(index, _cell(anchor))
    notebook.cells.insert(0, _cell(note))


def _cell(text: str) -> NotebookNode:
    cell: NotebookNode = new_markdown_cell(text)
    cell.metadata["tags"] = [ERROR_MARKER_TAG]
    return cell
