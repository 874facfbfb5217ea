"""Static vectors in NumPy: a table with a row for each piece of a word, and texts as weighted sums of its rows.

The rules and the format of the file are those of `accelerate/core/src/hot/table.rs`. Sums are of whole numbers, so that
the order of adding cannot change them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core.twin import words
from victor_nb.retrieval.errors import CorruptIndex, NewerIndex, UnusableFile

_MAGIC, _VERSION, _HEADER = b"VNBTABLE", 1, 28
_MOST_FORMS = 200_000
_BATCH = 1_000
_PLAIN = {
    0xDF + place: letter
    for place, letter in enumerate(
        ".aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk"
        ".llllll....nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz."
    )
    if letter != "."
}


class StaticTable:
    """A table of static vectors, and the pieces of the words seen so far."""

    def __init__(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise UnusableFile.because(problem) from problem
        numbers = np.frombuffer(content[len(_MAGIC) : _HEADER], "<u4") if len(content) >= _HEADER else ()
        if not content.startswith(_MAGIC) or len(numbers) != 5:
            raise CorruptIndex.at(path, "it is no table of static vectors")
        version, count, self.dimension, spelled, checksum = map(int, numbers)
        if version > _VERSION:
            raise NewerIndex.at(path, f"format {version} is newer than {_VERSION}")
        body = content[_HEADER:]
        if zlib.crc32(body) != checksum or count * (self.dimension + 2) + spelled != len(body):
            raise CorruptIndex.at(path, "its checksum or its size is wrong")
        self._weights = np.frombuffer(body, "<u2", count).astype(np.int64)
        self._rows = np.frombuffer(body, np.int8, offset=count * 2 + spelled).reshape(count, self.dimension)
        pieces = body[count * 2 : count * 2 + spelled].decode().split("\n")
        self._known = {piece: row for row, piece in enumerate(pieces)}
        self._forms: dict[str, tuple[int, ...]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text without pieces."""
        parts = [self._summed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _summed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from scipy.sparse import csr_array

        spelled = [self._spelled(text) for text in texts]
        counts = csr_array(
            (
                np.ones(sum(map(len, spelled)), np.int64),
                np.fromiter((row for one in spelled for row in one), np.int64),
                np.cumsum([0, *map(len, spelled)]),
            ),
            shape=(len(texts), len(self._rows)),
        )
        counts.sum_duplicates()
        needed, places = np.unique(counts.indices, return_inverse=True)
        roots = np.fromiter((isqrt(256 * int(count)) for count in counts.data), np.int64, len(counts.data))
        # 64-bit floats hold these whole numbers exactly.
        factors = (roots * self._weights[counts.indices]).astype(np.float64)
        table = csr_array((factors, places, counts.indptr), shape=(len(texts), len(needed)))
        sums: NDArray[np.float64] = table @ self._rows[needed].astype(np.float64)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        rows: NDArray[np.float32] = (sums / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
        return rows

    def _spelled(self, text: str) -> list[int]:
        return [row for word in words.words(text) for row in self._of_word(word)]

    def _of_word(self, word: str) -> tuple[int, ...]:
        found = self._forms.get(word)
        if found is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forms.clear()
            parts = (part.translate(_PLAIN) for part in words.parts_of_word(word))
            found = self._forms[word] = tuple(row for part in parts for row in self._pieces(part))
        return found

    def _pieces(self, part: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(part):
            ahead = "##" if start else ""
            for end in range(len(part), start, -1):
                row = self._known.get(ahead + part[start:end])
                if row is not None:
                    break
            else:
                return []
            found.append(row)
            start = end
        return found
