"""Passages: chunks of documents for everything that is made of them; here their texts are simply kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.twin.code import chunks
from victor_nb.retrieval.core.twin.embed import hash_embed
from victor_nb.retrieval.core.types import CutChunk, Fields, PassageDocument

if TYPE_CHECKING:
    from victor_nb.retrieval import core as seam


class Passages:
    """Chunks with the title and the path of their document."""

    def __init__(self, documents: Sequence[PassageDocument]) -> None:
        self._passages = [(title, path, text) for title, path, texts in documents for text in texts]

    def __len__(self) -> int:
        return len(self._passages)

    def fields(self, heading: int) -> list[Fields]:
        """Return what is searched for words, with weights: that of the text is 1."""
        return [[(title, heading), (path, heading), (text, 1)] for title, path, text in self._passages]

    def embed(self, table: seam.StaticTable) -> NDArray[np.float32]:
        """Return one row a passage, of title and text, as precise as 16-bit floats."""
        return _halved(table.embed(self._said()))

    def hash_embed(self, dimension: int) -> NDArray[np.float32]:
        """Do as `embed`, with hashed terms."""
        return _halved(hash_embed(self._said(), dimension))

    def _said(self) -> list[str]:
        return [f"{title}\n{text}" for title, _, text in self._passages]


def _halved(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    halves: NDArray[np.float16] = (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float16)
    return halves.astype(np.float32)


def cut(texts: Sequence[str], languages: Sequence[str]) -> list[list[CutChunk]]:
    """Cut many texts, each along the syntax of its language."""
    return [_cut(text, language) for text, language in zip(texts, languages, strict=True)]


def _cut(text: str, language: str) -> list[CutChunk]:
    lines = text.split("\n")
    return [
        ("\n".join(lines[first - 1 : last]), first, last, tuple(names)) for first, last, names in chunks(text, language)
    ]
