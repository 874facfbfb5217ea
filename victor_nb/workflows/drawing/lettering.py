"""How much room text takes, without asking any font.

1. Names are set in a fixed-width face, where counting is measuring; other words get a generous mean width.
2. Far-eastern characters are two cells wide, combining marks none.
"""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def printable(text: str) -> str:
    """Put a text on one line, with spaces where it has characters that no file or terminal should see."""
    return "".join(one if one.isprintable() else " " for one in " ".join(text.split()))


def clipped(text: str, limit: int) -> str:
    """Put a text on one line and cut it to `limit` cells, the last one an ellipsis if anything was cut."""
    text = printable(text)
    if cells(text) <= limit:
        return text
    while cells(text) > limit - 1:
        text = text[:-1]
    return text.rstrip() + "…"
