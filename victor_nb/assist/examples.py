"""Examples as code that can be run: a docstring's `>>>` lines, a text's fences.

1. What is returned is Python that parses; an example that does not, or that is there to fail, is left out.
2. What is said between two examples stays as comments: it tells what they show.
3. Names that every reader knows (`np`, `pd`, `plt`) and the documented name itself are imported if the code uses them.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import re
import textwrap
from collections.abc import Iterator
from typing import Final

KNOWN: Final = {
    "alt": "import altair as alt",
    "da": "import dask.array as da",
    "dd": "import dask.dataframe as dd",
    "jnp": "import jax.numpy as jnp",
    "mpl": "import matplotlib as mpl",
    "np": "import numpy as np",
    "nx": "import networkx as nx",
    "pa": "import pyarrow as pa",
    "pd": "import pandas as pd",
    "pl": "import polars as pl",
    "plt": "import matplotlib.pyplot as plt",
    "px": "import plotly.express as px",
    "sm": "import statsmodels.api as sm",
    "sns": "import seaborn as sns",
    "tf": "import tensorflow as tf",
    "xr": "import xarray as xr",
}
"""Names by which libraries are imported everywhere, and how."""

_PARSER: Final = doctest.DocTestParser()
_OPTION: Final = re.compile(r"[ \t]*#[ \t]*doctest:.*$", re.MULTILINE)
_PROMPT: Final = re.compile(r"^[ \t]*>>>", re.MULTILINE)
_FENCE: Final = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[^\n`]*?\b(?:i?python3?|py|pycon)\b[^\n]*\n(.*?)^[ \t]*\1", re.MULTILINE | re.DOTALL
)
_UNDERLINE: Final = re.compile(r"^[-=~^*\"'`#+.]{3,}$")
_MOST_COMMENT: Final = 4
"""Lines of prose that are kept between two examples."""


def code_in_docstring(docstring: str, name: str = "") -> str:
    """Return the examples of a docstring as code that can be run; empty if there are none.

    Args:
        name: the documented object's, as it is imported (`sklearn.utils.shuffle`), so that the code can import it.
    """
    if ">>>" not in docstring:
        return ""
    parts = list(_parts(docstring))
    while parts and parts[-1].startswith("#"):
        del parts[-1]
    return with_imports("\n".join(parts).strip("\n"), name)


def code_in_text(text: str) -> str:
    """Return the Python of a Markdown text: its fences, sessions with `>>>` as plain code; empty if there is none."""
    found = [textwrap.dedent(match[2]).strip("\n") for match in _FENCE.finditer(text)]
    plain = [code_in_docstring(each) if _PROMPT.search(each) else each for each in found]
    return "\n\n".join(each for each in plain if each and _parses(each))


def with_imports(code: str, name: str = "") -> str:
    """Put the imports of well-known names, and of a documented name, before code that uses them undefined."""
    tree = _tree(code)
    if not code or tree is None:
        return code
    missing = _used(tree) - _defined(tree) - set(dir(builtins))
    lines = [KNOWN[each] for each in sorted(missing & KNOWN.keys())]
    place, last = importable(name)
    if last in missing and place:
        lines.append(f"from {place} import {last}")
    elif (top := name.partition(".")[0]) in missing - KNOWN.keys():
        lines.append(f"import {top}")
    return "\n".join([*lines, "", code]) if lines else code


def importable(name: str) -> tuple[str, str]:
    """Return the module and the name in it that have to be imported to use a dotted name: of a method, its class."""
    parts = name.split(".")
    last = next((place for place, part in enumerate(parts) if place and part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:last]), parts[last]


def _parts(docstring: str) -> Iterator[str]:
    try:
        found = _PARSER.parse(docstring)
    except ValueError:  # prompts that are not aligned: doctest refuses the whole text
        yield from _roughly(docstring)
        return
    is_begun = False
    for part in found:
        if isinstance(part, str):
            if is_begun:
                yield from _comment(part)
        elif part.exc_msg is None and _parses(source := _OPTION.sub("", part.source).rstrip()):
            is_begun = True
            yield source


def _roughly(docstring: str) -> Iterator[str]:
    """Take the lines behind prompts, one statement after the other."""
    statement: list[str] = []
    for line in [*docstring.splitlines(), ""]:
        bare = line.strip()
        if bare.startswith("...") and statement:
            statement.append(bare[4:])
            continue
        if statement and _parses(source := _OPTION.sub("", "\n".join(statement)).rstrip()):
            yield source
        statement = [bare[4:]] if bare.startswith(">>>") else []


def _comment(prose: str) -> Iterator[str]:
    """A short remark as comments, after a blank line; headings and long explanations say nothing about the code."""
    lines = [line.strip() for line in prose.strip().splitlines()]
    headings = {place - 1 for place, line in enumerate(lines) if _UNDERLINE.match(line)}
    if headings:
        lines = lines[: min(headings)]
    said = [line for line in lines if line]
    if prose.strip() or "\n\n" in prose:
        yield ""
    if len(said) <= _MOST_COMMENT:
        yield from (f"# {line}" for line in said)


def _parses(code: str) -> bool:
    return _tree(code) is not None


def _tree(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _defined(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((each.asname or each.name).partition(".")[0] for each in node.names)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found
