"""Wide layers are wrapped: what a fan-out has side by side is stacked in bands, as words are in lines.

1. A hub is a node with very many neighbours on one side. Without the hubs a graph falls apart into pieces; pieces that
   hang on the same hubs are each other's like, and of these as many stand side by side as can be looked at.
2. A band says only what must be above what: edges that nobody draws, through a node between two bands that nobody
   draws. That node's layer stays empty but for lanes, so what a band gives on and what the next one gets do not cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

MOST_ACROSS: Final = 16
"""What stands side by side without being wrapped, in boxes."""
_BAND: Final = 12
_LEAST_PIECES: Final = 4

Piece = list[int]


def banded(down: Sequence[Sequence[int]], layer: Sequence[int]) -> list[list[int]]:
    """Return the targets with those that keep layers from getting too wide; more nodes than there were stand between.

    Args:
        down: each node's targets, without those that close a cycle.
        layer: of each node, as it is without bands.
    """
    up = _reversed(down)
    hubs = {node for node in range(len(down)) if max(len(down[node]), len(up[node])) > MOST_ACROSS}
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Piece]] = {}
    for piece in _pieces(down, up, hubs):
        above = {hub for node in piece for hub in up[node] if hub in hubs}
        below = {hub for node in piece for hub in down[node] if hub in hubs}
        alike.setdefault((tuple(sorted(above)), tuple(sorted(below))), []).append(piece)
    made = [list(targets) for targets in down]
    for pieces in alike.values() if hubs else ():
        for upper, lower in pairwise(_lines(pieces, layer)):
            for node in (node for piece in upper for node in _ends(piece, down)):
                made[node].append(len(made))
            made.append([node for piece in lower for node in _ends(piece, up)])
    return made


def _reversed(down: Sequence[Sequence[int]]) -> list[list[int]]:
    up: list[list[int]] = [[] for _ in down]
    for source, targets in enumerate(down):
        for target in targets:
            up[target].append(source)
    return up


def _pieces(down: Sequence[Sequence[int]], up: Sequence[Sequence[int]], hubs: set[int]) -> Iterator[Piece]:
    """What hangs together without the hubs, each piece in the order of definition."""
    seen = set(hubs)
    for first in range(len(down)):
        if first in seen:
            continue
        seen.add(first)
        piece = [first]
        for node in piece:  # grows while it is read
            near = [other for other in (*up[node], *down[node]) if other not in seen]
            seen.update(near)
            piece += dict.fromkeys(near)
        yield sorted(piece)


def _lines(pieces: Sequence[Piece], layer: Sequence[int]) -> list[list[Piece]]:
    """The pieces in bands that are about equally wide; in one, if they are few or not too wide."""
    widths = [_width(piece, layer) for piece in pieces]
    if len(pieces) < _LEAST_PIECES or sum(widths) <= MOST_ACROSS:
        return [list(pieces)]
    most = ceil(sum(widths) / ceil(sum(widths) / _BAND))
    lines: list[list[Piece]] = [[]]
    room = most
    for piece, width in zip(pieces, widths, strict=True):
        if width > room and lines[-1]:
            lines.append([])
            room = most
        lines[-1].append(piece)
        room -= width
    return lines


def _width(piece: Piece, layer: Sequence[int]) -> int:
    in_layer: dict[int, int] = {}
    for node in piece:
        in_layer[layer[node]] = in_layer.get(layer[node], 0) + 1
    return max(in_layer.values())


def _ends(piece: Piece, onward: Sequence[Sequence[int]]) -> list[int]:
    """The nodes of a piece from which nothing of it follows."""
    inside = set(piece)
    return [node for node in piece if not inside.intersection(onward[node])]
