"""A drawing and the states of its nodes as the browser gets them: JSON, with curves and cut names ready.

The live view decides no place and cuts no name: it shows what the static drawing shows.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from victor_nb.views.graph_state import GraphState, NodeState
from victor_nb.workflows.drawing.curves import curve, head
from victor_nb.workflows.drawing.geometry import Box, Layout, Route
from victor_nb.workflows.drawing.lettering import cells, clipped, printable
from victor_nb.workflows.drawing.looks import ICONS, MARKS
from victor_nb.workflows.drawing.picture_style import LABEL_CELL, WORDS_CELLS, name_of, words_of


def drawn(layout: Layout) -> dict[str, Any]:
    """The drawing; `widgets/graph_view/wire.ts` has the same fields."""
    return {
        "name": printable(layout.name),
        "width": round(layout.width, 1),
        "height": round(layout.height, 1),
        "boxes": [_box(box) for box in layout.boxes],
        "routes": [_route(route) for route in layout.routes],
        "icons": dict(ICONS),
        "signs": dict(MARKS),
    }


def node_json(node: NodeState) -> dict[str, Any]:
    """One node's state."""
    return asdict(node)


def run_json(known: GraphState) -> dict[str, Any]:
    """What is said of the whole run."""
    return {
        "run_id": known.run_id,
        "name": known.name,
        "state": known.state,
        "seconds": round(known.seconds, 3),
        "updated": known.updated,
        "superstep": known.superstep,
        "error": known.error,
    }


def _box(box: Box) -> dict[str, Any]:
    return {
        "path": box.path,
        "kind": box.kind,
        "name": name_of(box.label),
        "words": words_of(box.kind, box.about),
        "about": printable(box.about),
        "x": round(box.x, 1),
        "y": round(box.y, 1),
        "width": round(box.width, 1),
        "height": round(box.height, 1),
        "is_frame": box.is_frame,
    }


def _route(route: Route) -> dict[str, Any]:
    label = clipped(route.label, WORDS_CELLS)
    xs, ys = zip(*route.points, strict=True)
    return {
        "source": route.source,
        "target": route.target,
        "is_conditional": route.is_conditional,
        "line": curve(route),
        "head": head(route),
        "label": label,
        "label_width": round(cells(label) * LABEL_CELL + 8, 1) if label else 0,
        "label_at": [round(part, 1) for part in route.label_at] if route.label_at and label else None,
        "bounds": [round(part, 1) for part in (min(xs), min(ys), max(xs), max(ys))],
    }
