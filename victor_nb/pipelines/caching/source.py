"""The code of a notebook as it counts for its results: two notebooks with the same text here do the same.

1. What counts: the code of the cells in their order, docstrings and type annotations (code can read both), magics,
   commands and cells in other languages as text, and the tags that change what a run does.
2. What does not: Markdown, comments, blank lines, quotes, line breaks, a semicolon at the end, outputs, execution
   counts, ids, other metadata and tags, and cells without code.
3. A cell that Python cannot read counts as the text that it is: better run once too often than not.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from victor_nb.pipelines.parameters.cell_syntax import code_cells, is_python, parsed, source_of, tags_of

DECISIVE_TAGS: Final = ("injected-parameters", "parameters", "raises-exception", "skip-execution")
"""Where values are set, what may fail, and what is passed over: the tags that papermill and nbclient act on."""

_CELL: Final = "# %%"


def normalised(notebook: Mapping[str, object]) -> str:
    """Return the code of a notebook, as nbformat or JSON gives it, without what does not count."""
    reads = normalised_cell if is_python(notebook) else _as_text
    parts = []
    for _, cell in code_cells(notebook):
        if code := reads(source_of(cell)):
            tags = tags_of(cell)
            parts.append(f"{_CELL}{''.join(f' {tag}' for tag in DECISIVE_TAGS if tag in tags)}\n{code}")
    return "\n".join(parts)


def normalised_cell(text: str) -> str:
    """Return a Python cell's code without what does not count; normalising twice changes nothing."""
    module = parsed(text)
    if module is None:
        bare = _as_text(text)
        return bare if bare == text else normalised_cell(bare)  # what Python minded may have been a blank at an end
    try:
        return ast.unparse(module)
    except (ValueError, RecursionError):  # older Pythons cannot write some nested f-strings
        return _as_text(text)


def code_hash(notebook: Mapping[str, object]) -> str:
    """Return 32 hex digits that stand for the code that counts."""
    return text_hash(normalised(notebook))


def text_hash(text: str) -> str:
    """Return 32 hex digits of BLAKE2b over a text, which may hold half a surrogate pair."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _as_text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
