"""The order inside each layer: few crossings, found by sweeping up and down.

1. A vertex goes to the mean place of its neighbours in the layer that the sweep comes from (Sugiyama, Tagawa and
   Toda 1981); neighbours in a layer then change places where that saves crossings (Gansner and others 1993).
2. The best order seen is kept, so more sweeps never make it worse; how many there are depends on the size only.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from victor_nb.workflows.drawing.layers import Layered

_WORK: Final = 60_000
"""Links looked at in all sweeps together: enough for small graphs to settle, and a bound for large ones."""
_MOST_SWEEPS, _LEAST_SWEEPS = 16, 2
_SMALL: Final = 300


def ordered(graph: Layered) -> list[list[int]]:
    """Return the vertices of each layer from left to right."""
    rows = _first_order(graph)
    links = sum(len(below) for below in graph.down)
    best, fewest = [list(row) for row in rows], crossings(rows, graph.down)
    for sweep in range(max(_LEAST_SWEEPS, min(_MOST_SWEEPS, _WORK // (links + 1)))):
        if not fewest:
            break
        _sweep(rows, graph, is_down=sweep % 2 == 0)
        if len(graph.layer) <= _SMALL:
            _exchange(rows, graph)
        found = crossings(rows, graph.down)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def crossings(rows: Sequence[Sequence[int]], down: Sequence[Sequence[int]]) -> int:
    """How many pairs of links cross."""
    total = 0
    for upper, lower in pairwise(rows):
        place = {vertex: at for at, vertex in enumerate(lower)}
        seen: list[int] = []
        for vertex in upper:
            places = sorted(place[below] for below in down[vertex])
            for at in places:
                total += len(seen) - bisect_right(seen, at)
            for at in places:
                insort(seen, at)
    return total


def _first_order(graph: Layered) -> list[list[int]]:
    """Walk in depth from the top: what belongs together comes together."""
    rows: list[list[int]] = [[] for _ in range(1 + max(graph.layer, default=-1))]
    seen = [False] * len(graph.layer)
    for root in sorted(range(len(graph.layer)), key=lambda vertex: graph.layer[vertex]):
        stack = [root]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = True
            rows[graph.layer[vertex]].append(vertex)
            stack.extend(reversed(graph.down[vertex]))
    return rows


def _sweep(rows: list[list[int]], graph: Layered, *, is_down: bool) -> None:
    neighbours = graph.up if is_down else graph.down
    order = range(1, len(rows)) if is_down else range(len(rows) - 2, -1, -1)
    for at in order:
        fixed = rows[at - 1 if is_down else at + 1]
        place = {vertex: spot for spot, vertex in enumerate(fixed)}
        scale = len(fixed) / max(1, len(rows[at]))
        wanted = {}
        for spot, vertex in enumerate(rows[at]):
            near = neighbours[vertex]
            wanted[vertex] = sum(place[other] for other in near) / len(near) if near else spot * scale
        rows[at].sort(key=wanted.__getitem__)


def _exchange(rows: list[list[int]], graph: Layered) -> None:
    """Swap neighbours where that saves crossings, until nothing is saved any more."""
    place = {vertex: at for row in rows for at, vertex in enumerate(row)}
    for row in rows:
        for _ in range(len(row)):
            saved = False
            for at in range(len(row) - 1):
                left, right = row[at], row[at + 1]
                if _pairs(left, right, graph, place) > _pairs(right, left, graph, place):
                    row[at], row[at + 1] = right, left
                    place[left], place[right] = at + 1, at
                    saved = True
            if not saved:
                break


def _pairs(left: int, right: int, graph: Layered, place: dict[int, int]) -> int:
    """Crossings between the links of two vertices if `left` stands to the left of `right`."""
    return sum(
        place[one] > place[other] for near in (graph.up, graph.down) for one in near[left] for other in near[right]
    )
