"""From left to right: every vertex gets its x, long edges run straight, sources stand over their targets.

The method is Brandes and Köpf, "Fast and simple horizontal coordinate assignment", 2001: vertices are aligned with the
middle one of their neighbours in four ways (from above and below, from the left and the right); each way is packed as
tightly as the order allows; the place is the mean of the two middle ones of the four. Where that gets too wide,
crowding.py places the vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

from victor_nb.workflows.drawing.crowding import swept
from victor_nb.workflows.drawing.layers import Layered

_MOST_SPREAD: Final = 1.7
"""Times the width of the widest layer: beyond that, straight edges have cost too much room."""
Rows = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Extents:
    """The room that each vertex takes to its left and to its right, gaps included."""

    left: list[float]
    right: list[float]


def placed(graph: Layered, rows: Rows, extents: Extents) -> list[float]:
    """Return the x of each vertex's middle; the leftmost extent begins at 0 or to the right of it."""
    if not graph.layer:
        return []
    forbidden = _conflicts(graph, rows)
    ways = [
        _one_way(graph, rows, extents, forbidden, up=up, left=left) for up, left in product((True, False), repeat=2)
    ]
    widths = [_span(way, extents) for way in ways]
    low, high = min(widths, key=lambda span: span[1] - span[0])
    for at, way in enumerate(ways):
        shift = low - widths[at][0] if at % 2 == 0 else high - widths[at][1]
        ways[at] = [x + shift for x in way]
    middle = [(two[1] + two[2]) / 2 for two in (sorted(four) for four in zip(*ways, strict=True))]
    start, end = _span(middle, extents)
    if end - start > _MOST_SPREAD * max(sum(extents.left[at] + extents.right[at] for at in row) for row in rows):
        middle = swept(graph, rows, extents.left, extents.right)
        start = _span(middle, extents)[0]
    return [x - start for x in middle]


def _span(xs: Sequence[float], extents: Extents) -> tuple[float, float]:
    low = min(x - left for x, left in zip(xs, extents.left, strict=True))
    return low, max(x + right for x, right in zip(xs, extents.right, strict=True))


def _conflicts(graph: Layered, rows: Rows) -> set[tuple[int, int]]:
    """Links (upper, lower) that cross a straight stretch of a long edge: those are not aligned."""
    found: set[tuple[int, int]] = set()
    for upper, lower in pairwise(rows):
        place = {vertex: at for at, vertex in enumerate(upper)}
        low, scanned = 0, 0
        for at, vertex in enumerate(lower):
            bend = _bend_above(graph, vertex)
            if bend is None and at < len(lower) - 1:
                continue
            high = len(upper) - 1 if bend is None else place[bend]
            for other in lower[scanned : at + 1]:
                for above in graph.up[other]:
                    is_inner = above >= graph.reals and other >= graph.reals
                    if not is_inner and not low <= place[above] <= high:
                        found.add((above, other))
            scanned, low = at + 1, high
    return found


def _bend_above(graph: Layered, vertex: int) -> int | None:
    if vertex < graph.reals:
        return None
    return next((above for above in graph.up[vertex] if above >= graph.reals), None)


def _one_way(
    graph: Layered, rows: Rows, extents: Extents, forbidden: set[tuple[int, int]], *, up: bool, left: bool
) -> list[float]:
    ordered = [row if left else row[::-1] for row in (rows if up else rows[::-1])]
    neighbours = graph.up if up else graph.down
    root = _aligned(graph, ordered, neighbours, forbidden, up=up)
    before, after = (extents.left, extents.right) if left else (extents.right, extents.left)
    xs = _packed(ordered, root, before, after)
    return xs if left else [-x for x in xs]


def _aligned(
    graph: Layered, rows: Rows, neighbours: list[list[int]], forbidden: set[tuple[int, int]], *, up: bool
) -> list[int]:
    """Join vertices to blocks that share an x; returns the first vertex of each one's block."""
    root = list(range(len(graph.layer)))
    taken = [False] * len(root)  # already has a vertex aligned below it
    place: dict[int, int] = {}
    for row in rows:
        last = -1
        for vertex in row:
            for other in _middle(graph, vertex, neighbours[vertex], place):
                link = (other, vertex) if up else (vertex, other)
                if taken[other] or place[other] <= last or link in forbidden:
                    continue
                taken[other], root[vertex], last = True, root[other], place[other]
                break
        place = {vertex: at for at, vertex in enumerate(row)}
    return root


def _middle(graph: Layered, vertex: int, near: list[int], place: dict[int, int]) -> list[int]:
    """The one or two middle neighbours; for a bend the next bend of its edge, so that the edge stays straight."""
    if vertex >= graph.reals and (bends := [other for other in near if other >= graph.reals]):
        return bends[:1]
    ordered = sorted(near, key=place.__getitem__)
    count = len(ordered)
    return ordered[(count - 1) // 2 : count // 2 + 1]


def _packed(rows: Rows, root: list[int], before: list[float], after: list[float]) -> list[float]:
    """Push blocks together from the left, then each one up to its right neighbour."""
    gaps: dict[int, dict[int, float]] = {block: {} for block in root}
    for row in rows:
        for one, other in pairwise(row):
            pair, gap = gaps[root[one]], after[one] + before[other]
            pair[root[other]] = max(gap, pair.get(root[other], 0.0))
    order = _left_to_right(gaps)
    x = dict.fromkeys(gaps, 0.0)
    for block in order:
        for other, gap in gaps[block].items():
            x[other] = max(x[other], x[block] + gap)
    for block in reversed(order):
        if gaps[block]:
            x[block] = max(x[block], min(x[other] - gap for other, gap in gaps[block].items()))
    return [x[block] for block in root]


def _left_to_right(gaps: dict[int, dict[int, float]]) -> list[int]:
    waiting = dict.fromkeys(gaps, 0)
    for others in gaps.values():
        for other in others:
            waiting[other] += 1
    order = [block for block, number in waiting.items() if not number]
    for block in order:  # grows while it is read
        for other in gaps[block]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order
