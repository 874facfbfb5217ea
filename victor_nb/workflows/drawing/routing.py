"""The ways of edges between boxes whose places are known.

An edge that leads forward goes from the middle of the bottom to the middle of the top. One that leads back leaves its
source at the top, beside the middle, and enters its target from the side: it can be told from the others, and an agent
and its tools get two lines and not one. A loop stands to the left of its box, where edges seldom come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, inf

from victor_nb.workflows.drawing.geometry import Box, Point, Route, Style
from victor_nb.workflows.drawing.layers import Layered
from victor_nb.workflows.shape import EdgeShape


@dataclass(slots=True)
class Table:
    """Where the vertices are, and how large.

    Attributes:
        sizes: width and height of each node.
        across: the x of each vertex's middle.
        layers: the upper and the lower edge of each layer.
    """

    graph: Layered
    style: Style
    sizes: Sequence[tuple[float, float]]
    across: list[float]
    layers: list[tuple[float, float]] = field(default_factory=list)

    def whole(self, number: float) -> float:
        """The number, without its fraction where the style wants whole cells."""
        return float(floor(number)) if self.style.is_whole else number

    def left_of(self, node: int) -> float:
        """The left edge of a box."""
        return self.across[node] - self.whole(self.sizes[node][0] / 2)

    def right_of(self, node: int) -> float:
        """The right edge of a box: in a drawing of cells its last one."""
        return self.left_of(node) + self.sizes[node][0] - (1 if self.style.is_whole else 0)

    def lane_beside(self, node: int, towards: float) -> float:
        """The lane along which edges come back to a box, on the side of `towards`."""
        aside = self.whole(self.style.lane * 0.75)
        return self.right_of(node) + aside if towards >= self.across[node] else self.left_of(node) - aside

    def ends(self, chain: Sequence[int], at: int, *, is_back: bool) -> tuple[float, float]:
        """The x of a chain's link number `at`, on the upper layer's edge and on the lower's."""
        upper, lower = chain[at], chain[at + 1]
        top, bottom = self.across[upper], self.across[lower]
        if is_back and lower < self.graph.reals:
            towards = self.across[upper] if upper >= self.graph.reals else self.across[lower]
            aside = self.whole(self.sizes[lower][0] / 4)
            bottom += aside if towards >= self.across[lower] else -aside
        if is_back and upper < self.graph.reals:
            top = self.lane_beside(upper, bottom)
        return top, bottom


def route(edge: EdgeShape, number: int, boxes: Sequence[Box], table: Table) -> Route:
    """Find the way of edge `number`."""
    chain, is_back = table.graph.chains[number], table.graph.is_back[number]
    if len(chain) == 1:
        return _loop(edge, boxes[chain[0]], chain[0], table)
    links: list[Point] = []
    for at in range(len(chain) - 1):
        top, bottom = table.ends(chain, at, is_back=is_back)
        layer = table.graph.layer[chain[at]]
        links += [Point(top, table.layers[layer][1]), Point(bottom, table.layers[layer + 1][0])]
    label_at = _label_at(chain, links, table, is_back=is_back) if edge.label else None
    points = [*_from(chain[0], links[0], boxes, table, is_back=is_back), *links]
    if chain[-1] < table.graph.reals:
        points.append(Point(links[-1].x, boxes[chain[-1]].y))
    shown = _without_needless(points)
    return Route(
        edge.source,
        edge.target,
        edge.label,
        edge.is_conditional,
        is_back,
        shown[::-1] if is_back else shown,
        label_at,
        has_head=chain[0 if is_back else -1] < table.graph.reals,
    )


def _without_needless(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without repetitions and without those in the middle of an upright stretch."""
    kept = [points[0]]
    for at in range(1, len(points)):
        point = points[at]
        if point == kept[-1]:
            continue
        if len(kept) > 1 and kept[-2].x == kept[-1].x == point.x:
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _from(upper: int, first: Point, boxes: Sequence[Box], table: Table, *, is_back: bool) -> list[Point]:
    """How an edge leaves the upper box; one that leads back arrives there, from the side."""
    if upper >= table.graph.reals:
        return []
    box = boxes[upper]
    if not is_back:
        return [Point(first.x, box.y + box.height)]
    side = table.right_of(upper) if first.x >= table.across[upper] else table.left_of(upper)
    middle = box.y + table.whole(box.height / 2)
    return [Point(side, middle), Point(first.x, middle)]


def _loop(edge: EdgeShape, box: Box, node: int, table: Table) -> Route:
    side, lane = table.left_of(node), table.lane_beside(node, -inf)
    high, low = box.y + table.whole(box.height / 4), box.y + box.height - 1 - table.whole(box.height / 4)
    points = (Point(side, low), Point(lane, low), Point(lane, high), Point(side, high))
    half = table.whole(table.style.label_width(edge.label) / 2)
    label_at = Point(lane - half - 2, box.y + table.whole(box.height / 2)) if edge.label else None
    return Route(edge.source, edge.target, edge.label, edge.is_conditional, True, points, label_at)


def _label_at(chain: Sequence[int], links: Sequence[Point], table: Table, *, is_back: bool) -> Point:
    """On the edge's first stretch, at the end where fewer other edges are."""
    at = len(chain) - 2 if is_back else 0
    top, bottom = links[2 * at], links[2 * at + 1]
    if table.style.is_whole:  # cells have no curves: the row below the upper layer, or the one above the arrows
        return top if is_back else Point(bottom.x, bottom.y - 2)
    above, below = len(table.graph.down[chain[at]]), len(table.graph.up[chain[at + 1]])
    part = 0.5 if above == below == 1 else 0.6 if above >= below else 0.4
    # The curve has gone 3t² - 2t³ of its way across when it has gone t of its way down.
    across = part * part * (3 - 2 * part)
    return Point(top.x + (bottom.x - top.x) * across, top.y + (bottom.y - top.y) * part)
