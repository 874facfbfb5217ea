"""One layout for every drawing: a shape and a style in, places out.

1. Layers (layers.py), their order (ordering.py), left to right (placing.py), and here top to bottom and the boxes;
   the ways of the edges are in routing.py.
2. Deterministic: no randomness, no clock, no set is iterated.
3. A sub-workflow is laid out first and then takes its room as one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor

from victor_nb.workflows.drawing.geometry import Box, Layout, Link, Point, Route, Style
from victor_nb.workflows.drawing.layers import Layered, layered
from victor_nb.workflows.drawing.ordering import ordered
from victor_nb.workflows.drawing.placing import Extents, placed
from victor_nb.workflows.drawing.routing import Table, route
from victor_nb.workflows.shape import EdgeShape, GraphShape, NodeShape

Size = tuple[float, float]


def lay_out(shape: GraphShape, style: Style) -> Layout:
    """Place everything in a graph; a node that edges name and nobody defined is placed too."""
    nodes = _nodes(shape)
    insides = {node.id: lay_out(node.inside, style) for node in nodes if node.inside and node.inside.nodes}
    sizes = [style.frame_size(node, insides[node.id]) if node.id in insides else style.box_size(node) for node in nodes]
    place = {node.id: at for at, node in enumerate(nodes)}
    graph = layered(len(nodes), [(place[edge.source], place[edge.target]) for edge in shape.edges])
    rows = ordered(graph)
    across = placed(graph, rows, _extents(graph, shape.edges, sizes, style))
    across = [float(floor(x)) if style.is_whole else x for x in across]
    table = Table(graph, style, sizes, across)
    table.layers = _layers(table, rows, shape.edges)
    boxes = [_box(node, at, table, is_frame=node.id in insides) for at, node in enumerate(nodes)]
    routes = [route(edge, number, boxes, table) for number, edge in enumerate(shape.edges)]
    return _assembled(shape.name, boxes, routes, insides, style)


def _nodes(shape: GraphShape) -> list[NodeShape]:
    known = {node.id: node for node in shape.nodes}
    for edge in shape.edges:
        for end in (edge.source, edge.target):
            if end not in known:
                known[end] = NodeShape(end, about="not defined")
    return list(known.values())


def _extents(graph: Layered, edges: Sequence[EdgeShape], sizes: Sequence[Size], style: Style) -> Extents:
    """Half of each box and of the gap; more for labels, and lanes beside a box to which edges come back."""
    bend = style.lane / 2
    left, right = [bend] * len(graph.layer), [bend] * len(graph.layer)

    def widen(at: int, room: float, more: float = 0.0) -> None:
        left[at], right[at] = max(left[at], room), max(right[at], room + more)

    for at, (width, _) in enumerate(sizes):
        widen(at, width / 2 + style.node_gap / 2)
    for edge, chain, is_back in zip(edges, graph.chains, graph.is_back, strict=True):
        label = style.label_width(edge.label) if edge.label else 0.0
        beside = sizes[chain[0]][0] / 2 + style.lane + bend if chain[0] < graph.reals else bend
        if len(chain) == 1:
            left[chain[0]] = max(left[chain[0]], beside + label)
        elif is_back:
            widen(chain[0], beside, label / 2 if len(chain) == 2 else 0.0)
        if label and len(chain) > 1:
            widen(chain[-2] if is_back else chain[1], label / 2 + bend / 2)
    if style.is_whole:
        return Extents([float(floor(room)) for room in left], [float(floor(room + 0.5)) for room in right])
    return Extents(left, right)


def _layers(table: Table, rows: Sequence[Sequence[int]], edges: Sequence[EdgeShape]) -> list[tuple[float, float]]:
    """The upper and the lower edge of each layer."""
    graph, style = table.graph, table.style
    heights = [max((table.sizes[vertex][1] for vertex in row if vertex < graph.reals), default=0) for row in rows]
    links: list[list[Link]] = [[] for _ in rows]
    for edge, chain, is_back in zip(edges, graph.chains, graph.is_back, strict=True):
        for at in range(len(chain) - 1):
            has_label = bool(edge.label) and at == (len(chain) - 2 if is_back else 0)
            links[graph.layer[chain[at]]].append(Link(*table.ends(chain, at, is_back=is_back), has_label))
    y, found = 0.0, []
    for height, below in zip(heights, links, strict=True):
        found.append((y, y + height))
        y += height + style.space_between_layers(below)
    return found


def _box(node: NodeShape, at: int, table: Table, *, is_frame: bool) -> Box:
    width, height = table.sizes[at]
    top, bottom = table.layers[table.graph.layer[at]]
    y = top + table.whole((bottom - top - height) / 2)
    label = node.label or (node.kind if node.kind in ("start", "end") else node.id)
    return Box(node.id, node.kind, label, node.about, table.left_of(at), y, width, height, is_frame=is_frame)


def _assembled(
    name: str, boxes: Sequence[Box], routes: Sequence[Route], insides: dict[str, Layout], style: Style
) -> Layout:
    """Put everything together, and move it so that the margin is the same on every side."""
    xs = [x for box in boxes for x in (box.x, box.x + box.width)]
    xs += [point.x for one in routes for point in one.points]
    for one in routes:
        if one.label_at:
            half = style.label_width(one.label) / 2
            xs += [one.label_at.x - half, one.label_at.x + half]
    low, high = min(xs, default=0.0), max(xs, default=0.0)
    if style.is_whole:
        low, high = float(floor(low)), float(ceil(high))
    bottom = max((box.y + box.height for box in boxes), default=0.0)
    margin = style.margin
    shift = Point(margin - low, margin)
    whole = Layout(name, high - low + 2 * margin, bottom + 2 * margin, tuple(boxes), tuple(routes)).moved(shift)
    all_boxes: list[Box] = []
    all_routes = list(whole.routes)
    for box in whole.boxes:
        all_boxes.append(box)
        if box.is_frame:
            aside = (box.width - insides[box.path].width) / 2
            corner = Point(box.x + (floor(aside) if style.is_whole else aside), box.y + style.frame_top)
            inner = insides[box.path].moved(corner, inside=box.path)
            all_boxes += inner.boxes
            all_routes += inner.routes
    return replace(whole, boxes=tuple(all_boxes), routes=tuple(all_routes))
