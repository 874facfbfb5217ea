"""Chunks of whole lines: definitions stay whole where they fit, small neighbours go together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from victor_nb.retrieval.core.twin.code.markdown import lines_of
from victor_nb.retrieval.core.types import ChunkSpan, Symbol

MOST = 1_600
"""Characters that a chunk may have; only a single longer line passes this."""
DEEPEST = 64
"""Definitions deeper than this are not cut at: no person writes them."""
LEAST = 400
"""Characters below which a chunk takes its neighbour in."""


def cut(text: str, symbols: list[Symbol]) -> list[ChunkSpan]:
    """Cut a text into chunks; lines that are blank at an end of a chunk are in none."""
    page = _Page(lines_of(text))
    pieces: list[tuple[int, int]] = []
    page.cut((1, len(page.blank)), symbols, 0, pieces)
    spans = (page.span(first, last, symbols) for first, last in page.joined(pieces))
    return [span for span in spans if span]


class _Page:
    def __init__(self, lines: Sequence[str]) -> None:
        self.ends = [0, *accumulate(len(line) + 1 for line in lines)]
        self.blank = [not line.strip(" \t\n\x0c\r") for line in lines]

    def size(self, first: int, last: int) -> int:
        return self.ends[last] - self.ends[first - 1]

    def cut(
        self, lines: tuple[int, int], symbols: Sequence[Symbol], nested: int, pieces: list[tuple[int, int]]
    ) -> None:
        """Cut the lines at the outermost of these symbols, and those again where they are too long."""
        first, last = lines
        if first > last:
            return
        if self.size(first, last) <= MOST:
            pieces.append((first, last))
            return
        following, at = first, 0
        while at < len(symbols) and nested < DEEPEST:
            _, _, begin, finish = symbols[at]
            inner = at + 1
            while inner < len(symbols) and symbols[inner][2] <= finish:
                inner += 1
            start, end = max(begin, following), min(finish, last)
            if start <= end:
                self.cut_plain(following, start - 1, pieces)
                self.cut((start, end), symbols[at + 1 : inner], nested + 1, pieces)
                following = end + 1
            at = inner
        self.cut_plain(following, last, pieces)

    def cut_plain(self, first: int, last: int, pieces: list[tuple[int, int]]) -> None:
        """Cut lines without definitions, at the last blank line that lets the piece fit, else anywhere."""
        while first <= last:
            end = min(last, max(first, bisect_right(self.ends, self.ends[first - 1] + MOST) - 1))
            if end < last:
                middle = first + (end - first) // 2
                end = next((line for line in range(end, middle - 1, -1) if self.blank[line - 1]), end)
            pieces.append((first, end))
            first = end + 1

    def joined(self, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Join neighbours while one of the two is small and both fit together."""
        joined: list[tuple[int, int]] = []
        for first, last in pieces:
            if joined and self.size(joined[-1][0], last) <= MOST:
                before = joined[-1]
                if self.size(*before) < LEAST or self.size(first, last) < LEAST:
                    joined[-1] = (before[0], last)
                    continue
            joined.append((first, last))
        return joined

    def span(self, first: int, last: int, symbols: Sequence[Symbol]) -> ChunkSpan | None:
        while first <= last and self.blank[first - 1]:
            first += 1
        if first > last:
            return None
        while self.blank[last - 1]:
            last -= 1
        start = bisect_left(symbols, first, key=lambda symbol: symbol[2])
        end = bisect_right(symbols, last, key=lambda symbol: symbol[2])
        return first, last, [symbol[0] for symbol in symbols[start:end]]
