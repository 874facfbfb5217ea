"""Drawing: one layout for every picture of a graph, and the pictures; none asks a web service.

The way: layers.py (cycles, layers; banding.py wraps wide ones) -> ordering.py (few crossings) -> placing.py (left to
right) -> layout.py and routing.py (boxes and ways), in the units of a style; then svg.py and png.py, or text.py.
mermaid.py needs no places.
"""

from victor_nb.workflows.drawing.faces import as_bundle, as_png, as_svg, as_text, picture_layout
from victor_nb.workflows.drawing.geometry import Box, Layout, Point, Route
from victor_nb.workflows.drawing.looks import Mark, Theme
from victor_nb.workflows.drawing.mermaid import to_mermaid
from victor_nb.workflows.drawing.png import PictureTooLarge

__all__ = [
    "Box",
    "Layout",
    "Mark",
    "PictureTooLarge",
    "Point",
    "Route",
    "Theme",
    "as_bundle",
    "as_png",
    "as_svg",
    "as_text",
    "picture_layout",
    "to_mermaid",
]
