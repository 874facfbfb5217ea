"""The room that boxes and edges take in drawings of characters, in cells.

Between two layers, edges that go across run along rows of their own, one for all that leave one box or enter one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from victor_nb.workflows.drawing.geometry import Layout, Link
from victor_nb.workflows.drawing.lettering import cells, clipped
from victor_nb.workflows.shape import NodeShape

NAME_CELLS = 40
LABEL_CELLS = 28
Way = tuple[int, int]
"""From a column on the upper layer's edge to one on the lower's."""


def caption(label: str, kind: str) -> str:
    """What a box says: its name, and what it is unless it is a function."""
    name = clipped(label, NAME_CELLS)
    return name if kind in ("function", "start", "end") else f"{name} · {kind}"


class TextStyle:
    """Boxes of one line with a border around it; the first and the last are a word in brackets."""

    node_gap: float = 4.0
    lane: float = 4.0
    margin: float = 0.0
    frame_top: float = 2.0
    is_whole: bool = True

    def box_size(self, node: NodeShape) -> tuple[float, float]:
        """Wide enough for the caption."""
        if node.kind in ("start", "end"):
            return cells(node.kind) + 4.0, 1.0
        return cells(caption(node.label or node.id, node.kind)) + 4.0, 3.0

    def frame_size(self, node: NodeShape, inside: Layout) -> tuple[float, float]:
        """The drawing inside with a border; the caption stands in it."""
        name = cells(caption(node.label or node.id, node.kind)) + 6.0
        return max(name, inside.width + 4), inside.height + 4

    def label_width(self, label: str) -> float:
        """Of an edge's label with a space on either side."""
        return cells(clipped(label, LABEL_CELLS)) + 2.0

    def space_between_layers(self, links: Sequence[Link]) -> float:
        """A row for each bundle, one for the arrows, and for labels one above and one below."""
        ways = {(int(link.top), int(link.bottom)) for link in links}
        return 1 + rows_used(tracks(ways)) + (2 if any(link.has_label for link in links) else 0)


def rows_used(places: Mapping[Way, int]) -> int:
    """How many rows the ways across need."""
    return 1 + max(places.values(), default=-1)


def tracks(ways: Iterable[Way]) -> dict[Way, int]:
    """Give each way that goes across a row, counted from above.

    Ways from one column, or into one, share a row. Others that lie over each other get different ones; where one
    begins in the column in which another ends it lies higher, unless that goes round in a circle.
    """
    bundles = _bundles(ways)
    after = _after(bundles)
    rows: dict[int, int] = {}
    left = set(range(len(bundles)))
    while left:
        at = min(left, key=lambda one: (len(after[one] & left), one))
        left.remove(at)
        low, high = _span(bundles[at])
        least = max((rows[other] + 1 for other in after[at] if other in rows), default=0)
        taken = {rows[other] for other in rows if _span(bundles[other])[0] <= high and low <= _span(bundles[other])[1]}
        rows[at] = next(row for row in range(least, least + len(bundles) + 1) if row not in taken)
    return {way: rows[at] for at, bundle in enumerate(bundles) for way in bundle}


def _bundles(ways: Iterable[Way]) -> list[list[Way]]:
    """The ways that go across, those together that begin or end together."""
    across = sorted({way for way in ways if way[0] != way[1]})
    tops, bottoms = Counter(top for top, _ in across), Counter(bottom for _, bottom in across)
    found: dict[tuple[str, int], list[Way]] = {}
    for top, bottom in across:
        key = ("from", top) if tops[top] >= bottoms[bottom] else ("into", bottom)
        found.setdefault(key, []).append((top, bottom))
    return list(found.values())


def _after(bundles: Sequence[Sequence[Way]]) -> list[set[int]]:
    """For each bundle those that must lie above it: they begin where it ends."""
    begins: dict[int, set[int]] = {}
    for at, bundle in enumerate(bundles):
        for top, _ in bundle:
            begins.setdefault(top, set()).add(at)
    return [
        {other for _, bottom in bundle for other in begins.get(bottom, ()) if other != at}
        for at, bundle in enumerate(bundles)
    ]


def _span(bundle: Sequence[Way]) -> tuple[int, int]:
    columns = [column for way in bundle for column in way]
    return min(columns), max(columns)
