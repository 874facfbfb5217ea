"""A code cell as Python's syntax, with what IPython adds to the language written as the calls that it stands for.

1. Text that is Python stays untouched: a line is only taken for a magic or a command where Python cannot read it.
2. Lines keep their numbers, so that places in errors are those that a person sees.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final

from victor_nb.pipelines.kernels.static_imports import PYTHON_CELL_MAGICS

_CELL_MAGIC: Final = re.compile(r"\A\s*%%(\w+)([^\n]*)\n?")
_ASSIGNED: Final = re.compile(r"^(\s*)([^=!%?]*[^=!%?<>\s]\s*=\s*)([%!])(?!=)(.*)$", re.DOTALL)
_COMMAND: Final = re.compile(r"^(\s*)(%%?|!!?)(?!=)(.*)$", re.DOTALL)
_QUESTION: Final = re.compile(r"^(\s*)(\?{0,2})([%\w.*]+)(\?{0,2})\s*$")
_SHELL: Final = "get_ipython()"


def parsed(text: str) -> ast.Module | None:
    """Return a cell's syntax; None for one that is no Python, or a cell magic's in another language."""
    magic = _CELL_MAGIC.match(text)
    if magic is not None:
        if magic[1] not in PYTHON_CELL_MAGICS:
            return None
        text = f"{_SHELL}.run_cell_magic({magic[1]!r}, {magic[2].strip()!r}, '')\n{text[magic.end() :]}"
    lines = text.split("\n")
    for _ in range(len(lines) + 1):
        try:
            return ast.parse("\n".join(lines))
        except SyntaxError as problem:
            if problem.lineno is None or not _replaces_line(lines, min(problem.lineno, len(lines)) - 1):
                return None
        except (ValueError, RecursionError, MemoryError):  # a NUL byte; brackets nested by the thousand
            return None
    return None


def source_of(cell: Mapping[str, object]) -> str:
    """Return a cell's text, which JSON may have as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source if isinstance(source, list) else ())


def tags_of(cell: Mapping[str, object]) -> frozenset[str]:
    """Return a cell's tags."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


def code_cells(notebook: Mapping[str, object]) -> list[tuple[int, Mapping[str, object]]]:
    """Return the code cells of a notebook with their places among all its cells, counted from 0."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        return []
    return [(place, cell) for place, cell in enumerate(cells) if cell.get("cell_type") == "code"]


def language_of(notebook: Mapping[str, object]) -> str:
    """Return the language of a notebook's kernel as the notebook writes it; "python" where it says nothing."""
    metadata = notebook.get("metadata")
    said = metadata if isinstance(metadata, Mapping) else {}
    for part, name in (("kernelspec", "language"), ("language_info", "name")):
        inside = said.get(part)
        if isinstance(inside, Mapping) and isinstance(language := inside.get(name), str) and language:
            return language
    return "python"


def is_python(notebook: Mapping[str, object]) -> bool:
    """Whether a notebook's cells are Python."""
    return language_of(notebook).lower() in ("python", "python3", "ipython")


def _replaces_line(lines: list[str], place: int) -> bool:
    """Write the magic or command that begins at a line as a call; False if none does."""
    end = place
    while lines[end].rstrip().endswith("\\") and end + 1 < len(lines):
        end += 1
    whole = "\n".join(lines[place : end + 1])
    if (call := _as_call(whole)) is None:
        return False
    lines[place : end + 1] = [call, *[""] * (end - place)]
    return True


def _as_call(line: str) -> str | None:
    if found := _ASSIGNED.match(line):
        indent, target, sign, rest = found.groups()
        return indent + target + (_magic_call(rest) if sign == "%" else f"{_SHELL}.getoutput({rest.strip()!r})")
    if found := _COMMAND.match(line):
        indent, sign, rest = found.groups()
        return indent + (_magic_call(rest) if sign[0] == "%" else f"{_SHELL}.system({rest.strip()!r})")
    if (found := _QUESTION.match(line)) and (found[2] or found[4]):
        return f"{found[1]}{_SHELL}.run_line_magic('pinfo', {found[3]!r})"
    return None


def _magic_call(rest: str) -> str:
    name, _, arguments = rest.strip().partition(" ")
    return f"{_SHELL}.run_line_magic({name!r}, {arguments.strip()!r})"
