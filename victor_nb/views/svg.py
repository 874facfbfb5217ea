"""The timeline of a run as one SVG picture: when each step ran, and for how long.

1. It brings its own background, because a picture cannot ask its page for colours; no script, no font.
2. At most `ROWS` lanes are drawn; the picture says how many steps it leaves out.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Final

from victor_nb.views.rows import facts, state_words, title, took
from victor_nb.views.state import RunSummary, StepRow
from victor_nb.views.svg_text import FONT, text
from victor_nb.views.wording import clip, duration, plural

ROWS: Final = 60
_WIDTH, _LANE, _TOP, _LEFT, _RIGHT = 720, 20, 58, 190, 70
_INK, _FAINT, _LINE = "#1f2933", "#66707a", "#e3e6ea"
_COLOURS: Final = {"model": "#5b6ee1", "tool": "#2a9d8f", "approval": "#c98a1b"}
_BAD: Final = "#d1453b"
_text: Final = partial(text, fill=_INK, size=11)


def timeline(summary: RunSummary) -> str:
    """Draw a run; the picture is 720 units wide and as high as it has steps."""
    rows = summary.steps[:ROWS]
    height = _TOP + _LANE * len(rows) + 34
    whole = max([summary.seconds, 0.001, *(row.at + (row.ms or 0) / 1000 for row in rows)])
    heading = f"{state_words(summary)}: {summary.name}"
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}" font-size="11">',
        f"<title>{escape(heading)}</title><desc>{escape(', '.join(facts(summary)))}</desc>",
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="{_LINE}"/>',
        _text(14, 22, clip(heading, 70), size=13, weight=600),
        _text(14, 40, clip(" · ".join(facts(summary)), 110), fill=_FAINT),
        *_axis(whole, height),
        *(_lane(row, place, whole) for place, row in enumerate(rows)),
        _text(14, height - 10, _left_out(len(summary.steps) - len(rows)), fill=_FAINT),
        "</svg>",
    ]
    return "".join(parts)


def _axis(whole: float, height: int) -> list[str]:
    """Four faint lines with the time they stand for."""
    found = []
    for quarter in range(5):
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * quarter / 4
        found.append(f'<line x1="{x:g}" x2="{x:g}" y1="{_TOP - 6}" y2="{height - 26}" stroke="{_LINE}"/>')
        found.append(_text(x, height - 12, duration(whole * quarter / 4), fill=_FAINT, size=9, anchor="middle"))
    return found


def _lane(row: StepRow, place: int, whole: float) -> str:
    y = _TOP + _LANE * place
    scale = (_WIDTH - _LEFT - _RIGHT) / whole
    x = _LEFT + row.at * scale
    width = max(3.0, (row.ms or 0) / 1000 * scale)
    colour = _BAD if row.state in {"failed", "denied"} else _COLOURS.get(row.kind, _FAINT)
    hollow = row.replayed or row.state in {"unfinished", "waiting", "running"}
    paint = f'fill="{colour}" fill-opacity="{0.25 if hollow else 0.9}" stroke="{colour}"'
    name = clip("  " * min(row.depth, 5) + title(row), 28)
    bar = f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="9" rx="2" {paint}/>'
    # The length of the bar is not the only way to read a duration.
    return _text(14, y + 11, name) + bar + _text(_WIDTH - 14, y + 11, took(row), fill=_FAINT, anchor="end")


def _left_out(number: int) -> str:
    return f"{plural(number, 'step')} more" if number else ""
