"""Categories from YAML: a project's own view of its tools, without touching their code.

    head_rows:
      category: looking
      cost: free
      keywords: [first, top]

A file maps tool names to what it overrides; every error names the file and the line. PyYAML's safe node
graph is read instead of plain values because only nodes know their lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import nearest
from victor_nb.tools.declaring import COSTS, Cost, Tool
from victor_nb.tools.errors import CategoryFileError
from victor_nb.tools.signatures import NAME


@dataclass(frozen=True, slots=True)
class Override:
    """What a categories file says about one tool; None leaves the declaration as it is."""

    where: str
    category: str | None = None
    cost: Cost | None = None
    keywords: tuple[str, ...] | None = None

    def applied_to(self, tool: Tool) -> Tool:
        """Return the tool with what is said here in place of what it said itself."""
        return replace(
            tool,
            category=tool.category if self.category is None else self.category,
            cost=tool.cost if self.cost is None else self.cost,
            keywords=tool.keywords if self.keywords is None else self.keywords,
        )


def load_categories(path: str | Path) -> dict[str, Override]:
    """Read a categories file.

    Raises:
        CategoryFileError: the file is missing, no UTF-8 or no YAML, names a tool twice, or holds a field or
            value that it may not; with file and line.
    """
    import yaml

    file = Path(path)
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CategoryFileError(f"cannot read the categories: {unreadable}", str(file)) from unreadable
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        problem = getattr(broken, "problem", None) or str(broken)
        raise CategoryFileError(f"this is not YAML: {problem}", _at(file, mark)) from broken
    if root is None:
        return {}
    overrides: dict[str, Override] = {}
    for name, node, where in _pairs(root, file, "the file"):
        if name in overrides:
            raise CategoryFileError(f"tool {name!r} is there twice", where, f"first at {overrides[name].where}")
        if not NAME.fullmatch(name):
            raise CategoryFileError(f"{name!r} cannot be a tool's name", where)
        overrides[name] = _override(node, file, where, name)
    return overrides


def _override(node: Any, file: Path, where: str, tool: str) -> Override:
    fields: dict[str, Any] = {}
    for name, value, place in _pairs(node, file, f"tool {tool!r}"):
        if name not in _READERS:
            raise CategoryFileError(
                f"unknown field {name!r} of tool {tool!r}.{nearest(name, _READERS)}",
                place,
                f"fields: {', '.join(_READERS)}",
            )
        fields[name] = _READERS[name](value, place)
    return Override(where=where, **fields)


def _pairs(node: Any, file: Path, what: str) -> Iterator[tuple[str, Any, str]]:
    """Yield key, value node and place of each entry of a mapping node."""
    if node.id != "mapping":
        raise CategoryFileError(f"{what} must be a mapping of names to values", _at(file, node.start_mark), _EXAMPLE)
    for key, value in node.value:
        yield str(key.value), value, _at(file, key.start_mark)


def _text(node: Any, where: str) -> str:
    if node.id != "scalar" or not str(node.value).strip():
        raise CategoryFileError("a word is expected here", where, _EXAMPLE)
    return str(node.value).strip()


def _cost(node: Any, where: str) -> str:
    cost = _text(node, where)
    if cost not in COSTS:
        raise CategoryFileError(f"unknown cost {cost!r}.{nearest(cost, COSTS)}", where, f"costs: {', '.join(COSTS)}")
    return cost


def _words(node: Any, where: str) -> tuple[str, ...]:
    if node.id != "sequence":
        raise CategoryFileError("a list of words is expected here", where, "keywords: [first, top]")
    return tuple(_text(item, where) for item in node.value)


_EXAMPLE: Final = "head_rows: {category: looking, cost: free, keywords: [first]}"
_READERS: Final[dict[str, Callable[[Any, str], object]]] = {
    "category": _text,
    "cost": _cost,
    "keywords": _words,
}


def _at(file: Path, mark: Any) -> str:
    return f"{file}:{mark.line + 1}" if mark is not None else str(file)
