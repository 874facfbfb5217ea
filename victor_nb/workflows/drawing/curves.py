"""Routes as SVG paths: rounded corners, curves between layers, and the arrow's head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from victor_nb.workflows.drawing.geometry import Point, Route

_RADIUS: Final = 9.0
_HEAD_LENGTH: Final = 7.0
_HEAD_HALF: Final = 3.8


def curve(route: Route) -> str:
    """The way of an edge, up to where its head begins."""
    points = list(route.points)
    if route.has_head:
        points[-1] = _before(points, _HEAD_LENGTH - 1)
    return f"M{_written(points[0])}" + "".join(_stretch(points, at) for at in range(1, len(points)))


def head(route: Route) -> str:
    """The triangle at the target; empty for an edge that only joins another."""
    if not route.has_head:
        return ""
    tip, base = route.points[-1], _before(route.points, _HEAD_LENGTH)
    across = Point((tip.y - base.y) / _HEAD_LENGTH * _HEAD_HALF, (base.x - tip.x) / _HEAD_LENGTH * _HEAD_HALF)
    corners = [Point(base.x + across.x, base.y + across.y), Point(base.x - across.x, base.y - across.y)]
    return f"M{_written(tip)}L{_written(corners[0])}L{_written(corners[1])}Z"


def _stretch(points: Sequence[Point], at: int) -> str:
    start, end = points[at - 1], points[at]
    if start.x != end.x and start.y != end.y:
        middle = (start.y + end.y) / 2
        return f"C{_written(Point(start.x, middle))} {_written(Point(end.x, middle))} {_written(end)}"
    if at + 1 < len(points) and _is_corner(start, end, points[at + 1]):
        turn = min(_RADIUS, _length(start, end) / 2, _length(end, points[at + 1]) / 2)
        before, after = _towards(end, start, turn), _towards(end, points[at + 1], turn)
        return f"L{_written(before)}Q{_written(end)} {_written(after)}"
    return f"L{_written(end)}"


def _is_corner(start: Point, turn: Point, end: Point) -> bool:
    """Whether a level stretch meets an upright one."""
    return (start.x == turn.x and turn.y == end.y) or (start.y == turn.y and turn.x == end.x)


def _before(points: Sequence[Point], distance: float) -> Point:
    """The point so far before the end; between layers an edge arrives upright."""
    last, tip = points[-2], points[-1]
    if last.x != tip.x and last.y != tip.y:
        last = Point(tip.x, last.y)
    return _towards(tip, last, distance)


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = _length(start, end) or 1.0
    return Point(start.x + (end.x - start.x) / length * distance, start.y + (end.y - start.y) / length * distance)


def _length(start: Point, end: Point) -> float:
    return abs(end.x - start.x) + abs(end.y - start.y)  # they are level or upright


def _written(point: Point) -> str:
    return f"{_number(point.x)},{_number(point.y)}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
