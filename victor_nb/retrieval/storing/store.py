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

NAME_END: Final = "\n"
"""Between names that a chunk defines: headings are names too, so a blank does not do."""


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
    names: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        """What weighs three times: the title and the path."""
        return f"{self.title} {self.path}".strip()

    @property
    def said(self) -> str:
        """What is embedded: the title before the text."""
        return f"{self.title}\n{self.text}" if self.title else self.text


_CHUNK = (
    "SELECT c.key, d.id, d.title, d.path, d.metadata, c.kind, c.cell, c.first, c.last, c.names, c.text "
    "FROM chunks c JOIN documents d ON d.number = c.document "
)


class Documents:
    """Documents, their chunks, deletions and vectors."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, document: Prepared, source: int = 0) -> bool:
        """Write a document, replacing one of the same id; return whether anything changed. Inside a transaction."""
        run = self.database.run
        known = run("SELECT number, hash, source FROM documents WHERE id = ?", document.id).fetchone()
        if known is not None:
            if known[1] == document.hash:
                if known[2] != source:
                    run("UPDATE documents SET source = ? WHERE number = ?", source, known[0])
                return False
            self._remove(known[0])
        number = run(
            "INSERT INTO documents (id, source, title, path, metadata, hash) VALUES (?, ?, ?, ?, ?, ?)",
            document.id,
            source,
            document.title,
            document.path,
            document.metadata,
            document.hash,
        ).lastrowid
        self.database.run_many(
            "INSERT INTO chunks (document, kind, cell, first, last, names, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (number, piece.kind, piece.cell, piece.first, piece.last, NAME_END.join(piece.names), piece.text)
                for piece in document.pieces
            ),
        )
        return True

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
    return Chunk._make((*row[:9], names_in(row[9]), row[10]))


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
