"""Colours and icons of drawings: two themes with the same names, and a line drawing for each kind of node.

The live view's style sheet (`widgets/graph_view/style.css`) says the same colours; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Theme = Literal["light", "dark"]

COLOURS: Final = MappingProxyType(
    {
        "light": MappingProxyType(
            {
                "ground": "#ffffff",
                "card": "#ffffff",
                "frame": "#f6f7f9",
                "ink": "#1f2328",
                "faint": "#5f6974",
                "line": "#c9ced6",
                "edge": "#8d96a1",
                "function": "#5f6974",
                "agent": "#5e6ad2",
                "human": "#9a6700",
                "tool": "#1f8a7d",
                "workflow": "#5f6974",
                "notebook": "#b4530a",
                "busy": "#2f6fd0",
                "good": "#1a7f4b",
                "bad": "#c93a32",
                "ask": "#9a6700",
            }
        ),
        "dark": MappingProxyType(
            {
                "ground": "#14171a",
                "card": "#1c2024",
                "frame": "#181b1f",
                "ink": "#e2e6ea",
                "faint": "#9aa4af",
                "line": "#3b424a",
                "edge": "#77818c",
                "function": "#9aa4af",
                "agent": "#8f9aff",
                "human": "#e3b341",
                "tool": "#4fc3b4",
                "workflow": "#9aa4af",
                "notebook": "#f0883e",
                "busy": "#79b0ff",
                "good": "#4cc38a",
                "bad": "#ff7b72",
                "ask": "#e3b341",
            }
        ),
    }
)

ICONS: Final = MappingProxyType(
    {
        "function": "M6 3C3.6 3 5 7.6 3 8c2 .4.6 5 3 5M10 3c2.4 0 1 4.6 3 5-2 .4-.6 5-3 5",
        "agent": "M8 2 9.7 6.3 14 8 9.7 9.7 8 14 6.3 9.7 2 8 6.3 6.3z",
        "human": "M8 7.6a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c.5-2.5 2.3-3.8 5-3.8s4.5 1.3 5 3.8",
        "tool": "M13.2 4.6 11 6.8 9.2 5l2.2-2.2a3.4 3.4 0 0 0-4.3 4.3l-4.6 4.6 1.8 1.8 4.6-4.6a3.4 3.4 0 0 0 4.3-4.3z",
        "workflow": "M2.5 2.5h4.5v3.5H2.5zM9 10h4.5v3.5H9zM4.7 6v5.7H9",
        "notebook": "M4.5 2.5h8v11h-8zM7 2.5v11M3 5.3h3M3 8h3M3 10.7h3",
    }
)
"""For each kind of node a path in a 16 by 16 field, stroked and not filled."""

MARKS: Final = MappingProxyType(
    {
        "good": "M3 8.5 6.5 12 13 4.5",
        "bad": "M4 4l8 8M12 4l-8 8",
        "busy": "M8 2.5A5.5 5.5 0 1 1 2.5 8",
        "ask": "M5.6 6a2.4 2.4 0 1 1 3.5 2.2c-.8.4-1.1.8-1.1 1.5M8 12.3v.2",
        "faint": "M4 8h8",
    }
)
"""For each tone a sign beside the colour, in the same field."""

MARK_SIGNS: Final = MappingProxyType({"good": "✓", "bad": "✗", "busy": "▸", "ask": "?", "faint": "-"})
"""The same as characters."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a drawing says of a node that has run.

    Attributes:
        tone: good, bad, busy, ask or faint.
        words: the second line of the box, instead of what the node is for.
    """

    tone: str
    words: str
