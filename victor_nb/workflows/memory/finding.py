"""Finding items: by nothing but their place, by fields, by words, or by meaning."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from victor_nb.journal import JournalReadOnly
from victor_nb.journal.codec import Reader
from victor_nb.journal.items import ItemRow, Items
from victor_nb.journal.redaction import Redactor
from victor_nb.workflows.memory.embedding import Embedder, cosines, name_of, vectors_of
from victor_nb.workflows.memory.filtering import fits
from victor_nb.workflows.memory.operations import Search
from victor_nb.workflows.memory.ranking import scores_by_words
from victor_nb.workflows.memory.texts import words_of

MOST_RANKED: Final = 5000
"""Of more items that have a word of the query, the store chooses so many to be ranked."""

_ALL: Final = 2**62
_blobs_in = msgspec.msgpack.Decoder(dict[str, bytes]).decode

Scored = tuple[ItemRow, float | None]


def value_of(row: ItemRow) -> Any:
    """Return the value of an item, brought to life."""
    blobs = _blobs_in(row.parts) if row.parts else {}
    return Reader(blobs.__getitem__).value(row.raw)["value"]


@dataclass(frozen=True, slots=True)
class Finder:
    """Answers searches from a store's items."""

    items: Items
    embedder: Embedder | None
    redactor: Redactor

    def found(self, place: str, asked: Search, now: float) -> list[Scored]:
        """Return what is asked for, the best first; without a query the last written first."""
        if asked.query and asked.query.strip():
            ranked = self._ranked(place, asked.query, now, is_filtered=bool(asked.filter))
        elif asked.filter:
            ranked = [(row, None) for row in self.items.below(place, now, limit=None, offset=0)]
        else:
            rows = self.items.below(place, now, limit=asked.limit, offset=asked.offset)
            return [(row, None) for row in rows]
        if asked.filter:
            ranked = [(row, score) for row, score in ranked if fits(value_of(row), asked.filter)]
        return ranked[asked.offset : asked.offset + asked.limit]

    def _ranked(self, place: str, query: str, now: float, *, is_filtered: bool) -> list[Scored]:
        """Items that fit a query, the best first; among equals the last written, then by name."""
        if self.embedder is not None:
            scored = self._by_meaning(self.embedder, place, query, now)
        else:
            wanted = words_of(query)
            limit = _ALL if is_filtered else MOST_RANKED
            rows = self.items.with_words(place, wanted, now, limit) if wanted else []
            scored = list(zip(rows, scores_by_words([row.words.split(" ") for row in rows], wanted), strict=True))
        in_order = sorted(scored, key=lambda one: (-one[1], -one[0].updated, one[0].place, one[0].name))
        return [(row, score) for row, score in in_order]

    def _by_meaning(self, embedder: Embedder, place: str, query: str, now: float) -> list[tuple[ItemRow, float]]:
        (wanted,) = vectors_of(embedder, [self.redactor.clean_text(query)])
        found = self.items.below(place, now, limit=None, offset=0)
        rows = self._described(embedder, [row for row in found if row.words], len(wanted))
        return list(zip(rows, cosines([row.vector for row in rows], wanted), strict=True)) if rows else []

    def _described(self, embedder: Embedder, rows: list[ItemRow], size: int) -> list[ItemRow]:
        """The rows with vectors of this embedder, made now for those that were written without it."""
        known = name_of(embedder)
        without = [row for row in rows if row.embedder != known or len(row.vector) != size]
        if not without:
            return rows
        # Their texts are not kept, only the words of these: nearly the same to an embedder.
        made = vectors_of(embedder, [row.words for row in without])
        new = [row._replace(vector=vector, embedder=known) for row, vector in zip(without, made, strict=True)]
        with suppress(JournalReadOnly):  # then they are made again the next time
            self.items.describe(new)
        by_name = {(row.place, row.name): row for row in new}
        return [by_name.get((row.place, row.name), row) for row in rows]
