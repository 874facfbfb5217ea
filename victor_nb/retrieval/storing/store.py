"""The journal of documents: what an index is built from, in one SQLite file.

1. Documents are committed here first; both kinds of index follow. Whatever happens to those, they are built from here.
2. A key stands for one chunk for ever: it only grows and is never given twice.
3. A deletion has a number. An index knows up to which it has come (its mark); what came after is repeated.
4. A failed transaction leaves nothing behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.sources.documents import Prepared
from victor_nb.retrieval.storing.database import Database

AT_ONCE: Final = 500
"""Values in one statement; SQLite allows at least 999."""

KEPT_AT_MOST: Final = 20_000
"""Chunks of a transaction that are kept until it is committed; more are read again."""

NAME_END: Final = "\n"
"""Between names that a chunk defines: headings are names too, so a blank does not do."""


def said(title: str, text: str) -> str:
    """Return what is embedded of a chunk: the title before the text."""
    return f"{title}\n{text}" if title else text


class Chunk(NamedTuple):
    """A chunk as it is stored, with what belongs to its document."""

    key: int
    document: str
    title: str
    path: str
    metadata: str
    kind: str
    cell: int | None
    first: int
    last: int
    text: str
    names: tuple[str, ...]

    @property
    def said(self) -> str:
        """What is embedded."""
        return said(self.title, self.text)


_CHUNK = (
    "SELECT c.key, d.id, d.title, d.path, d.metadata, c.kind, c.cell, c.first, c.last, c.text, c.names "
    "FROM chunks c JOIN documents d ON d.number = c.document "
)


class Written:
    """What a transaction wrote, kept so that nobody has to read it back; all of it, or nothing if it is much."""

    def __init__(self) -> None:
        self._documents: dict[int, tuple[int, Prepared]] = {}
        self._chunks = 0

    def note(self, number: int, key: int, document: Prepared) -> None:
        """Note a document by its number, and the key of its first chunk."""
        self._chunks += len(document.pieces)
        if self._chunks <= KEPT_AT_MOST:
            self._documents[number] = (key, document)
        else:
            self._documents.clear()

    def forget(self, number: int) -> None:
        """Forget a document: it was deleted again."""
        self._documents.pop(number, None)

    def taken(self) -> list[tuple[int, Prepared]]:
        """Return the documents in the order of their keys, each with its first, and start anew."""
        documents = list(self._documents.values())
        self._documents.clear()
        self._chunks = 0
        return documents


class Documents:
    """Documents, their chunks, deletions and vectors."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.written = Written()

    def put(self, document: Prepared, source: int = 0) -> bool:
        """Write a document, replacing one of the same id; return whether anything changed. Inside a transaction."""
        return self.put_all([document], source)[0]

    def put_all(self, documents: Sequence[Prepared], source: int = 0) -> list[bool]:
        """Do as `put` for documents whose ids are different."""
        known = self.known([document.id for document in documents])
        hashes = [document.hash for document in documents]
        is_changed = []
        for document, hashed in zip(documents, hashes, strict=True):
            number, before, of = known.get(document.id, (0, b"", source))
            is_changed.append(before != hashed)
            if before != hashed and number:
                self._remove(number)
            elif of != source:
                self.database.run("UPDATE documents SET source = ? WHERE number = ?", source, number)
        pairs = zip(documents, hashes, is_changed, strict=True)
        self._insert([(document, hashed) for document, hashed, changed in pairs if changed], source)
        return is_changed

    def known(self, ids: Sequence[str]) -> dict[str, tuple[int, bytes, int]]:
        """Return number, hash and source of the documents of ids, those that are there."""
        found: dict[str, tuple[int, bytes, int]] = {}
        for some in _parts(ids):
            rows = self.database.run(
                f"SELECT id, number, hash, source FROM documents WHERE id IN ({_marks(some)})", *some
            )
            found.update((row[0], row[1:]) for row in rows)
        return found

    def _insert(self, documents: Sequence[tuple[Prepared, bytes]], source: int) -> None:
        key = self.next_key()
        number = int(self.database.run("SELECT ifnull(max(number), 0) FROM documents").fetchone()[0])
        rows: list[tuple[object, ...]] = []
        placed: list[tuple[int, int, Prepared]] = []
        for document, hashed in documents:
            number += 1
            rows.append((number, document.id, source, document.title, document.path, document.metadata, hashed))
            placed.append((number, key, document))
            self.written.note(number, key, document)
            key += len(document.pieces)
        self.database.run_many(
            "INSERT INTO documents (number, id, source, title, path, metadata, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
        )
        self.database.run_many(
            "INSERT INTO chunks (key, document, kind, cell, first, last, names, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (each, number, kind, cell, first, last, NAME_END.join(names), text)
                for number, key, document in placed
                for each, (text, first, last, names, kind, cell) in enumerate(document.pieces, key)
            ),
        )

    def remove(self, ids: Iterable[str]) -> int:
        """Delete documents and return how many were there. Inside a transaction."""
        removed = 0
        for name in ids:
            known = self.database.run("SELECT number FROM documents WHERE id = ?", name).fetchone()
            if known is not None:
                self._remove(known[0])
                removed += 1
        return removed

    def _remove(self, number: int) -> None:
        run = self.database.run
        self.written.forget(number)
        run("INSERT INTO deletions (key) SELECT key FROM chunks WHERE document = ? ORDER BY key", number)
        run("DELETE FROM chunks WHERE document = ?", number)
        run("DELETE FROM documents WHERE number = ?", number)

    def has(self, name: str) -> bool:
        """Answer whether there is a document of this id."""
        return self.database.run("SELECT 1 FROM documents WHERE id = ?", name).fetchone() is not None

    def count(self) -> tuple[int, int]:
        """Return how many documents and how many chunks there are."""
        found = self.database.run("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)").fetchone()
        return int(found[0]), int(found[1])

    def next_key(self) -> int:
        """Return the smallest key that was never given."""
        found = self.database.run("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        return int(found[0]) + 1 if found else 1

    def chunks_from(self, key: int, most: int) -> list[Chunk]:
        """Return at most so many chunks in the order of keys, beginning with `key`."""
        rows = self.database.run(f"{_CHUNK} WHERE c.key >= ? ORDER BY c.key LIMIT ?", key, most)
        return [_chunk(row) for row in rows]

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """Return the chunks of keys, those that are there."""
        found: dict[int, Chunk] = {}
        for some in _parts(keys):
            rows = self.database.run(f"{_CHUNK} WHERE c.key IN ({_marks(some)})", *some)
            found.update((row[0], _chunk(row)) for row in rows)
        return found

    def chunks_of(self, name: str) -> list[Chunk]:
        """Return the chunks of a document by its id, else by its path, in their order."""
        if not name:
            return []
        where = "WHERE d.{} = ? ORDER BY c.key"
        for column in ("id", "path"):
            if rows := self.database.run(_CHUNK + where.format(column), name).fetchall():
                return [_chunk(row) for row in rows]
        return []

    def places(self, keys: Sequence[int]) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Return key, path and names of the chunks of keys whose document lies somewhere."""
        for some in _parts(keys):
            rows = self.database.run(
                "SELECT c.key, d.path, c.names FROM chunks c JOIN documents d ON d.number = c.document "
                f"WHERE c.key IN ({_marks(some)}) AND d.path <> ''",
                *some,
            )
            yield from ((key, path, names_in(names)) for key, path, names in rows)

    def last_deletion(self) -> int:
        """Return the number of the last deletion; 0 if there was none."""
        found = self.database.run("SELECT seq FROM sqlite_sequence WHERE name = 'deletions'").fetchone()
        return int(found[0]) if found else 0

    def deleted_after(self, mark: int) -> list[int]:
        """Return the keys that were deleted after a mark, in order."""
        return [row[0] for row in self.database.run("SELECT key FROM deletions WHERE seq > ? ORDER BY seq", mark)]

    def first_deletion(self) -> int:
        """Return the number of the oldest deletion that is still known, or the next one's if none is."""
        found = self.database.run("SELECT min(seq) FROM deletions").fetchone()[0]
        return int(found) if found is not None else self.last_deletion() + 1

    def forget_deletions(self, mark: int) -> None:
        """Drop what every index has done."""
        self.database.run("DELETE FROM deletions WHERE seq <= ?", mark)

    def vectors(self, embedder: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors that are known of texts with these hashes."""
        found: dict[bytes, NDArray[np.float16]] = {}
        for some in _parts(hashes):
            rows = self.database.run(
                f"SELECT hash, vector FROM vectors WHERE embedder = ? AND hash IN ({_marks(some)})", embedder, *some
            )
            found.update((row[0], np.frombuffer(row[1], dtype="<f2")) for row in rows)
        return found

    def keep_vectors(self, embedder: str, vectors: Iterable[tuple[bytes, NDArray[np.float16]]]) -> None:
        """Keep vectors by the hashes of their texts. Inside a transaction."""
        self.database.run_many(
            "INSERT OR REPLACE INTO vectors (embedder, hash, vector) VALUES (?, ?, ?)",
            ((embedder, hashed, vector.astype("<f2").tobytes()) for hashed, vector in vectors),
        )

    def drop_vectors(self, embedder: str, used: set[bytes]) -> None:
        """Drop the vectors of other embedders, and of texts that are in no document any more. Inside a transaction."""
        self.database.run("DELETE FROM vectors WHERE embedder <> ?", embedder)
        known = [row[0] for row in self.database.run("SELECT hash FROM vectors")]
        self.database.run_many("DELETE FROM vectors WHERE hash = ?", ((each,) for each in known if each not in used))

    def fact(self, name: str) -> object:
        """Return what is noted under a name, or None."""
        found = self.database.run("SELECT value FROM facts WHERE name = ?", name).fetchone()
        return None if found is None else json.loads(found[0])

    def note(self, **facts: object) -> None:
        """Note facts by name."""
        self.database.run_many(
            "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
            ((name, json.dumps(value)) for name, value in facts.items()),
        )


def _chunk(row: tuple[Any, ...]) -> Chunk:
    return Chunk._make((*row[:-1], names_in(row[-1])))


def names_in(stored: str) -> tuple[str, ...]:
    """Return the names that a chunk defines."""
    return tuple(stored.split(NAME_END)) if stored else ()


def _marks(some: Sequence[object]) -> str:
    return ",".join("?" * len(some))


def _parts(values: Sequence[object]) -> Iterator[Sequence[object]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def opened(path: Path | None, *, read_only: bool = False) -> Documents:
    """Open the documents of an index, or start them; None keeps them in memory."""
    return Documents(Database.open(path, read_only=read_only))
