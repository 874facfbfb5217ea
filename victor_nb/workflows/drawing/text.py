"""A layout as characters, for terminals, logs and pages that show nothing else.

1. The layout must have been made with `TextStyle`: its unit is a cell.
2. Lines are collected as directions in each cell, and become characters at the end: crossings and corners come out
   right whatever was drawn first.
3. Conditional edges are dashed. With `ascii` nothing but ASCII is used, names aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from victor_nb.workflows.drawing.geometry import Box, Layout, Point, Route
from victor_nb.workflows.drawing.lettering import cells, clipped
from victor_nb.workflows.drawing.text_style import LABEL_CELLS, Way, caption, rows_used, tracks

_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_LINES: Final = " │─└││┌├─┘─┴┐┤┬┼"
_DASHED: Final = {_NORTH | _SOUTH: "┆", _EAST | _WEST: "┄", _NORTH: "┆", _SOUTH: "┆", _EAST: "┄", _WEST: "┄"}
_ASCII: Final = str.maketrans("└│┌├┘─┴┐┤┬┼┆┄▼◄►·…✓✗▸", "+|+++-+++++:.v<>-~+x>")
_HEADS: Final = {"down": "▼", "left": "◄", "right": "►"}


def to_text(layout: Layout, *, ascii: bool = False) -> str:
    """Draw a layout; no line ends with a space, and the last one with no newline."""
    paper = _Paper()
    for box in layout.boxes:
        _outline(paper, box)
    rows = _rows(layout)
    for route in layout.routes:
        _line(paper, route, rows)
    for box in layout.boxes:
        _caption(paper, box)
    for route in layout.routes:
        _label(paper, route)
        _head(paper, route)
    return paper.text(ascii=ascii)


@dataclass(slots=True)
class _Paper:
    """Cells with lines in them, and letters that hide lines."""

    lines: dict[Way, int] = field(default_factory=dict)
    solid: set[Way] = field(default_factory=set)
    letters: dict[Way, str] = field(default_factory=dict)
    reached: dict[tuple[int, int, bool, bool], int] = field(default_factory=dict)

    def level(self, y: int, start: int, end: int, *, dashed: bool) -> None:
        """Draw a level line of a bundle: only what earlier lines from either of its ends have left to draw."""
        low, high = min(start, end), max(start, end)
        right, left = (low, y, True, dashed), (high, y, False, dashed)
        undrawn = max(low, self.reached.get(right, low)), min(high, self.reached.get(left, high))
        self.reached[right] = max(high, self.reached.get(right, high))
        self.reached[left] = min(low, self.reached.get(left, low))
        if undrawn[0] < undrawn[1]:
            self.stroke(Point(undrawn[0], y), Point(undrawn[1], y), dashed=dashed)

    def stroke(self, start: Point, end: Point, *, dashed: bool) -> None:
        """Draw a level or an upright line."""
        here, there = (int(start.x), int(start.y)), (int(end.x), int(end.y))
        if here == there:
            return
        across = here[1] == there[1]
        forth, back = (_EAST, _WEST) if across else (_SOUTH, _NORTH)
        low, high = min(here, there), max(here, there)
        for at in range(low[not across], high[not across] + 1):
            cell = (at, here[1]) if across else (here[0], at)
            directions = (forth if cell != high else 0) | (back if cell != low else 0)
            self.lines[cell] = self.lines.get(cell, 0) | directions
            if not dashed:
                self.solid.add(cell)

    def write(self, x: int, y: int, words: str) -> None:
        """Write over whatever is there; wide characters take two cells, and marks none."""
        for letter in words:
            width = cells(letter)
            if width:
                self.letters[x, y] = letter
            else:
                self.letters[x - 1, y] = self.letters.get((x - 1, y), "") + letter
            if width == 2:
                self.letters[x + 1, y] = ""
            x += width

    def text(self, *, ascii: bool) -> str:
        """Everything that was drawn, row by row."""
        rows: dict[int, dict[int, str]] = {}
        for cell in self.lines.keys() | self.letters.keys():
            rows.setdefault(cell[1], {})[cell[0]] = self._shown(cell, ascii=ascii)
        return "\n".join(_joined(rows.get(y, {})) for y in range(max(rows, default=-1) + 1))

    def _shown(self, cell: Way, *, ascii: bool) -> str:
        written = self.letters.get(cell)
        if written is not None:
            return written.translate(_ASCII) if ascii else written
        directions = self.lines[cell]
        drawn = _LINES[directions]
        if cell not in self.solid:
            drawn = _DASHED.get(directions, drawn)
        return drawn.translate(_ASCII) if ascii else drawn


def _joined(row: Mapping[int, str]) -> str:
    parts, at = [], 0
    for x in sorted(row):
        parts.append(" " * (x - at) + row[x])
        at = x + 1
    return "".join(parts).rstrip()


def _outline(paper: _Paper, box: Box) -> None:
    if box.kind in ("start", "end") and not box.is_frame:
        return
    right, bottom = box.x + box.width - 1, box.y + box.height - 1
    corners = [
        Point(box.x, box.y),
        Point(right, box.y),
        Point(right, bottom),
        Point(box.x, bottom),
        Point(box.x, box.y),
    ]
    for start, end in pairwise(corners):
        paper.stroke(start, end, dashed=False)


def _caption(paper: _Paper, box: Box) -> None:
    x, y = int(box.x), int(box.y)
    if box.is_frame:
        paper.write(x + 2, y, f" {caption(box.label, box.kind)} ")
    elif box.kind in ("start", "end"):
        paper.write(x, y, f"( {box.kind} )")
    else:
        paper.write(x + 2, y + 1, caption(box.label, box.kind))


@dataclass(slots=True)
class _Gap:
    """The space between two layers, from its first row on: its height, and the rows of the ways across it."""

    height: int
    places: dict[Way, int]

    @property
    def first(self) -> int:
        """The row of the first way across, below the one for labels."""
        return (self.height - 1 - rows_used(self.places)) // 2


def _rows(layout: Layout) -> dict[tuple[str, int], _Gap]:
    """Every gap that edges cross, by the drawing it is in and its first row; the same as `TextStyle` made room for."""
    ways: dict[tuple[str, int], set[Way]] = {}
    heights: dict[tuple[str, int], int] = {}
    for route in layout.routes:
        for one, other in pairwise(route.points):
            if _is_across(one, other):
                key, way = _crossing(route, one, other)
                ways.setdefault(key, set()).add(way)
                heights[key] = int(abs(one.y - other.y))
    return {key: _Gap(heights[key], tracks(found)) for key, found in ways.items()}


def _is_across(one: Point, other: Point) -> bool:
    return one.x != other.x and one.y != other.y


def _crossing(route: Route, one: Point, other: Point) -> tuple[tuple[str, int], Way]:
    """The gap that a part of a route crosses, and the columns in which it does."""
    top, bottom = (one, other) if one.y < other.y else (other, one)
    return (route.source.rpartition("/")[0], int(top.y)), (int(top.x), int(bottom.x))


def _line(paper: _Paper, route: Route, rows: Mapping[tuple[str, int], _Gap]) -> None:
    for one, other in pairwise(_corners(route, rows)):
        if one.y == other.y:
            paper.level(int(one.y), int(one.x), int(other.x), dashed=route.is_conditional)
        else:
            paper.stroke(one, other, dashed=route.is_conditional)


def _corners(route: Route, rows: Mapping[tuple[str, int], _Gap]) -> list[Point]:
    """The way in level and upright parts, from the border where it begins to just before where it ends."""
    found = [route.points[0]]
    for one, other in pairwise(route.points):
        if _is_across(one, other):
            key, way = _crossing(route, one, other)
            row = key[1] + rows[key].first + rows[key].places[way]
            found += [Point(one.x, row), Point(other.x, row)]
        found.append(other)
    if route.source == route.target:
        found[0] = _stepped(found[0], found[1])
    elif not route.is_back:
        found[0] = Point(found[0].x, found[0].y - 1)
    if route.has_head:
        found[-1] = _stepped(found[-1], found[-2])
    return found


def _stepped(point: Point, towards: Point) -> Point:
    """One cell away, so that a border stays whole."""
    if point.y == towards.y:
        return Point(point.x + (1 if towards.x > point.x else -1), point.y)
    return Point(point.x, point.y + (1 if towards.y > point.y else -1))


def _label(paper: _Paper, route: Route) -> None:
    if route.label_at is None:
        return
    words = clipped(route.label, LABEL_CELLS)
    paper.write(int(route.label_at.x) - cells(words) // 2, int(route.label_at.y), words)


def _head(paper: _Paper, route: Route) -> None:
    if not route.has_head:
        return
    before, tip = route.points[-2], route.points[-1]
    x, y = int(tip.x), int(tip.y)
    if before.y == tip.y:
        paper.write(x + (1 if before.x > tip.x else -1), y, _HEADS["left" if before.x > tip.x else "right"])
    else:
        paper.write(x, y - 1, _HEADS["down"])
