"""Conditions in words, turned into the expressions that the tools understand.

"alcohol above 13 and color is red" becomes `alcohol > 13 and color == 'red'`. What cannot be read is not guessed:
the answer is None, and the planner looks for another way.
"""

from __future__ import annotations

import re
from typing import Final

from victor_nb.models.offline.variables import Variable
from victor_nb.models.offline.words import folded, mentions, stems

_OR_EQUAL: Final = (
    (
        re.compile(r"\b(?:is\s+)?(?:greater|more|higher|larger|bigger)\s+than\s+or\s+equal(?:\s+to)?", re.IGNORECASE),
        ">=",
    ),
    (re.compile(r"\b(?:is\s+)?(?:less|lower|smaller|fewer)\s+than\s+or\s+equal(?:\s+to)?", re.IGNORECASE), "<="),
)
_COMPARISONS: Final = [
    (r"(?:is\s+)?at\s+least|no\s+less\s+than|>=|≥", ">="),
    (r"(?:is\s+)?at\s+most|no\s+more\s+than|<=|≤", "<="),
    (r"is\s+not\s+equal\s+to|does\s+not\s+equal|is\s+not|isn't|not\s+equal\s+to|differs\s+from|!=|<>|≠", "!="),
    (
        r"(?:is\s+|are\s+)?(?:greater|more|higher|larger|bigger|older)\s+than|(?:is\s+|are\s+)?(?:above|over)|exceeds?|>",
        ">",
    ),
    (r"(?:is\s+|are\s+)?(?:less|lower|smaller|fewer|younger)\s+than|(?:is\s+|are\s+)?(?:below|under)|<", "<"),
    (r"contains?|includes?|including", "contains"),
    (r"(?:is\s+)?equals?(?:\s+to)?|is\s+exactly|==|=|is|are|was", "=="),
]
_NUMBER: Final = r"[-+]?\d[\d_,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_VALUE: Final = rf"(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<number>{_NUMBER})(?![\w.])|(?P<word>[^\s,;?.!]+))"
_BETWEEN: Final = re.compile(rf"^\s*(?:is\s+|are\s+)?between\s+({_NUMBER})\s+and\s+({_NUMBER})", re.IGNORECASE)
_MISSING: Final = re.compile(r"^\s*(?:is|are)\s+(?P<no>not\s+)?(?:missing|null|nan|empty)\b", re.IGNORECASE)
_JOIN: Final = re.compile(r"\s+(and|or)\s+|\s*(&&|\|\|)\s*", re.IGNORECASE)


def expression_in(text: str, table: Variable) -> str | None:
    """Return the condition that a text states about a table; None if it states none that we can read."""
    for words, operator in _OR_EQUAL:  # or the text would be cut at this "or"
        text = words.sub(operator, text)
    # "between 1 and 2" must not be cut at its "and", so its numbers are joined before the cut and read after it.
    guarded = re.sub(rf"(between\s+{_NUMBER})\s+and\s+({_NUMBER})", "\\1\u0000\\2", text, flags=re.IGNORECASE)
    pieces = [piece for piece in _JOIN.split(guarded) if piece is not None]
    parts: list[str] = []
    column: str | None = None
    joined_by = ""
    for piece in (piece.replace("\u0000", " and ") for piece in pieces):
        if piece.lower() in ("and", "or", "&&", "||"):
            joined_by = {"&&": "and", "||": "or"}.get(piece, piece.lower())
            continue
        found = _single(piece, table, column)
        if found is None:
            continue
        column, condition = found
        parts += [joined_by, condition] if parts else [condition]
    return " ".join(parts) or None


def _single(text: str, table: Variable, column_before: str | None) -> tuple[str, str] | None:
    """Read one comparison; a piece without a column ("or below 3") goes on about the one before."""
    for column, rest in _columns_with_rest(text, table):
        condition = _comparison(column, rest, table)
        if condition is not None:
            return column, condition
    if column_before is not None and (condition := _comparison(column_before, text, table)) is not None:
        return column_before, condition
    return _known_value(text, table)


def _columns_with_rest(text: str, table: Variable) -> list[tuple[str, str]]:
    """Each column that the text names, with what follows it there."""
    ends = [match.end() for match in re.finditer(r"[^\W_]+", text)]
    return [
        (mention.name, text[ends[mention.end - 1] :].lstrip("`'\" "))
        for mention in mentions(table.columns, text)
        if mention.end <= len(ends)
    ]


def _comparison(column: str, rest: str, table: Variable) -> str | None:
    name = _written(column)
    if (missing := _MISSING.match(rest)) is not None:
        return f"not isna({name})" if missing["no"] else f"isna({name})"
    if (between := _BETWEEN.match(rest)) is not None:
        low, high = (number.replace(",", "").replace("_", "") for number in between.groups())
        return f"{name} >= {low} and {name} <= {high}"
    for words, operator in _COMPARISONS:
        match = re.match(rf"^\s*(?:{words})\s*{_VALUE}", rest, re.IGNORECASE)
        if match is None:
            continue
        value = _value(match, column, table, operator)
        return None if value is None else f"{name} {operator} {value}"
    return None


def _value(match: re.Match[str], column: str, table: Variable, operator: str) -> str | None:
    if match["number"] is not None and (table.is_numeric(column) or operator not in ("contains", "==", "!=")):
        return match["number"].replace(",", "").replace("_", "")
    text = next((match[group] for group in ("single", "double", "word", "number") if match[group] is not None), "")
    if table.is_numeric(column):
        return None
    known = {folded(value): value for value in table.values.get(column, ())}
    if match["word"] is not None and operator != "contains":
        text = known.get(folded(text), text)
    return repr(text)


def _known_value(text: str, table: Variable) -> tuple[str, str] | None:
    """A piece that only names a value ("how many are setosa") speaks of the column that holds it."""
    for column, values in table.values.items():
        for mention in mentions(values, text):
            if stems(mention.name):
                return column, f"{_written(column)} == {mention.name!r}"
    return None


def _written(column: str) -> str:
    return (
        column
        if column.isidentifier() and column not in ("and", "or", "not", "in", "contains", "isna")
        else f"`{column}`"
    )
