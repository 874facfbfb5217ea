"""What goes through the seam between the room and its core: plain data, the same for the compiled core and its twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Fields: TypeAlias = Sequence[tuple[str, int]]
"""Texts of one document with the weight of each: a term in a field of weight 3 counts three times."""

Found: TypeAlias = list[tuple[int, float]]
"""Keys and scores, best first; equal scores in the order of keys."""


Ranked: TypeAlias = tuple[int, float, float | None, float | None]
"""A key with its score, and the score that the lexical and the dense index gave it, if they found it."""


@dataclass(frozen=True, slots=True)
class IndexStats:
    """How large a lexical or dense index is.

    Attributes:
        documents: how many are stored, deleted ones too until the index is compacted.
        dead: how many of them are deleted.
        segments: immutable parts; `tail` counts the documents that are in none yet and not durable.
        bytes: what the segments take.
        next_key: keys of documents that are added must not be smaller.
        mark: the number that the owner gave with the last flush.
    """

    documents: int
    dead: int
    segments: int
    tail: int
    bytes: int
    next_key: int
    mark: int


Symbol: TypeAlias = tuple[str, str, int, int]
"""A definition: its name with those around it (`Class.method`), its kind, its first and its last line, from 1."""

ChunkSpan: TypeAlias = tuple[int, int, list[str]]
"""A chunk of whole lines: the first and the last, from 1, and the names of what begins in it."""

CutChunk: TypeAlias = tuple[str, int, int, tuple[str, ...]]
"""A chunk with its text: the text, its first and last line, from 1, and the names of what begins in it."""

PassageDocument: TypeAlias = tuple[str, str, Sequence[str]]
"""A document whose chunks become passages: its title, its path, and their texts."""

Pair: TypeAlias = tuple[int, int, float]
"""Places of two texts, the earlier first, and the part of their shingles that they share."""
