"""Structured output from what the tools said: fields are matched by name, and nothing is made up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from victor_nb.models.offline.words import likeness, stems

_NUMBER_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
}


def fill(schema: dict[str, Any], texts: Sequence[str], answer: str) -> dict[str, Any] | None:
    """Return a value for an object schema; None where a required field has no source.

    Args:
        texts: what the tools said: JSON, or tables in Markdown.
        answer: the whole answer, for fields that ask for it ("summary", "text", "answer").
    """
    facts = [fact for text in texts for fact in _facts(text)]
    required = set(schema.get("required", ()))
    filled: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        value = _value(name, field, facts, answer, schema.get("$defs", {}))
        if value is not None:
            filled[name] = value
        elif name in required:
            return None
    return filled


def _facts(text: str) -> Iterator[tuple[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        yield from _rows(text)
        return
    if isinstance(found, dict):
        yield from found.items()


def _rows(text: str) -> Iterator[tuple[str, Any]]:
    """Cells of a Markdown table: by column, and by the row's first cell together with the column."""
    lines = [line.strip().strip("|") for line in text.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if not re.fullmatch(r"[\s:|-]+", line)]
    if len(cells) < 2:
        return
    header, *body = cells
    for row in body:
        for column, cell in zip(header[1:], row[1:], strict=False):
            yield f"{row[0]} {column}", _number(cell)
    for place, column in enumerate(header):
        yield column, [_number(row[place]) for row in body if place < len(row)]


def _number(cell: str) -> Any:
    for kind in (int, float):
        try:
            return kind(cell.replace(",", ""))
        except ValueError:
            continue
    return cell


def _value(name: str, field: dict[str, Any], facts: list[tuple[str, Any]], answer: str, defs: dict[str, Any]) -> Any:
    if "$ref" in field:
        field = {**defs.get(field["$ref"].rpartition("/")[2], {}), **field}
    sought = stems(f"{name} {field.get('description', '')}")
    ranked = sorted(facts, key=lambda fact: -likeness(sought, stems(fact[0])))
    for key, value in ranked:
        if likeness(stems(name), stems(key)) == 0:
            break
        if _accepts(field, value):
            return value
    if field.get("type") == "string" and set(stems(name)) & {
        "summary",
        "answer",
        "text",
        "finding",
        "report",
        "conclusion",
    }:
        return answer
    return None


def _accepts(field: dict[str, Any], value: Any) -> bool:
    if "anyOf" in field:
        return any(_accepts(one, value) for one in field["anyOf"])
    kind = field.get("type")
    if kind == "array":
        return isinstance(value, list) and all(_accepts(field.get("items", {}), one) for one in value)
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return kind is None or isinstance(value, _NUMBER_TYPES.get(kind, ()))
