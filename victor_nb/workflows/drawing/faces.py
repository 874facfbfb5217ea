"""A shape as what a reader sees: text, Mermaid, SVG, PNG, and the bundle of them that a notebook shows.

1. The layout is made here and once for each drawing; nobody else chooses a style.
2. Marks say how nodes fared, by path: "review/judge" is `judge` inside the sub-workflow `review`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Final

from victor_nb.workflows.drawing.geometry import Layout
from victor_nb.workflows.drawing.layout import lay_out
from victor_nb.workflows.drawing.lettering import clipped
from victor_nb.workflows.drawing.looks import MARK_SIGNS, Mark, Theme
from victor_nb.workflows.drawing.picture_style import WORDS_CELLS, PictureStyle
from victor_nb.workflows.drawing.png import to_png
from victor_nb.workflows.drawing.svg import to_svg
from victor_nb.workflows.drawing.text import to_text
from victor_nb.workflows.drawing.text_style import TextStyle
from victor_nb.workflows.shape import GraphShape, NodeShape

MOST_IN_TEXT: Final = 80
MOST_IN_HTML: Final = 300
"""Larger graphs are shown as one picture, and not a second time inside HTML."""

Marks = Mapping[str, Mark]


def picture_layout(shape: GraphShape) -> Layout:
    """Places in pixels, as the SVG, the PNG and the live view use them."""
    return lay_out(shape, PictureStyle())


def as_svg(shape: GraphShape, *, marks: Marks | None = None, theme: Theme | None = None) -> str:
    """Draw a graph as SVG; without a theme it follows the page's light or dark."""
    return to_svg(picture_layout(shape), marks=marks, theme=theme)


def as_png(shape: GraphShape, *, marks: Marks | None = None, theme: Theme = "light", scale: float = 2.0) -> bytes:
    """Draw a graph as PNG.

    Raises:
        MissingExtra: resvg is not installed.
        PictureTooLarge: it would have too many pixels.
    """
    return to_png(picture_layout(shape), scale=scale, theme=theme, marks=marks)


def as_text(shape: GraphShape, *, marks: Marks | None = None, ascii: bool = False) -> str:
    """Draw a graph with characters; what marks say stands beside the names."""
    return to_text(lay_out(_signed(shape, marks or {}), TextStyle()), ascii=ascii)


def as_bundle(
    shape: GraphShape,
    *,
    marks: Marks | None = None,
    include: Container[str] | None = None,
    exclude: Container[str] | None = None,
) -> dict[str, str]:
    """What `_repr_mimebundle_` of anything that has a shape returns: text, and SVG inside HTML and alone."""
    wanted: dict[str, Callable[[], str]] = {
        "text/plain": lambda: _plain(shape, marks),
        "image/svg+xml": lambda: as_svg(shape, marks=marks),
    }
    if count(shape) <= MOST_IN_HTML:
        wanted["text/html"] = lambda: f'<div style="overflow-x:auto">{as_svg(shape, marks=marks)}</div>'
    return {
        kind: draw()
        for kind, draw in wanted.items()
        if (not include or kind in include) and not (exclude and kind in exclude)
    }


def count(shape: GraphShape) -> int:
    """How many nodes there are, those of sub-workflows too."""
    return sum(1 + (count(node.inside) if node.inside else 0) for node in shape.nodes)


def _plain(shape: GraphShape, marks: Marks | None) -> str:
    if count(shape) <= MOST_IN_TEXT:
        return as_text(shape, marks=marks)
    return f"workflow {shape.name}: {count(shape)} nodes, {len(shape.edges)} edges"


def _signed(shape: GraphShape, marks: Marks, prefix: str = "") -> GraphShape:
    """The shape with what its marks say in the labels."""
    if not marks:
        return shape
    return replace(shape, nodes=tuple(_signed_node(node, marks, prefix) for node in shape.nodes))


def _signed_node(node: NodeShape, marks: Marks, prefix: str) -> NodeShape:
    inside = _signed(node.inside, marks, f"{prefix}{node.id}/") if node.inside else None
    mark = marks.get(prefix + node.id)
    if mark is None or node.kind in ("start", "end"):
        return replace(node, inside=inside)
    label = f"{MARK_SIGNS[mark.tone]} {node.label or node.id}: {clipped(mark.words, WORDS_CELLS)}"
    # What it is gives way to how it fared.
    return replace(node, inside=inside, kind="function", label=label)
