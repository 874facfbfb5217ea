"""A layout as a PNG picture, rasterised on this machine by resvg (the optional extra "png").

resvg is one self-contained wheel; cairosvg was tried and needs a Cairo library that many machines lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from victor_nb.errors import MissingExtra, VictorError
from victor_nb.workflows.drawing.geometry import Layout
from victor_nb.workflows.drawing.looks import Mark, Theme
from victor_nb.workflows.drawing.svg import to_svg

MOST_PIXELS: Final = 64_000_000
"""A picture of 256 MB in memory; beyond that SVG is the better file."""


class PictureTooLarge(VictorError):
    """A graph has more pixels than a PNG picture should."""


def to_png(
    layout: Layout, *, scale: float = 2.0, theme: Theme = "light", marks: Mapping[str, Mark] | None = None
) -> bytes:
    """Draw a layout in one theme.

    Args:
        scale: pixels for each unit of the layout; 2 is sharp on today's screens.

    Raises:
        MissingExtra: resvg is not installed.
        PictureTooLarge: it would have more than `MOST_PIXELS`.
    """
    width, height = round(layout.width * scale), round(layout.height * scale)
    if width * height > MOST_PIXELS:
        raise PictureTooLarge(
            f"the picture would be {width} by {height} pixels", f"workflow {layout.name!r}", "--format svg has no limit"
        )
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtra.named("png", needed_for="drawing PNG pictures") from error
    return bytes(resvg_py.svg_to_bytes(svg_string=to_svg(layout, marks=marks, theme=theme), width=width))
