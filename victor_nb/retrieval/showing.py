"""How hits and indexes show themselves: text, Markdown and HTML without script.

Everything that is shown comes from files of others: it is escaped, cut short, and loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final, Protocol

WIDTH: Final = 100
LINES: Final = 8
_FENCE: Final = re.compile(r"`{3,}")
HEAD: Final = "font-weight:600;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px"
PRE: Final = (
    "margin:4px 0 0;padding:6px 10px;overflow-x:auto;font-size:12px;line-height:1.45;white-space:pre;"
    "border-left:3px solid rgba(128,128,128,.45);background:rgba(128,128,128,.08)"
)
DIM: Final = "opacity:.75;font-size:12px"


class Shown(Protocol):
    """What a hit shows of itself."""

    @property
    def source(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def why(self) -> str: ...


class Faces(Protocol):
    """Something with three faces."""

    def to_text(self) -> str: ...
    def to_markdown(self) -> str: ...
    def to_html(self) -> str: ...


def bundle(shown: Faces) -> dict[str, str]:
    """Every face, by media type."""
    return {"text/plain": shown.to_text(), "text/markdown": shown.to_markdown(), "text/html": shown.to_html()}


def excerpt(text: str, width: int = 160) -> list[str]:
    """Return the first lines that say something, each cut to a width; control characters are shown as such."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[0]:
        del lines[0]
    shown = [_cut(_plain(line), width) for line in lines[:LINES]]
    while shown and not shown[-1]:
        shown.pop()
    return [*shown, "…"] if len(lines) > LINES else shown


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"


def _plain(line: str) -> str:
    return "".join(each if each == "\t" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def hits_as_text(hits: Iterable[Shown], width: int = WIDTH) -> str:
    """One paragraph a hit."""
    parts = []
    for place, hit in enumerate(hits, start=1):
        head = [f"{place}. {_head(hit)}"] + ([f"   {hit.why}"] if hit.why else [])
        body = [f"   {line}" for line in excerpt(hit.text, max(width - 3, 20))]
        parts.append("\n".join(_cut(_plain(line), width) for line in [*head, *body]))
    return "\n\n".join(parts) or "Nothing was found."


def hits_as_markdown(hits: Iterable[Shown]) -> str:
    """A numbered list with the beginning of each as a block of code."""
    parts = []
    for place, hit in enumerate(hits, start=1):
        text = "\n".join(excerpt(hit.text))
        fence = "`" * max([3, *(len(found) + 1 for found in _FENCE.findall(text))])
        why = f" — {_quiet(hit.why)}" if hit.why else ""
        parts.append(f"**{place}. {_quiet(_head(hit))}**{why}\n\n{fence}text\n{text}\n{fence}")
    return "\n\n".join(parts) or "Nothing was found."


def hits_as_html(hits: Iterable[Shown]) -> str:
    """One block a hit."""
    blocks = []
    for place, hit in enumerate(hits, start=1):
        text = escape("\n".join(excerpt(hit.text)))
        blocks.append(
            f'<li style="margin:0 0 12px" value="{place}"><div style="{HEAD}">{escape(_plain(_head(hit)))}</div>'
            f'<div style="{DIM}">{escape(_plain(hit.why))}</div><pre style="{PRE}">{text}</pre></li>'
        )
    if not blocks:
        return f'<p style="{DIM}">Nothing was found.</p>'
    return f'<ol style="padding-left:28px;margin:0">{"".join(blocks)}</ol>'


def fields_as_text(title: str, fields: Mapping[str, object]) -> str:
    """A name and its value in each line."""
    wide = max(map(len, fields), default=0)
    return "\n".join([title, *(f"  {name:<{wide}}  {_plain(str(value))}" for name, value in fields.items())])


def fields_as_markdown(title: str, fields: Mapping[str, object]) -> str:
    """A list of names and values."""
    return "\n".join([f"**{_quiet(title)}**\n", *(f"- {name}: {_quiet(str(value))}" for name, value in fields.items())])


def fields_as_html(title: str, fields: Mapping[str, object]) -> str:
    """A table of names and values."""
    cell = "padding:3px 14px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.3)"
    rows = "".join(
        f'<tr><th style="{cell}">{escape(name)}</th><td style="{cell}">{escape(_plain(str(value)))}</td></tr>'
        for name, value in fields.items()
    )
    return (
        f'<div><div style="font-weight:600;margin-bottom:4px">{escape(_plain(title))}</div>'
        f'<table style="border-collapse:collapse;font-size:13px"><tbody>{rows}</tbody></table></div>'
    )


def _head(hit: Shown) -> str:
    return f"{hit.source}  {hit.title}" if hit.title and hit.title not in hit.source else hit.source


def _quiet(text: str) -> str:
    """Return text in which Markdown sees no markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~$&])", r"\\\1", _plain(text))
