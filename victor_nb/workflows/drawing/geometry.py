"""What a drawing is made of: boxes and routes with coordinates, as plain data.

1. Every face (SVG, PNG, text, the live view) draws these and decides nothing about places.
2. y grows downwards. The unit is the style's: pixels for pictures, character cells for text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Protocol

from victor_nb.workflows.shape import NodeShape


class Point(NamedTuple):
    """A place in a drawing."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A node with its place.

    Attributes:
        path: the node's id, after the ids of the sub-workflows around it: "review/ask".
        x, y: the left upper corner.
        depth: how many sub-workflows are around it.
        is_frame: whether it is drawn around other boxes.
    """

    path: str
    kind: str
    label: str
    about: str
    x: float
    y: float
    width: float
    height: float
    depth: int = 0
    is_frame: bool = False

    @property
    def center_x(self) -> float:
        """The middle, from left to right."""
        return self.x + self.width / 2

    @property
    def center_y(self) -> float:
        """The middle, from top to bottom."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """An edge with its way, from the source's border to the target's.

    Attributes:
        source, target: paths of boxes.
        points: level and upright stretches are straight; a slanted one crosses the space between two layers.
        label_at: the middle of the label; None without a label.
        is_back: whether it leads back to an earlier layer.
        has_head: whether its last point is at the target; else it joins the way of another edge that leads there.
    """

    source: str
    target: str
    label: str
    is_conditional: bool
    is_back: bool
    points: tuple[Point, ...]
    label_at: Point | None = None
    has_head: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph with the places of everything in it; frames come before what is inside them."""

    name: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the layout as JSON values; the live view draws from them."""
        return asdict(self)

    def moved(self, by: Point, inside: str = "") -> Layout:
        """Return the layout moved; with `inside` as a part of that sub-workflow."""
        prefix, deeper = (f"{inside}/", 1) if inside else ("", 0)
        boxes = tuple(
            replace(box, path=prefix + box.path, x=box.x + by.x, y=box.y + by.y, depth=box.depth + deeper)
            for box in self.boxes
        )
        routes = tuple(
            replace(
                route,
                source=prefix + route.source,
                target=prefix + route.target,
                points=tuple(_sum(point, by) for point in route.points),
                label_at=route.label_at and _sum(route.label_at, by),
            )
            for route in self.routes
        )
        return replace(self, boxes=boxes, routes=routes)


class Link(NamedTuple):
    """A stretch between two neighbouring layers: from `top` on the upper one's edge to `bottom` on the lower's."""

    top: float
    bottom: float
    has_label: bool


class Style(Protocol):
    """How much room things need.

    Attributes:
        node_gap: between two boxes of a layer.
        lane: the width that a passing edge takes, and that a box needs beside it for edges that come back.
        margin: around the whole drawing.
        frame_top: from a frame's upper edge to the drawing inside, which stands in its middle.
        is_whole: whether places must be whole numbers.
    """

    node_gap: float
    lane: float
    margin: float
    frame_top: float
    is_whole: bool

    def box_size(self, node: NodeShape) -> tuple[float, float]:
        """Width and height of a box without anything inside."""
        ...

    def frame_size(self, node: NodeShape, inside: Layout) -> tuple[float, float]:
        """Width and height of a box around a drawing."""
        ...

    def label_width(self, label: str) -> float:
        """The width of an edge's label."""
        ...

    def space_between_layers(self, links: Sequence[Link]) -> float:
        """The height that the links between two layers need."""
        ...


def _sum(point: Point, other: Point) -> Point:
    return Point(point.x + other.x, point.y + other.y)
