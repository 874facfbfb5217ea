"""What the prompt says about the kernel's variables: the `<variables>` block, one JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

_BLOCK: Final = re.compile(r"<variables>\s*(.*?)\s*</variables>", re.DOTALL)
_NUMBERS: Final = ("int", "uint", "float", "Int", "UInt", "Float", "decimal", "double", "complex")


@dataclass(frozen=True)
class Variable:
    """A variable of the kernel as the prompt describes it.

    Attributes:
        columns: type by column, in the table's order; empty for what is no table.
        values: the distinct texts of columns that have only a few.
    """

    name: str
    type: str = ""
    rows: int | None = None
    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        """Whether the variable has columns to ask about."""
        return bool(self.columns)

    def is_numeric(self, column: str) -> bool:
        """Whether the column holds numbers."""
        return self.columns.get(column, "").startswith(_NUMBERS)


def variables_in(text: str) -> list[Variable]:
    """Return the variables that a prompt describes; lines that are not JSON objects are passed over."""
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    return [_variable(facts) for facts in _objects(lines) if isinstance(facts.get("name"), str)]


def without_blocks(text: str) -> str:
    """Return the prompt as the person wrote it."""
    return _BLOCK.sub(" ", text).strip()


def _objects(lines: Iterable[str]) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict):
            found.append(facts)
    return found


def _variable(facts: dict[str, Any]) -> Variable:
    columns, values, rows = facts.get("columns"), facts.get("values"), facts.get("rows")
    return Variable(
        facts["name"],
        str(facts.get("type", "")),
        rows if isinstance(rows, int) else None,
        {str(k): str(v) for k, v in columns.items()} if isinstance(columns, dict) else {},
        {str(k): [str(t) for t in v] for k, v in values.items()} if isinstance(values, dict) else {},
    )
