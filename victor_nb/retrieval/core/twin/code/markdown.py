"""Sections of a Markdown text, by headings outside of fenced code."""

from __future__ import annotations

import re

from victor_nb.retrieval.core.types import Symbol

_HEADING = re.compile(r"(#{1,6})(?!#)[ \t]")


def symbols(text: str) -> list[Symbol]:
    """Return the sections; each runs to the next heading of its level or above."""
    found: list[Symbol] = []
    opened: list[tuple[int, int]] = []  # place in `found`, level
    fence = ""
    lines = lines_of(text)
    for number, line in enumerate(lines):
        mark = line.lstrip(" ")[:3]
        if mark in {"```", "~~~"}:
            fence = mark if not fence else "" if fence == mark else fence
            continue
        heading = _HEADING.match(line)
        if fence or not heading:
            continue
        level = len(heading[1])
        while opened and opened[-1][1] >= level:
            _close(found, opened.pop()[0], number)
        title = line[level:].strip(" \t#\r")
        name = f"{found[opened[-1][0]][0]}.{title}" if opened else title
        found.append((name, "section", number + 1, 0))
        opened.append((len(found) - 1, level))
    for index, _ in opened:
        _close(found, index, len(lines))
    return found


def _close(found: list[Symbol], index: int, last: int) -> None:
    name, kind, first, _ = found[index]
    found[index] = (name, kind, first, last)


def lines_of(text: str) -> list[str]:
    """Return the lines without their ends; what follows the last end is a line only if it is not empty."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]
