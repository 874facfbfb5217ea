"""Words in an SVG picture."""

from __future__ import annotations

from html import escape
from typing import Final

FONT: Final = "system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif"


def text(x: float, y: float, words: str, *, fill: str, size: int, weight: int = 400, anchor: str = "start") -> str:
    """Write words at a place, spaces as they are; nothing for no words."""
    if not words:
        return ""
    look = f'fill="{fill}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" {look} xml:space="preserve">{escape(words)}</text>'
