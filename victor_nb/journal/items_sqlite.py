"""Items in the journal's SQLite file, found by their words through FTS5 where this SQLite has it.

1. The tables are made by the first write, so a journal that keeps no items is the file that it always was.
2. A row that is written anew gets a new id, and no id is used twice: what the index still says of an older one is
   about nothing. That lets a Python without FTS5 write too; what it wrote is found by looking at it.
3. Nothing reads before it writes in one transaction, except behind `BEGIN IMMEDIATE`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from victor_nb.journal.items import FOREVER, SWEPT_AT_ONCE, Change, ItemRow, Removal, end_of, last_of, start_of
from victor_nb.journal.sqlite_file import SqliteFile

_COLUMNS: Final = ", ".join(ItemRow._fields)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, indexed INTEGER NOT NULL,
    place TEXT NOT NULL, name TEXT NOT NULL, raw BLOB NOT NULL, parts BLOB NOT NULL, words TEXT NOT NULL,
    vector BLOB NOT NULL, embedder TEXT NOT NULL, version TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, expires REAL NOT NULL, ttl_s REAL NOT NULL,
    UNIQUE (place, name)
);
CREATE INDEX IF NOT EXISTS items_that_end ON items (expires) WHERE expires != 0.0;
CREATE INDEX IF NOT EXISTS items_not_indexed ON items (place) WHERE indexed = 0
"""
_INDEX: Final = "CREATE VIRTUAL TABLE IF NOT EXISTS item_words USING fts5(words, tokenize = 'unicode61')"
_ALIVE: Final = "(expires = 0.0 OR expires > ?)"
_AT_OR_BELOW: Final = f"place >= ? AND place < ? AND {_ALIVE}"


class SqliteItems:
    """Items in a journal's file.

    Args:
        has_index: whether FTS5 may be used; by default, if it is there.
    """

    def __init__(self, file: SqliteFile, *, has_index: bool | None = None) -> None:
        self._file, self._may_index = file, has_index
        self._has_made_tables = self._has_found_tables = False

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], now: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            self._make_tables(connection)
            for change in last_of(changes):
                self._change(connection, change, now)
            over = "SELECT id FROM items WHERE expires != 0.0 AND expires <= ? LIMIT ?"
            self._remove(connection, connection.execute(over, (now, SWEPT_AT_ONCE)).fetchall())

        self._file.transaction(work)
        self._has_made_tables = True

    def swap(self, row: ItemRow, expected: str, now: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            self._make_tables(connection)
            query = f"SELECT version FROM items WHERE place = ? AND name = ? AND {_ALIVE}"
            found = connection.execute(query, (row.place, row.name, now)).fetchone()
            if (found[0] if found else "") != expected:
                return False
            self._change(connection, row, now)
            return True

        was_swapped = self._file.transaction(work)
        self._has_made_tables = True
        return was_swapped

    def _change(self, connection: sqlite3.Connection, change: Change, now: float) -> None:
        query = f"SELECT id, created, {_ALIVE} FROM items WHERE place = ? AND name = ?"
        old = connection.execute(query, (now, change.place, change.name)).fetchone()
        if old is not None:
            self._remove(connection, [old])
        if isinstance(change, Removal):
            return
        row = change._replace(created=old[1]) if old is not None and old[2] else change
        marks = ", ".join("?" * (len(row) + 1))
        inserted = connection.execute(
            f"INSERT INTO items (indexed, {_COLUMNS}) VALUES ({marks})", (self._can_index(connection), *row)
        )
        if self._can_index(connection) and row.words:
            connection.execute("INSERT INTO item_words (rowid, words) VALUES (?, ?)", (inserted.lastrowid, row.words))

    def _remove(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        ids = [(row[0],) for row in rows]
        connection.executemany("DELETE FROM items WHERE id = ?", ids)
        if self._can_index(connection):
            connection.executemany("DELETE FROM item_words WHERE rowid = ?", ids)

    def prolong(self, rows: Sequence[ItemRow], now: float) -> None:
        statement = (
            "UPDATE items SET expires = ? + ttl_s WHERE place = ? AND name = ? AND version = ? AND expires != 0.0"
        )
        ending = [(now, row.place, row.name, row.version) for row in rows if row.expires != FOREVER]
        if ending:
            self._file.transaction(lambda connection: connection.executemany(statement, ending))

    def describe(self, rows: Sequence[ItemRow]) -> None:
        statement = "UPDATE items SET vector = ?, embedder = ? WHERE place = ? AND name = ? AND version = ?"
        values = [(row.vector, row.embedder, row.place, row.name, row.version) for row in rows]
        self._file.transaction(lambda connection: connection.executemany(statement, values))

    def sweep(self, now: float) -> int:
        def work(connection: sqlite3.Connection) -> int:
            over = connection.execute("SELECT id FROM items WHERE expires != 0.0 AND expires <= ?", (now,)).fetchall()
            self._remove(connection, over)
            return len(over)

        return self._file.transaction(work) if self._is_there() else 0

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, place: str, name: str, now: float) -> ItemRow | None:
        found = self._select(f"WHERE place = ? AND name = ? AND {_ALIVE}", place, name, now)
        return found[0] if found else None

    def below(self, place: str, now: float, *, limit: int | None, offset: int) -> list[ItemRow]:
        some = (-1 if limit is None else limit, offset)
        return self._select(f"WHERE {_AT_OR_BELOW} ORDER BY id DESC LIMIT ? OFFSET ?", *_range(place), now, *some)

    def with_words(self, place: str, words: Sequence[str], now: float, limit: int) -> list[ItemRow]:
        wanted = set(words)
        if not self._file.retried(self._has_index):
            rows = self.below(place, now, limit=None, offset=0)
            return [row for row in rows if not wanted.isdisjoint(row.words.split(" "))][:limit]
        where = (*_range(place), now)
        unseen = self._select(f"WHERE indexed = 0 AND {_AT_OR_BELOW}", *where)
        columns = ", ".join(f"items.{column}" for column in ItemRow._fields)
        query = (
            f"SELECT {columns} FROM item_words JOIN items ON items.id = item_words.rowid"
            f" WHERE item_words MATCH ? AND {_AT_OR_BELOW} ORDER BY item_words.rank, items.id DESC LIMIT ?"
        )
        anything = " OR ".join(f'"{word}"' for word in wanted)
        found = self._rows(query, anything, *where, limit) if anything else []
        return [*(row for row in unseen if not wanted.isdisjoint(row.words.split(" "))), *found][:limit]

    def places(self, now: float) -> list[str]:
        query = f"SELECT DISTINCT place FROM items WHERE {_ALIVE} ORDER BY place"
        if not self._is_there():
            return []
        return [place for (place,) in self._file.retried(lambda c: c.execute(query, (now,)).fetchall())]

    def _select(self, condition: str, *values: object) -> list[ItemRow]:
        return self._rows(f"SELECT {_COLUMNS} FROM items {condition}", *values)

    def _rows(self, query: str, *values: object) -> list[ItemRow]:
        if not self._is_there():
            return []
        return [ItemRow(*row) for row in self._file.retried(lambda c: c.execute(query, values).fetchall())]

    # -- tables ----------------------------------------------------------------------------------------------------

    def _is_there(self) -> bool:
        """Whether anything was ever written here, by whichever process."""
        if not self._has_found_tables:
            self._has_found_tables = self._file.retried(lambda c: _has_table(c, "items"))
        return self._has_found_tables

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        if self._has_made_tables:
            return
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        if self._can_index(connection):
            connection.execute(_INDEX)

    def _can_index(self, connection: sqlite3.Connection) -> bool:
        if self._may_index is None:
            query = "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_FTS5'"
            self._may_index = connection.execute(query).fetchone() is not None
        return self._may_index

    def _has_index(self, connection: sqlite3.Connection) -> bool:
        return self._can_index(connection) and _has_table(connection, "item_words")


def _range(place: str) -> tuple[str, str]:
    return start_of(place), end_of(place)


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None
