"""Runs that leave a journal's SQLite file.

1. Everything that decides whether a run may go is looked at inside the transaction that removes it.
2. Long looks are reads, which hold up no writer; a transaction that writes touches a few hundred rows.
3. What is freed can be given back to the file system page by page only in a file that was made for it; an older one has
   to be written anew once.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from victor_nb.journal.disposal import REFERENCES, Remains, Summary, may_nest, names_in
from victor_nb.journal.packing import packed, unpacked
from victor_nb.journal.rows import Head
from victor_nb.journal.sqlite_file import SqliteFile

PAGES_AT_ONCE: Final = 256
_INCREMENTAL: Final = 2
_BEGINNING: Final = 4096
"""Bytes of a blob that tell what it is, also when it is compressed."""
_PER_ROW: Final = 60
"""About what an event takes besides its body, in bytes."""
_REFERS: Final = " OR ".join(f"instr({{column}}, x'{word.hex()}')" for word in REFERENCES)
_STATE: Final = """SELECT status, owner, updated,
    coalesce((SELECT seq FROM events WHERE run = runs.id ORDER BY seq DESC LIMIT 1), 0),
    EXISTS (SELECT 1 FROM pins WHERE pins.run_id = runs.run_id) FROM runs WHERE id = ?"""
_RAISE: Final = """INSERT INTO removals VALUES (1, 1, ?) ON CONFLICT (id) DO UPDATE
    SET generation = generation + 1, newest = max(newest, excluded.newest)"""
_ORPHANS: Final = """WITH RECURSIVE found (number) AS (SELECT min(run) FROM events UNION ALL
        SELECT (SELECT min(run) FROM events WHERE run > number) FROM found WHERE number IS NOT NULL)
    SELECT number FROM found WHERE number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs WHERE id = number)"""


class SqliteDisposal:
    """Works on a journal's file.

    Args:
        forget: is told the ids of runs that are gone.
    """

    def __init__(self, file: SqliteFile, forget: Callable[[Iterable[str]], None]) -> None:
        self._file, self._forget = file, forget
        self._has_tables = False

    # -- what is remembered ----------------------------------------------------------------------------------------

    def remains(self, generation: int) -> Remains | None:
        def work(connection: sqlite3.Connection) -> Remains | None:
            if self._generation(connection) == generation:
                return None
            connection.execute("BEGIN")  # one moment for all of it
            now = self._generation(connection)
            numbers = frozenset(number for (number,) in connection.execute("SELECT id FROM runs"))
            rows = connection.execute("SELECT id, packed, content FROM summaries ORDER BY id").fetchall()
            connection.execute("COMMIT")
            return Remains(now, numbers, tuple(Summary(row[0], unpacked(*row[1:])) for row in rows))

        return self._file.retried(work)

    def _generation(self, connection: sqlite3.Connection) -> int:
        if not self._is_ready(connection):
            return 0
        row = connection.execute("SELECT generation FROM removals").fetchone()
        return row[0] if row else 0

    def _is_ready(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables are there: a file of an earlier version, opened for reading only, lacks them."""
        if not self._has_tables:
            query = "SELECT 1 FROM sqlite_master WHERE name = 'removals'"
            self._has_tables = connection.execute(query).fetchone() is not None
        return self._has_tables

    def merge(self, old: Collection[int], new: bytes) -> bool:
        content = packed(new)

        def work(connection: sqlite3.Connection) -> bool:
            there = {number for (number,) in connection.execute("SELECT id FROM summaries")}
            if not there >= set(old):
                return False
            connection.executemany("DELETE FROM summaries WHERE id = ?", [(number,) for number in old])
            self._remember(connection, content, 0)
            return True

        return self._file.transaction(work)

    def _remember(self, connection: sqlite3.Connection, content: tuple[bool, bytes], newest: int) -> None:
        connection.execute("INSERT INTO summaries (packed, content) VALUES (?,?)", content)
        connection.execute(_RAISE, (newest,))

    # -- runs ------------------------------------------------------------------------------------------------------

    def remove(self, heads: Sequence[Head], summary: bytes) -> list[int]:
        content = packed(summary)
        leaving = {head.run_id for head in heads}

        def work(connection: sqlite3.Connection) -> list[int]:
            stay = [head.number for head in heads if not _may_go(connection, head, leaving)]
            if stay:
                return stay
            connection.executemany("DELETE FROM runs WHERE id = ?", [(head.number,) for head in heads])
            connection.executemany("DELETE FROM mail WHERE run_id = ?", [(head.run_id,) for head in heads])
            self._remember(connection, content, max(head.number for head in heads))
            return []

        stay = self._file.transaction(work)
        if not stay:
            self._forget(leaving)
        return stay

    def children(self) -> dict[str, frozenset[str]]:
        query = "SELECT parent, run_id FROM runs WHERE parent != ''"
        found = defaultdict(set)
        for parent, child in self._file.retried(lambda connection: connection.execute(query).fetchall()):
            found[parent].add(child)
        return {parent: frozenset(built) for parent, built in found.items()}

    def weights(self, first: int, last: int) -> dict[int, int]:
        query = f"SELECT run, sum(length(raw) + {_PER_ROW}) FROM events WHERE run BETWEEN ? AND ? GROUP BY run"
        return self._file.retried(lambda connection: dict(connection.execute(query, (first, last)).fetchall()))

    def orphans(self) -> list[int]:
        return [number for (number,) in self._file.retried(lambda c: c.execute(_ORPHANS).fetchall())]

    def clear(self, number: int, most: int) -> int:
        chosen = "(SELECT seq FROM events WHERE run = ? ORDER BY seq LIMIT ?)"
        size = f"SELECT coalesce(sum(length(raw) + {_PER_ROW}), 0) FROM events WHERE run = ? AND seq IN {chosen}"
        delete = f"DELETE FROM events WHERE run = ? AND seq IN {chosen}"

        def work(connection: sqlite3.Connection) -> int:
            freed: int = connection.execute(size, (number, number, most)).fetchone()[0]
            connection.execute(delete, (number, number, most))
            return freed

        return self._file.transaction(work)

    # -- blobs -----------------------------------------------------------------------------------------------------

    def referring(self, first: int, last: int, *, after: int, through: int) -> Iterator[tuple[int, bytes]]:
        between = "BETWEEN ? AND ?"
        events = f"SELECT run, raw FROM events WHERE run {between} AND seq > ? AND seq <= ?"
        yield from self._rows(f"{events} AND ({_REFERS.format(column='raw')})", first, last, after, through)
        requests = f"SELECT id, request FROM runs WHERE id {between} AND ({_REFERS.format(column='request')})"
        if not after:
            yield from self._rows(requests, first, last)

    def _rows(self, query: str, *values: int | str) -> list[tuple[Any, ...]]:
        return self._file.retried(lambda connection: connection.execute(query, values).fetchall())

    def blobs(self) -> dict[str, int]:
        query = "SELECT name, length(content) FROM blobs"
        return self._file.retried(lambda connection: dict(connection.execute(query).fetchall()))

    def nesting(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for name in names:
            content = self._file.retried(partial(_nesting, name))
            if content is not None and any(word in content for word in REFERENCES):
                yield name, content

    def drop_blobs(self, names: Sequence[str], first: int, seen: dict[int, int]) -> tuple[int, int] | None:
        places = ",".join("?" * len(names))
        size = f"SELECT count(*), coalesce(sum(length(content)), 0) FROM blobs WHERE name IN ({places})"
        dropped = set(names)

        def work(connection: sqlite3.Connection) -> tuple[int, int] | None:
            if any(not dropped.isdisjoint(names_in(raw)) for raw in _grown(connection, first, seen)):
                return None
            found: tuple[int, int] = connection.execute(size, names).fetchone()
            connection.execute(f"DELETE FROM blobs WHERE name IN ({places})", names)
            return found

        return self._file.transaction(work)

    # -- pins ------------------------------------------------------------------------------------------------------

    def pin(self, run_id: str, now: float) -> bool:
        statement = "INSERT OR REPLACE INTO pins SELECT run_id, ? FROM runs WHERE run_id = ?"
        return self._file.retried(lambda c: c.execute(statement, (now, run_id)).rowcount == 1)

    def unpin(self, run_id: str) -> bool:
        return self._file.retried(lambda c: c.execute("DELETE FROM pins WHERE run_id = ?", (run_id,)).rowcount == 1)

    def pinned(self) -> frozenset[str]:
        def work(connection: sqlite3.Connection) -> frozenset[str]:
            if not self._is_ready(connection):
                return frozenset()
            return frozenset(run_id for (run_id,) in connection.execute("SELECT run_id FROM pins"))

        return self._file.retried(work)

    # -- room ------------------------------------------------------------------------------------------------------

    def give_back(self) -> int | None:
        def work(connection: sqlite3.Connection) -> int | None:
            if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
                return None
            size = _pages(connection)
            if not connection.execute("PRAGMA freelist_count").fetchone()[0]:
                # The file gets shorter when the log is written back; who reads just now only puts that off.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                return 0
            connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
            return (size - _pages(connection)) * int(connection.execute("PRAGMA page_size").fetchone()[0])

        return self._file.retried(work)

    def rewrite(self) -> int:
        def work(connection: sqlite3.Connection) -> int:
            before = _pages(connection)
            connection.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return (before - _pages(connection)) * int(connection.execute("PRAGMA page_size").fetchone()[0])

        return self._file.retried(work)

    def free_bytes(self) -> int:
        query = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
        return int(self._file.retried(lambda connection: connection.execute(query).fetchone())[0])


def _nesting(name: str, connection: sqlite3.Connection) -> bytes | None:
    """A blob's content; None, after a look at its beginning alone, for one that cannot refer to others."""
    row = connection.execute("SELECT rowid, packed FROM blobs WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    number, is_packed = row
    with connection.blobopen("blobs", "content", number, readonly=True) as blob:
        beginning = blob.read(_BEGINNING)
        told = zlib.decompressobj().decompress(beginning, 8) if is_packed else beginning
        if told and not may_nest(told):
            return None
        return unpacked(is_packed, beginning + blob.read())


def _may_go(connection: sqlite3.Connection, head: Head, leaving: set[str]) -> bool:
    """Whether a run is as it was, is not pinned, and no run is built on it that stays."""
    row = connection.execute(_STATE, (head.number,)).fetchone()
    if row is None or tuple(row) != (head.status, head.owner, head.updated, head.newest, 0):
        return False
    query = "SELECT run_id FROM runs WHERE parent = ? AND parent != ''"
    return all(child in leaving for (child,) in connection.execute(query, (head.run_id,)))


def _grown(connection: sqlite3.Connection, first: int, seen: dict[int, int]) -> Iterator[bytes]:
    """What was written since a look at the whole file and may refer to blobs."""
    refers = _REFERS.format(column="raw")
    for (request,) in connection.execute("SELECT request FROM runs WHERE id > ?", (first,)):
        yield request
    for (raw,) in connection.execute(f"SELECT raw FROM events WHERE run > ? AND ({refers})", (first,)):
        yield raw
    query = f"SELECT raw FROM events WHERE run = ? AND seq > ? AND ({refers})"
    for number, newest in seen.items():
        for (raw,) in connection.execute(query, (number, newest)):
            yield raw


def _pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_count").fetchone()[0])
