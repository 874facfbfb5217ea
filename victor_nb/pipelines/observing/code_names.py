"""What code names without being run: modules that it imports, files, notebooks that it runs."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Final

from victor_nb.pipelines.parameters.cell_syntax import code_cells, parsed, source_of

_LONGEST_PATH: Final = 1024
_QUOTED: Final = re.compile(r"""(?<=['"])[^'"\n]+(?=['"])""")  # in a query: read_parquet('data/wine.parquet')


def imported_modules(code: Mapping[str, Any] | str) -> frozenset[str]:
    """Return every part of the dotted names that a notebook, or the Python file of a path, imports anywhere."""
    found: set[str] = set()
    for module in _syntax(code):
        for node in ast.walk(module):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.update(alias.name.split("."))
            elif isinstance(node, ast.ImportFrom):
                found.update((node.module or "").split("."), (alias.name for alias in node.names))
    return frozenset(found - {"", "*"})


def named_files(notebook: Mapping[str, Any], values: Mapping[str, object]) -> tuple[str, ...]:
    """Return the texts in a notebook's code and in its values that could be paths of files."""
    found: dict[str, None] = {}
    for module in _syntax(notebook):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(dict.fromkeys([node.value, *_QUOTED.findall(node.value)]))
    found.update(dict.fromkeys(_texts(list(values.values()))))
    return tuple(text for text in found if _could_be_a_path(text))


def run_notebooks(notebook: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the notebooks that a notebook runs by `%run`."""
    texts = (
        node.args[1].value
        for module in _syntax(notebook)
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_line_magic"
        and len(node.args) == 2
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == "run"
        and isinstance(node.args[1], ast.Constant)
    )
    words = (word.strip("'\"") for text in texts for word in str(text).split())
    return frozenset(os.path.basename(word) for word in words if word.endswith(".ipynb"))


def _syntax(code: Mapping[str, Any] | str) -> Iterator[ast.Module]:
    if isinstance(code, str):
        try:
            yield ast.parse(Path(code).read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            return
    else:
        for _, cell in code_cells(code):
            if (module := parsed(source_of(cell))) is not None:
                yield module


def _texts(values: list[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str | PurePath):
            yield str(value)
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _texts(list(value))
        elif isinstance(value, dict):
            yield from _texts(list(value.values()))


def _could_be_a_path(text: str) -> bool:
    is_short = 0 < len(text) <= _LONGEST_PATH and "\n" not in text and "\0" not in text
    return is_short and ("." in text or "/" in text or os.sep in text)
