"""A file that was read: plain values that remember where they were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from victor_nb.workflows.yaml_file.places import Place, Spot, lines_of

Key = str | int


@dataclass(slots=True)
class Written:
    """A value and its place; those below it by key or index.

    Attributes:
        value: text, number, boolean, None, list or dict, whole.
        size: how many values it is, itself included, with aliases counted each time.
    """

    value: Any
    spot: Spot
    size: int = 1
    keys: dict[Key, Spot] = field(default_factory=dict)
    below: dict[Key, Written] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A file that was read."""

    file: str
    text: str
    root: Written

    @property
    def value(self) -> Any:
        return self.root.value

    def at(self, path: Sequence[Key]) -> Any:
        """Return the value at `path`, which is there."""
        return self._nearest(tuple(path))[0].value

    def place(self, *path: Key) -> Place:
        """Return where the value at `path` begins; where it is not written, the nearest above it."""
        return self._nearest(path)[0].spot.place(self.file)

    def place_of_key(self, *path: Key) -> Place:
        """Return where the last key of `path` is written; else the place of the value."""
        parent, left = self._nearest(path[:-1])
        if not left and path and path[-1] in parent.keys:
            return parent.keys[path[-1]].place(self.file)
        return self.place(*path)

    def place_of_line(self, number: int, *path: Key) -> Place:
        """Return where line `number`, from 1, of the text at `path` is written."""
        return self._nearest(path)[0].spot.place_of_line(number, self.file, self.lines)

    @cached_property
    def lines(self) -> list[str]:
        return lines_of(self.text)

    def _nearest(self, path: tuple[Key, ...]) -> tuple[Written, tuple[Key, ...]]:
        written = self.root
        for number, key in enumerate(path):
            if key not in written.below:
                return written, path[number:]
            written = written.below[key]
        return written, ()
