"""HTML that survives everywhere: semantic tags, inline styles, every text escaped.

1. `tag` is the only place that writes a `<`; a plain `str` given to it is text, and only `Html` is markup.
2. No script, no `<style>`, no class, no address to load anything from: GitHub, nbviewer and an untrusted
   notebook show the same. Where styles are taken away too, the tags alone must still read well.
3. Colours are greys with alpha and the text's own colour, so that light and dark both work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, Final

from victor_nb.views.markdown import Block, Span, blocks
from victor_nb.views.values import Grid, Image
from victor_nb.views.wording import size

LINE: Final = "rgba(128,128,128,.28)"
TINT: Final = "rgba(128,128,128,.09)"
MONO: Final = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
NUMBERS: Final = "font-variant-numeric:tabular-nums"
_PRE: Final = (
    f"{MONO};font-size:12px;line-height:1.45;margin:4px 0;padding:8px 10px;border-radius:4px;"
    f"background:{TINT};white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
)
_CODE: Final = f"{MONO};font-size:.92em;padding:1px 4px;border-radius:3px;background:{TINT}"
_CELL: Final = f"padding:3px 10px;border-bottom:1px solid {LINE};background:none"
_VOID: Final = frozenset({"img", "hr", "br", "meta"})


class Html(str):
    """Markup that `tag` made; anything else is text and gets escaped."""

    __slots__ = ()


def tag(name: str, *children: str | Iterable[str], style: str = "", **attributes: object) -> Html:
    """Write one element; an attribute that is True stands alone, one that is None or False is left out."""
    given = {"style": style or None} | {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    head = name + "".join(_attribute(key, value) for key, value in given.items() if value not in (None, False))
    return Html(f"<{head}>") if name in _VOID else Html(f"<{head}>{join(children)}</{name}>")


def join(parts: Iterable[str | Iterable[str]]) -> Html:
    """Put parts beside each other: markup as it is, text escaped, lists flattened."""
    return Html("".join(_part(part) for part in parts))


def pre(text: str) -> Html:
    """Preformatted text that wraps."""
    return tag("pre", text, style=_PRE)


def prose(text: str) -> Html:
    """Show a model's text: the Markdown it uses, nothing else."""
    return join(_block(block) for block in blocks(text))


def grid(table: Grid) -> Html:
    """A table's corner, with its size under it when there is more."""
    head = tag("tr", [tag("th", column, style=_cell_style(None)) for column in table["columns"]])
    body = [tag("tr", [_cell(value, first=not place) for place, value in enumerate(row)]) for row in table["rows"]]
    shown = tag("table", tag("thead", head), tag("tbody", body), style="border-collapse:collapse;font-size:12px")
    return join([shown, tag("div", size(table), style="font-size:11px;opacity:.7;margin:4px 0")])


def picture(image: Image) -> Html:
    """A small picture, with its words for whoever cannot see it or whose page drops it."""
    source = f"data:{image['media_type']};base64,{image['data']}"
    shown = tag("img", src=source, alt=image["text"], style="max-width:100%;background:#fff;border-radius:4px")
    return join([shown, tag("div", image["text"], style="font-size:11px;opacity:.7")])


def _attribute(key: str, value: object) -> str:
    return f" {key}" if value is True else f' {key}="{escape(str(value))}"'


def _part(part: str | Iterable[str]) -> str:
    if isinstance(part, Html):
        return part
    return escape(part) if isinstance(part, str) else join(part)


def _cell(value: Any, *, first: bool) -> Html:
    return tag("th" if first else "td", str(value), style=_cell_style(value))


def _cell_style(value: Any) -> str:
    side = "right" if isinstance(value, int | float) else "left"
    return f"{_CELL};text-align:{side};{NUMBERS}"


def _block(block: Block) -> Html:
    return _BLOCKS[block["block"]](block)


def _heading(block: Block) -> Html:
    level = min(6, block["level"] + 2)  # the answer is a part of somebody's notebook, not its title
    return tag(f"h{level}", _spans(block["spans"]), style="margin:12px 0 4px;font-size:1.05em;font-weight:600")


def _list(block: Block) -> Html:
    items = [tag("li", _spans(item)) for item in block["items"]]
    return tag("ol" if block["ordered"] else "ul", items, style="margin:4px 0 8px;padding-left:24px")


def _table(block: Block) -> Html:
    head = tag("tr", [tag("th", _spans(cell), style=_cell_style(None)) for cell in block["head"]])
    rows = [
        tag("tr", [tag("td", _spans(cell), style=_cell_style(_number(cell))) for cell in row]) for row in block["rows"]
    ]
    return tag(
        "table",
        tag("thead", head),
        tag("tbody", rows),
        style="border-collapse:collapse;font-size:13px;margin:6px 0 10px",
    )


def _number(cell: list[Span]) -> float | None:
    """The number that a cell of prose holds, so that it can stand to the right; None for words."""
    try:
        return float("".join(span["text"] for span in cell).replace(",", "").removesuffix("%"))
    except ValueError:
        return None


_BLOCKS: Final[dict[str, Callable[[Block], Html]]] = {
    "heading": _heading,
    "paragraph": lambda block: tag("p", _spans(block["spans"]), style="margin:4px 0 8px"),
    "quote": lambda block: tag("blockquote", _spans(block["spans"])),
    "list": _list,
    "code": lambda block: pre(block["text"]),
    "table": _table,
    "rule": lambda _: tag("hr"),
}


def _spans(found: list[Span]) -> Html:
    return join(_span(span) for span in found)


def _span(span: Span) -> Html:
    kind, text = span["span"], span["text"]
    if kind == "text":
        return join([text])
    if kind == "link":
        return tag("a", text, href=span["url"], rel="noopener noreferrer")
    return tag(kind, text, style=_CODE if kind == "code" else "")
