"""A layout as one SVG picture that reads in light and in dark, says itself to a screen reader, and loads nothing.

1. Every colour stands in the element, for pages that take style sheets away; the style sheet puts the page's colours
   (JupyterLab's variables) or the dark theme over them.
2. Its rules are the same in every picture, so several on one page do not disturb each other; there are no ids.
3. Every text is escaped; there is no script and no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from victor_nb.workflows.drawing.curves import curve, head
from victor_nb.workflows.drawing.geometry import Box, Layout, Route
from victor_nb.workflows.drawing.lettering import cells, clipped, printable
from victor_nb.workflows.drawing.looks import COLOURS, ICONS, MARKS, Mark, Theme
from victor_nb.workflows.drawing.picture_style import LABEL_CELL, WORDS_CELLS, fitting, name_of, words_of

MONO: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,Liberation Mono,monospace"
SANS: Final = "system-ui,-apple-system,Segoe UI,Helvetica,Arial,DejaVu Sans,Liberation Sans,sans-serif"
_DESCRIBED: Final = 60
_PAGE: Final = {
    "ink": "var(--jp-ui-font-color1,var(--v-ink))",
    "faint": "var(--jp-ui-font-color2,var(--v-faint))",
    "ground": "var(--jp-layout-color0,var(--v-ground))",
    "card": "var(--jp-layout-color1,var(--v-card))",
}


def to_svg(layout: Layout, *, marks: Mapping[str, Mark] | None = None, theme: Theme | None = None) -> str:
    """Draw a layout.

    Args:
        marks: how nodes fared, by path; they take the place of what the nodes are for.
        theme: one theme and no style sheet, for programs that rasterise; None follows the page.
    """
    brush = _Brush(COLOURS[theme or "light"], marks or {})
    width, height = round(layout.width), round(layout.height)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    heading = f"Workflow {printable(layout.name)}".rstrip()
    frames = [box for box in layout.boxes if box.is_frame]
    cards = [box for box in layout.boxes if not box.is_frame]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="victor-graph" role="img" '
        f'aria-label="{escape(heading)}" font-family="{SANS}" style="max-width:100%;height:auto">',
        f"<title>{escape(heading)}</title><desc>{escape(described(layout, marks or {}))}</desc>",
        "" if theme else f"<style>{_style()}</style>",
        f'<rect width="{width}" height="{height}" rx="8" {brush.fill("ground")}/>',
        *(brush.box(box) for box in frames),
        *(brush.route(route) for route in layout.routes),
        *(brush.label(route) for route in layout.routes if route.label),
        *(brush.box(box) for box in cards),
        "</svg>",
    ]
    return "".join(parts)


def described(layout: Layout, marks: Mapping[str, Mark]) -> str:
    """The picture in words: how the nodes fared, and where each leads."""
    shown = {box.path: box.label for box in layout.boxes}
    fared = [f"{shown[path]}: {mark.words}" for path, mark in marks.items() if path in shown]
    ways = [
        f"{shown[route.source]} leads to {shown[route.target]}" + (f" if {route.label}" if route.label else "")
        for route in layout.routes
    ]
    counted = f"{len(layout.boxes)} nodes, {len(layout.routes)} edges"
    return printable(". ".join([counted, *_few(fared), *_few(ways)]) + ".")


def _few(sentences: list[str]) -> Iterable[str]:
    more = len(sentences) - _DESCRIBED
    return sentences if more <= 0 else [*sentences[:_DESCRIBED], f"and {more} more"]


class _Brush:
    """Draws parts in the colours of one theme; the style sheet may change them by their classes."""

    def __init__(self, colours: Mapping[str, str], marks: Mapping[str, Mark]) -> None:
        self._colours, self._marks = colours, marks

    def fill(self, name: str) -> str:
        return f'class="f-{name}" fill="{self._colours[name]}"'

    def stroke(self, name: str, width: float = 1.3) -> str:
        return f'class="s-{name}" fill="none" stroke="{self._colours[name]}" stroke-width="{width:g}"'

    def box(self, box: Box) -> str:
        mark = self._marks.get(box.path)
        title = f"<title>{escape(_title(box, mark))}</title>"
        if box.kind in ("start", "end"):
            return f"<g>{title}{self._pill(box, mark)}</g>"
        edge = mark.tone if mark and mark.tone != "faint" else "line"
        field = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="7"'
        ground = "frame" if box.is_frame else "card"
        border = f"<rect {field} {self.stroke(edge, 1.6 if mark else 1.2)}/>"
        tint = f'<rect {field} {self.fill(edge)} fill-opacity="0.07"/>' if edge != "line" else ""
        icon = self._icon(ICONS.get(box.kind, ICONS["function"]), box.kind, box.x + 10, box.y + 8)
        parts = [f"<rect {field} {self.fill(ground)}/>", tint, border, icon, self._lines(box, mark)]
        if mark:
            parts.append(self._icon(MARKS[mark.tone], mark.tone, box.x + box.width - 20, box.y + 7, 12))
        return f"<g>{title}{''.join(parts)}</g>"

    def route(self, route: Route) -> str:
        dashes = ' stroke-dasharray="5 4"' if route.is_conditional else ""
        line = f'<path d="{curve(route)}" {self.stroke("edge", 1.4)}{dashes} stroke-linecap="round"/>'
        return line + (f'<path d="{head(route)}" {self.fill("edge")}/>' if route.has_head else "")

    def label(self, route: Route) -> str:
        if route.label_at is None:
            return ""
        words = clipped(route.label, WORDS_CELLS)
        width = cells(words) * LABEL_CELL + 8
        x, y = route.label_at
        field = f'x="{x - width / 2:.1f}" y="{y - 8:.1f}" width="{width:.1f}" height="16" rx="4"'
        ground = self.fill("frame" if "/" in route.source else "ground")
        return f"<rect {field} {ground}/>" + self._text(x, y + 3.6, words, "faint", 10.5, "middle")

    def _pill(self, box: Box, mark: Mark | None) -> str:
        field = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="{box.height / 2:g}"'
        tone = mark.tone if mark and mark.tone != "faint" else "line"
        card = f"<rect {field} {self.fill('frame')}/><rect {field} {self.stroke(tone, 1.2)}/>"
        return card + self._text(box.center_x, box.center_y + 4, box.kind, "faint", 12, "middle")

    def _lines(self, box: Box, mark: Mark | None) -> str:
        words = fitting(mark.words, box.width) if mark else words_of(box.kind, box.about)
        tone = mark.tone if mark else "faint"
        name = self._text(box.x + 34, box.y + 20, name_of(box.label), "ink", 12, family=MONO, weight=600)
        return name + self._text(box.x + 34, box.y + 35.5, words, tone, 11)

    def _icon(self, path: str, name: str, x: float, y: float, size: float = 16) -> str:
        known = name if name in self._colours else "function"
        place = f'transform="translate({x:g} {y:g}) scale({size / 16:g})"'
        ends = 'stroke-linecap="round" stroke-linejoin="round"'
        return f'<path d="{path}" {self.stroke(known, 1.4 * 16 / size)} {ends} {place}/>'

    def _text(
        self,
        x: float,
        y: float,
        words: str,
        name: str,
        size: float,
        anchor: str = "",
        family: str = "",
        weight: int = 0,
    ) -> str:
        look = f' text-anchor="{anchor}"' if anchor else ""
        look += f' font-family="{family}"' if family else ""
        look += f' font-weight="{weight}"' if weight else ""
        return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{look} {self.fill(name)}>{escape(words)}</text>'


def _title(box: Box, mark: Mark | None) -> str:
    """What a pointer that rests on a box is told."""
    said = [f"{box.label} ({box.kind})" if box.kind not in ("start", "end") else box.kind]
    return printable(": ".join([*said, *([mark.words] if mark else []), *([box.about] if box.about else [])]))


def _style() -> str:
    """The style sheet: the dark theme where the system or JupyterLab is dark, and the page's own colours."""
    light, dark = _variables("light"), _variables("dark")
    rules = [
        f".victor-graph{{{light}}}",
        f"@media(prefers-color-scheme:dark){{.victor-graph{{{dark}}}}}",
        f"[data-jp-theme-light=true] .victor-graph,.vscode-light .victor-graph{{{light}}}",
        f"[data-jp-theme-light=false] .victor-graph,.vscode-dark .victor-graph{{{dark}}}",
    ]
    for name in COLOURS["light"]:
        value = _PAGE.get(name, f"var(--v-{name})")
        rules.append(f".victor-graph .f-{name}{{fill:{value}}}.victor-graph .s-{name}{{stroke:{value}}}")
    return "".join(rules)


def _variables(theme: Theme) -> str:
    return ";".join(f"--v-{name}:{value}" for name, value in COLOURS[theme].items())
