"""The SQLite file of an index: its tables, its transactions, and its errors made ours.

1. One process writes: it holds a lock beside the file for as long as the index is open, and the system lets go of it
   when the process dies. Others may read.
2. `synchronous=NORMAL` is enough for a kill; before another file is written that knows of a commit, `settle` makes
   that commit survive a power cut too.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from victor_nb.journal.file_lock import locked
from victor_nb.journal.sqlite_errors import is_busy
from victor_nb.journal.write_ahead import log_ahead
from victor_nb.retrieval.errors import (
    ClosedIndex,
    CorruptIndex,
    IndexInUse,
    NewerIndex,
    NothingThere,
    RetrievalError,
    UnusableFile,
)

FORMAT = 1
NAME = "documents.db"
LOCK = "in-use.db"
WAIT_S = 5.0

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source INTEGER NOT NULL, title TEXT NOT NULL,
    path TEXT NOT NULL, metadata TEXT NOT NULL, hash BLOB NOT NULL);
CREATE INDEX documents_by_path ON documents (path);
CREATE INDEX documents_by_source ON documents (source);
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, kind TEXT NOT NULL, cell INTEGER,
    first INTEGER NOT NULL, last INTEGER NOT NULL, names TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX chunks_by_document ON chunks (document);
CREATE TABLE deletions (seq INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL);
CREATE TABLE vectors (embedder TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (hash, embedder));
CREATE TABLE sources (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, place TEXT NOT NULL, shown TEXT NOT NULL, options TEXT NOT NULL,
    UNIQUE (kind, place));
CREATE TABLE files (
    source INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
    checked INTEGER NOT NULL, hash BLOB NOT NULL, problem TEXT NOT NULL, PRIMARY KEY (source, path)) WITHOUT ROWID;
"""


class Database:
    """One connection, used by one thread at a time; whoever owns it sees to that."""

    def __init__(self, connection: sqlite3.Connection, where: str, lock: sqlite3.Connection | None) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._lock, self.where = lock, where

    @classmethod
    def open(cls, folder: Path | None, *, read_only: bool = False) -> Self:
        """Open the file in a folder, or start one; None keeps everything in memory.

        Raises: IndexInUse, NewerIndex, CorruptIndex, UnusableFile; NothingThere for reading what was never made.
        """
        if folder is None:
            return cls(_connected(":memory:", "", read_only=False), "", None)
        file = folder / NAME
        if read_only:
            return cls(_connected(f"{file.absolute().as_uri()}?mode=ro", str(file), read_only=True), str(file), None)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise UnusableFile.because(problem) from problem
        lock = _locked(folder)
        try:
            return cls(_connected(file.absolute().as_uri(), str(file), read_only=False), str(file), lock)
        except BaseException:
            lock.close()
            raise

    def refuse_closed(self) -> None:
        """Raises: ClosedIndex."""
        self._open()

    def run(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Do one statement. Raises: our errors for SQLite's, ClosedIndex."""
        try:
            return self._open().execute(sql, values)
        except sqlite3.Error as problem:
            raise translated(problem, self.where) from problem

    def run_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Do one statement for many rows."""
        try:
            self._open().executemany(sql, rows)
        except sqlite3.Error as problem:
            raise translated(problem, self.where) from problem

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is done, or nothing."""
        try:  # an interrupt may come as soon as it has begun
            self.run("BEGIN IMMEDIATE")
            yield
            self.run("COMMIT")
        except BaseException:
            # A full disk can have rolled back already.
            self._end("ROLLBACK")
            raise

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Everything that is read inside is of one state, whatever another process commits meanwhile."""
        try:
            self.run("BEGIN")
            yield
        finally:
            self._end("COMMIT")

    def _end(self, how: str) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self.run(how)

    def settle(self) -> None:
        """Let everything that is committed survive a power cut."""
        self.run("PRAGMA wal_checkpoint(FULL)").fetchall()

    def copy_to(self, folder: Path) -> None:
        """Write a whole copy into another folder, which must have none."""
        target = Database.open(folder)
        try:
            self._open().backup(target._open())
        except sqlite3.Error as problem:
            raise translated(problem, target.where) from problem
        finally:
            target.close()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._connection is None

    def close(self) -> None:
        """Close the file and let go of the lock; doing so twice is allowed."""
        for connection in (self._connection, self._lock):
            if connection is not None:
                connection.close()
        self._connection = self._lock = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ClosedIndex("the index is closed", where=self.where, hint="open it again")
        return self._connection


def _connected(uri: str, where: str, *, read_only: bool) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=WAIT_S)
    except sqlite3.Error as problem:
        raise translated(problem, where) from problem
    try:
        if not read_only:
            log_ahead(connection, WAIT_S)
            connection.execute("PRAGMA synchronous=NORMAL")
        _known(connection, where, read_only=read_only)
    except sqlite3.Error as problem:
        connection.close()
        raise translated(problem, where) from problem
    except RetrievalError:
        connection.close()
        raise
    return connection


def _known(connection: sqlite3.Connection, where: str, *, read_only: bool) -> None:
    connection.execute("BEGIN")  # one view of both: another process may just be making the tables
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    holds_tables = connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()[0]
    connection.execute("COMMIT")
    if found > FORMAT:
        raise NewerIndex.at(where, f"format {found}; this version reads up to {FORMAT}")
    if found == 0:
        if holds_tables:
            raise CorruptIndex.at(where, "it is a database of something else")
        if read_only:
            raise NothingThere("the index has not been made yet", where, "Index(path) makes it; then open it again")
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;")


def _locked(folder: Path) -> sqlite3.Connection:
    try:
        return locked(folder / LOCK)
    except sqlite3.Error as problem:
        if is_busy(problem):
            raise IndexInUse(
                "another process has this index open",
                where=str(folder),
                hint="close it there, or read only: Index.open(path, read_only=True)",
            ) from problem
        raise translated(problem, str(folder / LOCK)) from problem


def wipe(folder: Path) -> None:
    """Take an index away, all but its lock: whoever opens it meanwhile is kept out by that.

    Raises: IndexInUse, UnusableFile.
    """
    if not folder.is_dir():
        return
    lock = _locked(folder)
    try:
        for each in sorted(folder.iterdir()):  # the documents before the log that belongs to them
            if not each.name.startswith(LOCK):
                shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)
    except OSError as problem:
        raise UnusableFile.because(problem) from problem
    finally:
        lock.close()


def translated(problem: sqlite3.Error, where: str) -> RetrievalError:
    """Return our error for one of SQLite's."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if is_busy(problem):
        return IndexInUse.at(where)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptIndex(
            f"the journal of documents is damaged: {problem}",
            where=where,
            hint="put back a copy of it, or delete the folder and add the documents again",
        )
    return UnusableFile(
        f"cannot use the journal of documents: {problem}",
        where=where,
        hint="free space, or choose a path that can be written; what was committed is safe",
    )
