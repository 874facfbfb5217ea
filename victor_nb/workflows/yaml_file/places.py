"""Places in a file: where a value, a key or a line of a text is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Place:
    """A file, a line and a column, both counted from 1; columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value begins: line and column from 0, and whether it is a block (`|`, `>`) that begins a line below."""

    line: int
    column: int
    is_block: bool = False

    @classmethod
    def of(cls, event: Any) -> Self:
        """Return the spot of a parser's event."""
        return cls(event.start_mark.line, event.start_mark.column, getattr(event, "style", None) in ("|", ">"))

    def place(self, file: str) -> Place:
        return Place(file, self.line + 1, self.column + 1)

    def place_of_line(self, number: int, file: str, lines: list[str]) -> Place:
        """Return where line `number`, from 1, of a text is written; for the first of an inline text its beginning."""
        line = self.line + number - (0 if self.is_block else 1)
        if line == self.line or line >= len(lines):
            return self.place(file)
        return Place(file, line + 1, len(lines[line]) - len(lines[line].lstrip()) + 1)


def lines_of(text: str) -> list[str]:
    """Split as YAML does: at line feeds and carriage returns, not at the other breaks of `str.splitlines`."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
