"""From a citation back to the text: the passage that it names, with lines around it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Final

from victor_nb.retrieval.errors import NothingThere
from victor_nb.retrieval.hits import Hit
from victor_nb.retrieval.storing.store import Chunk

_CITED: Final = re.compile(
    r"(?P<place>.+?)(?:#(?P<cell>\d{1,9}))?(?::(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?)?", re.DOTALL
)


def passage(chunks_of: Callable[[str], Sequence[Chunk]], source: str, around: int) -> Hit:
    """Return what a citation names, joined out of the chunks that it touches. Raises: NothingThere."""
    try:
        return _joined(chunks_of(source), source)  # an id may look like a citation
    except NothingThere:
        found = _CITED.fullmatch(source)
        if found is None or found["place"] == source:
            raise
    cell = int(found["cell"]) if found["cell"] else None
    chunks = [each for each in chunks_of(found["place"]) if cell is None or each.cell == cell]
    if found["first"]:
        first, last = int(found["first"]), int(found["last"] or found["first"])
        chunks = [each for each in chunks if each.first <= last + around and each.last >= first - around]
        cut = [_within(each, first - around, last + around) for each in chunks]
        return _joined(cut, source)
    return _joined(chunks, source)


def _within(chunk: Chunk, first: int, last: int) -> Chunk:
    """Cut a chunk to some lines; one whose text is not the lines of its file (a docstring) stays whole."""
    lines = chunk.text.split("\n")
    if len(lines) != chunk.last - chunk.first + 1:
        return chunk
    start, end = max(first, chunk.first), min(last, chunk.last)
    text = "\n".join(lines[start - chunk.first : end - chunk.first + 1])
    return chunk._replace(first=start, last=end, text=text)


def _joined(chunks: Sequence[Chunk], source: str) -> Hit:
    if not chunks:
        raise NothingThere(f"{source!r} names no lines that are known", hint="search again: the document has changed")
    head = chunks[0]
    cells = {each.cell for each in chunks}
    in_one = len(cells) == 1
    lines = (min(each.first for each in chunks), max(each.last for each in chunks))
    return Hit(
        id=head.document,
        score=0.0,
        text="\n\n".join(each.text for each in chunks) if not in_one else _in_order(chunks),
        title=head.title,
        path=head.path,
        lines=lines if in_one and lines[0] and head.path else None,
        cell=head.cell if in_one else None,
        metadata=json.loads(head.metadata),
        names=tuple(name for each in chunks for name in each.names),
    )


def _in_order(chunks: Sequence[Chunk]) -> str:
    """Put chunks of one file together; a gap between them was blank lines, or lines that say nothing."""
    text, last = "", None
    for each in sorted(chunks, key=lambda chunk: (chunk.first, chunk.key)):
        gap = 0 if last is None else max(each.first - last - 1, 0)
        text += ("\n" + "\n" * min(gap, 3) if last is not None else "") + each.text
        last = each.last
    return text
