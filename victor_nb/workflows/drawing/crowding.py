"""From left to right where straight edges would cost too much room: large graphs whose edges cross a lot.

Blocks of vertices that share an x (placing.py) push each other aside from layer to layer, and a graph can become ten
times as wide as its widest layer. Here every layer stays packed: it is moved, layer by layer, as near to its
neighbours as the order and the room of each vertex allow. That is isotonic regression, solved by pooling adjacent
violators (Ayer and others, 1955). Long edges are nearly straight then, and no longer quite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from victor_nb.workflows.drawing.layers import Layered

Rows = Sequence[Sequence[int]]
_WORK: Final = 100_000
_MOST_SWEEPS, _LEAST_SWEEPS = 12, 3
_STRAIGHT: Final = 6.0
"""How much more a bend is drawn to the bend before it than a box to one neighbour."""
_LOOSE: Final = 0.05


def swept(graph: Layered, rows: Rows, left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Return the x of each vertex's middle; no layer is much wider than what is in it."""
    xs = _centred(rows, left, right, len(graph.layer))
    sweeps = max(_LEAST_SWEEPS, min(_MOST_SWEEPS, _WORK // len(graph.layer)))
    for sweep in range(sweeps):
        order = rows if sweep % 2 == 0 else rows[::-1]
        near = graph.up if sweep % 2 == 0 else graph.down
        for row in order:
            _settle(graph, row, xs, left, right, near.__getitem__)
    for row in rows:
        _settle(graph, row, xs, left, right, lambda vertex: [*graph.up[vertex], *graph.down[vertex]])
    return xs


def _centred(rows: Rows, left: Sequence[float], right: Sequence[float], count: int) -> list[float]:
    xs = [0.0] * count
    for row in rows:
        x = -sum(left[vertex] + right[vertex] for vertex in row) / 2
        for vertex in row:
            xs[vertex] = x + left[vertex]
            x += left[vertex] + right[vertex]
    return xs


def _settle(
    graph: Layered,
    row: Sequence[int],
    xs: list[float],
    left: Sequence[float],
    right: Sequence[float],
    near: Callable[[int], Sequence[int]],
) -> None:
    """Move one layer as near to its neighbours as it can."""
    offset, offsets, wanted, weights = 0.0, [], [], []
    for at, vertex in enumerate(row):
        offset += right[row[at - 1]] + left[vertex] if at else 0.0
        others = near(vertex)
        x = sum(xs[other] for other in others) / len(others) if others else xs[vertex]
        offsets.append(offset)
        wanted.append(x - offset)
        weights.append(_STRAIGHT if vertex >= graph.reals else len(others) or _LOOSE)
    for vertex, x, aside in zip(row, isotonic(wanted, weights), offsets, strict=True):
        xs[vertex] = x + aside


def isotonic(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the rising numbers that are nearest to the wanted ones, by weighted squares."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        size = 1
        while pools and pools[-1][0] > value:
            before, heavy, many = pools.pop()
            value = (value * weight + before * heavy) / (weight + heavy)
            weight, size = weight + heavy, size + many
        pools.append((value, weight, size))
    return [value for value, _, size in pools for _ in range(size)]
