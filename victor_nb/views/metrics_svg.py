"""The charts of a journal as one SVG picture, two beside each other.

It brings its own background, because a picture cannot ask its page for colours; no script, no font. Each chart has a
title and a description of its own, and colour never stands alone: series have names, and lines their own strokes.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Final

from victor_nb.views.metrics_panel import Panel, PanelChart
from victor_nb.views.svg_text import FONT, text
from victor_nb.views.wording import clip
from victor_nb.workflows.drawing.looks import COLOURS

_LOOK: Final = COLOURS["light"]
_text: Final = partial(text, fill=_LOOK["ink"], size=10)
_WIDTH, _CELL, _HEIGHT, _TOP, _GAP = 760, 372, 132, 48, 16
_PLOT, _PLOT_TOP, _PLOT_HEIGHT = 300, 34, 58
STROKES: Final = ("", "6 3", "2 2", "8 2 2 2", "1 3")
"""How lines are broken, by their place; the browser's are the same."""


def picture(panel: Panel) -> str:
    """Draw all charts; the picture is 760 units wide."""
    rows = (len(panel["charts"]) + 1) // 2
    height = _TOP + rows * (_HEIGHT + _GAP)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    cells = [
        f'<g transform="translate({14 + place % 2 * _CELL},{_TOP + place // 2 * (_HEIGHT + _GAP)})" role="img">'
        f"{_chart(chart, panel)}</g>"
        for place, chart in enumerate(panel["charts"])
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="victor-metrics" {size} role="group" '
        f'font-family="{FONT}" font-size="10" style="max-width:100%;height:auto">',
        f"<title>Metrics: {escape(panel['head'])}</title><desc>{escape(panel['span'])}</desc>",
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="{_LOOK["ground"]}" stroke="{_LOOK["line"]}"/>',
        _text(14, 20, panel["head"], size=13, weight=600),
        _text(14, 36, panel["span"], fill=_LOOK["faint"]),
        *cells,
        "</svg>",
    ]
    return "".join(parts)


def _chart(chart: PanelChart, panel: Panel) -> str:
    bottom = _PLOT_TOP + _PLOT_HEIGHT
    drawn = _bars(chart) if chart["form"] == "bars" else _lines(chart)
    return "".join(
        [
            f"<title>{escape(chart['title'])}</title><desc>{escape(chart['said'])}</desc>",
            _text(0, 12, chart["title"], size=11, weight=600),
            _text(0, 26, clip(chart["said"], 62), fill=_LOOK["faint"]),
            f'<path d="M0 {_PLOT_TOP}H{_PLOT}" stroke="{_LOOK["line"]}" stroke-dasharray="2 3"/>',
            f'<path d="M0 {bottom}H{_PLOT}" stroke="{_LOOK["edge"]}"/>',
            _text(_PLOT + 5, _PLOT_TOP + 4, chart["peak_text"] if chart["peak"] else "", fill=_LOOK["faint"]),
            drawn,
            _text(0, bottom + 12, panel["begin"], fill=_LOOK["faint"], size=9),
            _text(_PLOT, bottom + 12, panel["end"], fill=_LOOK["faint"], size=9, anchor="end"),
            _names(chart, bottom + 27),
        ]
    )


def _bars(chart: PanelChart) -> str:
    """Series stand upon each other, the first at the bottom."""
    found, below = [], [0.0] * len(chart["series"][0]["values"])
    step = _PLOT / len(below)
    for one in chart["series"]:
        for place, value in enumerate(one["values"]):
            if not value:
                continue
            height = value / chart["peak"] * _PLOT_HEIGHT
            top = _PLOT_TOP + _PLOT_HEIGHT - below[place] - height
            below[place] += height
            found.append(
                f'<rect x="{place * step:.1f}" y="{top:.1f}" width="{max(0.8, step - 1):.1f}" '
                f'height="{max(0.6, height):.1f}" fill="{_LOOK[one["tone"]]}"/>'
            )
    return "".join(found)


def _lines(chart: PanelChart) -> str:
    """A line where there are values, broken where there are none; a lonely value is a dot."""
    found = []
    step = _PLOT / len(chart["series"][0]["values"])
    for place, one in enumerate(chart["series"]):
        colour = _LOOK[one["tone"]]
        for piece in pieces(one["values"]):
            points = [
                ((at + 0.5) * step, _PLOT_TOP + _PLOT_HEIGHT * (1 - value / (chart["peak"] or 1.0)))
                for at, value in piece
            ]
            if len(points) == 1:
                found.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="1.6" fill="{colour}"/>')
                continue
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            stroke = f' stroke-dasharray="{STROKES[place % len(STROKES)]}"' if place else ""
            found.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{stroke}/>')
    return "".join(found)


def pieces(values: list[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches of values without a hole, each value with its place."""
    found: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            found[-1].append((place, value))
        elif found[-1]:
            found.append([])
    return [piece for piece in found if piece]


def _names(chart: PanelChart, y: float) -> str:
    """What each colour stands for, as far as there is room."""
    found, x = [], 0.0
    for one in chart["series"] if len(chart["series"]) > 1 else []:
        name = clip(one["name"], 16)
        if x + 14 + 5.6 * len(name) > _CELL - 20:
            break
        found.append(f'<rect x="{x:.1f}" y="{y - 8}" width="8" height="8" rx="2" fill="{_LOOK[one["tone"]]}"/>')
        found.append(_text(x + 12, y, name, fill=_LOOK["faint"]))
        x += 24 + 5.6 * len(name)
    return "".join(found)
