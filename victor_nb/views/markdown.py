"""The part of Markdown that answers use, as data: headings, paragraphs, lists, quotes, code, tables.

1. Input is a model's text and is trusted in nothing: HTML in it is text, and a link must be http(s).
2. `blocks` gives JSON values; `widgets/run_view/markdown.ts` is the same parser, held to the same fixtures.
3. `tamed` writes blocks back as Markdown in which only this part of the language works: no HTML, no picture
   that a reader's page would load.
4. It never fails and never backtracks over more than one line, so half an answer, streaming in, reads well.

A block is one of  {"block": "heading", "level", "spans"}   {"block": "paragraph" | "quote", "spans"}
                   {"block": "list", "ordered", "items": [spans]}   {"block": "code", "language", "text"}
                   {"block": "table", "head": [spans], "rows": [[spans]]}   {"block": "rule"}
A span is          {"span": "text" | "code" | "strong" | "em", "text"}   or   {"span": "link", "text", "url"}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

Span = dict[str, str]
Block = dict[str, Any]

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)", re.ASCII)
_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*$")
_ITEM: Final = re.compile(r"^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$", re.ASCII)
_RULE: Final = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
_DIVIDER: Final = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_SPAN: Final = re.compile(
    r"`([^`\n]+)`"
    r"|\*\*([^*\n]+)\*\*"
    r"|\*([^*\s][^*\n]*)\*"
    r"|\b_([^_\s][^_\n]*)_\b"
    r"|\[([^\]\n]+)\]\((https?://[^\s()]+)\)",
    re.ASCII,  # word edges as JavaScript sees them
)
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|#!&~$]")
_SPAN_KINDS: Final = ("code", "strong", "em", "em")


def blocks(text: str) -> list[Block]:
    """Parse a text into blocks, in order."""
    lines = text.replace("\r\n", "\n").split("\n")
    found: list[Block] = []
    place = 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        block, place = _block(lines, place)
        found.append(block)
    return found


def spans(text: str) -> list[Span]:
    """Parse one line of text into spans."""
    found: list[Span] = []
    end = 0
    for match in _SPAN.finditer(text):
        if match.start() > end:
            found.append({"span": "text", "text": text[end : match.start()]})
        found.append(_span(match))
        end = match.end()
    if end < len(text):
        found.append({"span": "text", "text": text[end:]})
    return found


def tamed(text: str) -> str:
    """Write a model's text as Markdown that shows the same everywhere and loads nothing."""
    return "\n\n".join(_WRITERS[block["block"]](block) for block in blocks(text))


def escaped(text: str) -> str:
    """Write a text so that Markdown, also in a table's cell, shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _span(match: re.Match[str]) -> Span:
    if match[6]:
        return {"span": "link", "text": match[5], "url": match[6]}
    kind, text = next((k, match[i]) for i, k in enumerate(_SPAN_KINDS, 1) if match[i] is not None)
    return {"span": kind, "text": text}


def _block(lines: list[str], place: int) -> tuple[Block, int]:
    """Read the block that starts at `place`; return it with the place after it."""
    line = lines[place]
    if fence := _FENCE.match(line):
        return _code(lines, place + 1, fence)
    if heading := _HEADING.match(line):
        return {"block": "heading", "level": len(heading[1]), "spans": spans(heading[2])}, place + 1
    if _RULE.match(line):
        return {"block": "rule"}, place + 1
    if _starts_table(lines, place):
        return _table(lines, place)
    if line.lstrip().startswith(">"):
        return _quote(lines, place)
    if item := _ITEM.match(line):
        return _list(lines, place, ordered=item[2] is not None)
    return _paragraph(lines, place)


def _code(lines: list[str], place: int, fence: re.Match[str]) -> tuple[Block, int]:
    end = place
    while end < len(lines) and not lines[end].lstrip().startswith(fence[1]):
        end += 1
    return {"block": "code", "language": fence[2], "text": "\n".join(lines[place:end])}, end + 1


def _starts_table(lines: list[str], place: int) -> bool:
    follows = place + 1 < len(lines) and "|" in lines[place + 1]
    return "|" in lines[place] and follows and bool(_DIVIDER.match(lines[place + 1]))


def _table(lines: list[str], place: int) -> tuple[Block, int]:
    end = place + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    rows = [_cells(line) for line in lines[place + 2 : end]]
    return {"block": "table", "head": _cells(lines[place]), "rows": rows}, end


def _cells(line: str) -> list[list[Span]]:
    inner = line.strip()
    inner = inner[1:] if inner.startswith("|") else inner
    inner = inner[:-1] if inner.endswith("|") else inner
    return [spans(cell.strip()) for cell in inner.split("|")]


def _quote(lines: list[str], place: int) -> tuple[Block, int]:
    end = place
    while end < len(lines) and lines[end].lstrip().startswith(">"):
        end += 1
    text = " ".join(line.lstrip()[1:].strip() for line in lines[place:end])
    return {"block": "quote", "spans": spans(text)}, end


def _list(lines: list[str], place: int, *, ordered: bool) -> tuple[Block, int]:
    """Read items of one kind; an indented line without a mark goes on with the item above it."""
    items: list[str] = []
    while place < len(lines) and lines[place].strip():
        item = _ITEM.match(lines[place])
        if item and (item[2] is not None) == ordered:
            items.append(item[3].strip())
        elif item or not lines[place].startswith(" "):
            break
        else:
            items[-1] += " " + lines[place].strip()
        place += 1
    return {"block": "list", "ordered": ordered, "items": [spans(item) for item in items]}, place


def _paragraph(lines: list[str], place: int) -> tuple[Block, int]:
    end = place + 1
    while end < len(lines) and lines[end].strip() and not _interrupts(lines, end):
        end += 1
    return {"block": "paragraph", "spans": spans("\n".join(line.strip() for line in lines[place:end]))}, end


def _interrupts(lines: list[str], place: int) -> bool:
    line = lines[place]
    marks = (_FENCE, _HEADING, _RULE, _ITEM)
    return any(mark.match(line) for mark in marks) or _starts_table(lines, place) or line.lstrip().startswith(">")


# --- writing it back ------------------------------------------------------------------------------------


def _line(found: list[Span]) -> str:
    return "".join(_WRITTEN_SPANS[span["span"]](span) for span in found)


def _write_list(block: Block) -> str:
    marks = (f"{place}." if block["ordered"] else "-" for place in range(1, len(block["items"]) + 1))
    return "\n".join(f"{mark} {_line(item)}" for mark, item in zip(marks, block["items"], strict=True))


def _write_code(block: Block) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block["text"])), default=0))
    return f"{fence}{block['language']}\n{block['text']}\n{fence}"


def _write_table(block: Block) -> str:
    rows = [block["head"], [[{"span": "rule", "text": ""}]] * len(block["head"]), *block["rows"]]
    return "\n".join("| " + " | ".join(_line(cell) for cell in row) + " |" for row in rows)


_WRITERS: Final[dict[str, Callable[[Block], str]]] = {
    "heading": lambda block: f"{'#' * min(6, block['level'] + 2)} {_line(block['spans'])}",
    "paragraph": lambda block: _line(block["spans"]),
    "quote": lambda block: f"> {_line(block['spans'])}",
    "list": _write_list,
    "code": _write_code,
    "table": _write_table,
    "rule": lambda _: "---",
}
_WRITTEN_SPANS: Final[dict[str, Callable[[Span], str]]] = {
    "text": lambda span: escaped(span["text"]),
    "code": lambda span: f"`{span['text']}`",
    "strong": lambda span: f"**{escaped(span['text'])}**",
    "em": lambda span: f"*{escaped(span['text'])}*",
    "link": lambda span: f"[{escaped(span['text'])}]({span['url']})",
    "rule": lambda _: "---",
}
