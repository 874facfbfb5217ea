"""Definitions of Python code: by indentation, where strings and brackets allow it."""

from __future__ import annotations

import re

from victor_nb.retrieval.core.types import Symbol

_DEFINITION = re.compile(
    r"(?:async[ \t]*(?=[dc]))?(def|class)(?![0-9A-Za-z_\x80-\U0010ffff])[ \t]*([0-9A-Za-z_\x80-\U0010ffff]+)"
)
_SPECIAL = re.compile(r"""[\n()\[\]{}#\\"']""")


def symbols(text: str) -> list[Symbol]:
    """Return classes, functions and methods; decorators belong to what they decorate."""
    found: list[Symbol] = []
    opened: list[tuple[int, int]] = []  # place in `found`, indentation
    at, line, last_code, decorated = 0, 1, 0, 0
    while at < len(text):
        indent, start = _indentation(text, at)
        if text[start : start + 1] in {"", "\n", "\r", "#"}:
            at = text.find("\n", start) + 1 or len(text)
            line += 1
            continue
        while opened and opened[-1][1] >= indent:
            _close(found, opened.pop()[0], last_code)
        end, lines = _logical_line(text, start)
        if text[start] == "@":
            decorated = decorated or line
        else:
            if match := _DEFINITION.match(text, start):
                outer = found[opened[-1][0]] if opened else None
                found.append(_symbol(match, outer, decorated or line))
                opened.append((len(found) - 1, indent))
            decorated = 0
        last_code = line + lines
        line = last_code + 1
        at = end
    for index, _ in opened:
        _close(found, index, last_code)
    return found


def _symbol(match: re.Match[str], outer: Symbol | None, first: int) -> Symbol:
    kind = "class" if match[1] == "class" else "method" if outer and outer[1] == "class" else "function"
    return (f"{outer[0]}.{match[2]}" if outer else match[2], kind, first, 0)


def _close(found: list[Symbol], index: int, last: int) -> None:
    name, kind, first, _ = found[index]
    found[index] = (name, kind, first, last)


def _indentation(text: str, at: int) -> tuple[int, int]:
    indent = 0
    while at < len(text):
        match text[at]:
            case " ":
                indent += 1
            case "\t":
                indent = (indent // 8 + 1) * 8
            case "\x0c":
                indent = 0
            case _:
                break
        at += 1
    return indent, at


def _logical_line(text: str, at: int) -> tuple[int, int]:
    """Return where the next line starts after the statement at `at`, and how many line ends are inside of it."""
    depth = lines = 0
    while special := _SPECIAL.search(text, at):
        at = special.end()
        match special[0]:
            case "\n":
                if depth == 0:
                    return at, lines
                lines += 1
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth = max(0, depth - 1)
            case "#":
                at = text.find("\n", at)
                if at < 0:
                    at = len(text)
            case "\\":
                at += text[at : at + 1] == "\r"
                lines += text[at : at + 1] == "\n"
                at += 1
            case quote:
                at, inside = _string(text, at - 1, quote)
                lines += inside
    # The last line may have no end; a statement never counts a line after its own.
    return len(text), lines - (text.endswith("\n") and lines > 0)


def _string(text: str, at: int, quote: str) -> tuple[int, int]:
    """Return where the string at `at` has ended, and how many line ends are inside of it."""
    triple = text.startswith(quote * 3, at)
    place, lines = at + (3 if triple else 1), 0
    pattern = re.compile(rf"[\\\n{quote}]")
    while special := pattern.search(text, place):
        place = special.end()
        if special[0] == "\\":
            lines += text[place : place + 1] == "\n"
            place += 1
        elif special[0] == "\n":
            if not triple:
                return place - 1, lines
            lines += 1
        elif not triple:
            return place, lines
        elif text.startswith(quote * 3, place - 1):
            return place + 2, lines
    return len(text), lines
