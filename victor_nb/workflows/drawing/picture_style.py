"""The room that boxes and edges take in pictures, in pixels; the live view draws the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from victor_nb.workflows.drawing.geometry import Layout, Link
from victor_nb.workflows.drawing.lettering import cells, clipped
from victor_nb.workflows.shape import NodeShape

NAME_CELLS: Final = 36
WORDS_CELLS: Final = 34
_NAME_WIDTH: Final = 7.25
"""Of one cell at 12 px in a fixed-width face: Menlo, DejaVu and Liberation have 7.22 to 7.23."""
_WORDS_WIDTH: Final = 5.9
"""Of one mean character at 11 px; DejaVu Sans, the widest of the usual ones, has 5.8."""
LABEL_CELL: Final = 6.0
_ICON: Final = 34
_SIGN: Final = 24
"""Of how a node fared, beside its name."""
_LEAST_WIDTH: Final = 160.0
"""Enough for what most nodes have to say of how they fared: "failed · 3 attempts"."""
_FRAME_SIDE: Final = 10.0


def name_of(label: str) -> str:
    """The first line of a box."""
    return clipped(label, NAME_CELLS)


def words_of(kind: str, about: str) -> str:
    """The second line of a box: what it is, or what it is for."""
    return clipped(about or kind, WORDS_CELLS)


def fitting(words: str, width: float) -> str:
    """The second line of a box that is so wide."""
    return clipped(words, max(1, int((width - _ICON - 10) / _WORDS_WIDTH)))


def _card_width(node: NodeShape) -> float:
    name = cells(name_of(node.label or node.id)) * _NAME_WIDTH + _SIGN
    words = cells(words_of(node.kind, node.about)) * _WORDS_WIDTH + 14
    return float(round(max(_LEAST_WIDTH, _ICON + max(name, words))))


class PictureStyle:
    """Boxes of two lines, 46 px high; the first and the last are pills of one."""

    node_gap: float = 28.0
    lane: float = 26.0
    margin: float = 14.0
    frame_top: float = 40.0
    is_whole: bool = False

    def box_size(self, node: NodeShape) -> tuple[float, float]:
        """Wide enough for both lines."""
        if node.kind in ("start", "end"):
            return 72.0, 28.0
        return _card_width(node), 46.0

    def frame_size(self, node: NodeShape, inside: Layout) -> tuple[float, float]:
        """The drawing inside with a heading above it."""
        return max(_card_width(node), inside.width + 2 * _FRAME_SIDE), inside.height + self.frame_top + _FRAME_SIDE

    def label_width(self, label: str) -> float:
        """Of an edge's label with its padding."""
        return cells(clipped(label, WORDS_CELLS)) * LABEL_CELL + 8

    def space_between_layers(self, links: Sequence[Link]) -> float:
        """More where edges go far across or carry labels, so that the curves stay readable."""
        furthest = max((abs(link.top - link.bottom) for link in links), default=0.0)
        space = 34.0 + min(50.0, furthest / 12)
        return space + 16 if any(link.has_label for link in links) else space
