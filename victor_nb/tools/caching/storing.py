"""Where entries are kept: one SQLite file in the project's `.victor` folder, with a budget in bytes.

1. It is a convenience: what cannot be read is not there, what cannot be written is not kept, and a file that is
   damaged is begun anew. No call ever fails because of it.
2. Any number of processes use it at once; what one of them does is whole or has not happened, also if it is killed.
3. Over its budget, what was used longest ago goes first.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from victor_nb.journal.write_ahead import log_ahead

FILE: Final = "tool-cache.db"
VERSION: Final = 1
MOST_VARIANTS: Final = 8
"""Kept for one call with the same arguments: results of different states of its files, or versions of the tool."""

_BUSY_S: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, tool TEXT NOT NULL, key TEXT NOT NULL, arguments TEXT NOT NULL, used REAL NOT NULL,
    bytes INTEGER NOT NULL, body BLOB NOT NULL, gone TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS entries_by_key ON entries (tool, key, used);
CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
CREATE TABLE IF NOT EXISTS paths (path BLOB NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (path, entry)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paths_by_entry ON paths (entry);
CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entries BEGIN DELETE FROM paths WHERE entry = old.id; END;
CREATE TABLE IF NOT EXISTS counts (
    tool TEXT PRIMARY KEY, hits INTEGER NOT NULL, misses INTEGER NOT NULL, saved_s REAL NOT NULL, at REAL NOT NULL,
    arguments TEXT NOT NULL, was_cached INTEGER NOT NULL, why TEXT NOT NULL, kept TEXT NOT NULL
) WITHOUT ROWID;
"""
_inherited: Final[list[sqlite3.Connection]] = []
Result = TypeVar("Result")


class _Held(NamedTuple):
    """A thread's connection, with the process that made it and the file that it was made to."""

    process: int
    file: tuple[int, int] | None
    db: sqlite3.Connection


class Kept(NamedTuple):
    """An entry as it is stored.

    Attributes:
        gone: why it holds no more; its body is empty then.
    """

    id: int
    body: bytes
    gone: str = ""


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call of a tool.

    Attributes:
        at: seconds since the epoch.
        arguments: as JSON, without secrets.
        was_cached: whether the cache answered.
        why: what it did so for, or the first difference to what is kept.
        kept: why the result of this call was not kept; empty if it was.
    """

    tool: str
    at: float
    arguments: str
    was_cached: bool
    why: str
    kept: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What the cache holds of one tool, and did for it.

    Attributes:
        saved_s: seconds that the answered calls would have taken.
    """

    tool: str
    entries: int
    bytes: int
    hits: int
    misses: int
    saved_s: float


class ToolStore:
    """The file.

    Args:
        home: the folder that it lies in, which is made when something is kept.
        budget_bytes: what entries may take together.
    """

    def __init__(self, home: Path, budget_bytes: int) -> None:
        self.path, self.budget_bytes = home / FILE, budget_bytes
        self._local = threading.local()

    def make(self) -> None:
        """Make the file, so that its coming is no change that a call sees."""
        self._write(lambda _: None)

    # -- entries -------------------------------------------------------------------------------------------------------

    def entries(self, tool: str, key: str) -> list[Kept]:
        """Return what is kept of one call, what was used last first."""
        found = self._read(
            lambda db: db.execute(
                "SELECT id, body, gone FROM entries WHERE tool = ? AND key = ? ORDER BY used DESC", (tool, key)
            ).fetchall()
        )
        return [Kept(*row) for row in found or ()]

    def newest_arguments(self, tool: str) -> str:
        """Return the arguments of the result of a tool that was used last; empty if there is none."""
        row = self._read(
            lambda db: db.execute(
                "SELECT arguments FROM entries WHERE tool = ? ORDER BY used DESC LIMIT 1", (tool,)
            ).fetchone()
        )
        return str(row[0]) if row else ""

    def put(self, tool: str, key: str, arguments: str, body: bytes, paths: Iterable[bytes]) -> bool:
        """Keep an entry, and drop what is over the budget; return whether it was kept."""
        named = sorted({*paths})
        size = len(body) + len(arguments) + sum(map(len, named))
        if size > self.budget_bytes:
            return False

        def work(db: sqlite3.Connection) -> bool:
            made = db.execute(
                "INSERT INTO entries (tool, key, arguments, used, bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
                (tool, key, arguments, time.time(), size, body),
            ).lastrowid
            db.executemany("INSERT INTO paths VALUES (?, ?)", [(path, made) for path in named])
            db.execute(
                "DELETE FROM entries WHERE tool = ? AND key = ? AND id NOT IN "
                "(SELECT id FROM entries WHERE tool = ? AND key = ? ORDER BY used DESC, id DESC LIMIT ?)",
                (tool, key, tool, key, MOST_VARIANTS),
            )
            _fit(db, self.budget_bytes)
            return True

        return bool(self._write(work))

    def renew(self, entry: int, body: bytes) -> None:
        """Write an entry again whose files have other marks now and the same content."""
        self._write(lambda db: db.execute("UPDATE entries SET body = ? WHERE id = ?", (body, entry)))

    def drop(self, why: Mapping[int, str]) -> None:
        """Forget what entries held, and remember why it holds no more."""
        told = [(reason, number) for number, reason in why.items()]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("UPDATE entries SET gone = ?, body = x'', bytes = length(arguments) WHERE id = ?", told)
            db.executemany("DELETE FROM paths WHERE entry = ?", [(number,) for number in why])

        self._write(work)

    def with_path(self, path: bytes) -> list[Kept]:
        """Return the entries that depend on a path."""
        found = self._read(
            lambda db: db.execute(
                "SELECT id, body FROM entries WHERE id IN (SELECT entry FROM paths WHERE path = ?)", (path,)
            ).fetchall()
        )
        return [Kept(*row) for row in found or ()]

    def paths(self) -> list[bytes]:
        """Return every path that an entry depends on."""
        found = self._read(lambda db: db.execute("SELECT DISTINCT path FROM paths").fetchall())
        return [row[0] for row in found or ()]

    def each(self, tools: Sequence[str]) -> Iterator[tuple[str, Kept]]:
        """Yield every entry of these tools, or of all, with its tool's name."""
        named = self._read(
            lambda db: db.execute("SELECT id, tool FROM entries WHERE gone = '' ORDER BY tool, id").fetchall()
        )
        for number, tool in named or ():
            if tools and tool not in tools:
                continue
            row = self._read(
                lambda db, number=number: db.execute(  # type: ignore[misc]
                    "SELECT id, body FROM entries WHERE id = ?", (number,)
                ).fetchone()
            )
            if row:
                yield tool, Kept(*row)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def note(self, last: LastCall, used: int | None = None, saved_s: float = 0.0) -> None:
        """Count a call and remember it as its tool's last; `used` is the entry that answered it."""

        def work(db: sqlite3.Connection) -> None:
            if used is not None:
                db.execute("UPDATE entries SET used = ? WHERE id = ?", (last.at, used))
            was = int(last.was_cached)
            db.execute(
                "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tool) DO UPDATE SET "
                "hits = hits + excluded.hits, misses = misses + excluded.misses, saved_s = saved_s + excluded.saved_s, "
                "at = excluded.at, arguments = excluded.arguments, was_cached = excluded.was_cached, "
                "why = excluded.why, kept = excluded.kept",
                (last.tool, was, 1 - was, saved_s, last.at, last.arguments, was, last.why, last.kept),
            )

        self._write(work)

    def last_calls(self) -> list[LastCall]:
        """Return the last call of each tool, newest first."""
        found = self._read(
            lambda db: db.execute(
                "SELECT tool, at, arguments, was_cached, why, kept FROM counts ORDER BY at DESC"
            ).fetchall()
        )
        return [
            LastCall(tool, at, arguments, bool(was), why, kept) for tool, at, arguments, was, why, kept in found or ()
        ]

    def counts(self) -> list[Counts]:
        """Return what the cache holds and did, by tool."""
        found = self._read(
            lambda db: db.execute(
                "SELECT tool, coalesce(held.entries, 0), coalesce(held.bytes, 0), coalesce(hits, 0), "
                "coalesce(misses, 0), coalesce(saved_s, 0.0) "
                "FROM (SELECT tool FROM counts UNION SELECT tool FROM entries) "
                "LEFT JOIN counts USING (tool) "
                "LEFT JOIN (SELECT tool, count(*) AS entries, sum(bytes) AS bytes FROM entries WHERE gone = '' "
                "GROUP BY tool) AS held "
                "USING (tool) ORDER BY tool"
            ).fetchall()
        )
        return [Counts(*row) for row in found or ()]

    def clear(self, tools: Sequence[str]) -> Counts:
        """Forget the entries and counts of these tools, or of all; return what there was of them, together."""
        before = [one for one in self.counts() if not tools or one.tool in tools]

        def work(db: sqlite3.Connection) -> None:
            for one in before:
                db.execute("DELETE FROM entries WHERE tool = ?", (one.tool,))
                db.execute("DELETE FROM counts WHERE tool = ?", (one.tool,))

        if before:
            self._write(work)
            self._write(lambda db: db.execute("PRAGMA incremental_vacuum").fetchall(), is_whole=False)
        return Counts(
            "",
            sum(one.entries for one in before),
            sum(one.bytes for one in before),
            sum(one.hits for one in before),
            sum(one.misses for one in before),
            sum(one.saved_s for one in before),
        )

    # -- the file ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close this thread's connection."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is not None and held.process == os.getpid():
            self._local.held = None
            held.db.close()

    def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        return self._done(work) if self.path.exists() else None

    def _write(self, work: Callable[[sqlite3.Connection], Result], *, is_whole: bool = True) -> Result | None:
        def whole(db: sqlite3.Connection) -> Result:
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        return self._done(whole if is_whole else work)

    def _done(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        try:
            return work(self._connection())
        except OSError:  # no permission
            return None
        except sqlite3.DatabaseError as failure:
            if _is_damage(failure):
                self._begin_anew()
            return None

    def _connection(self) -> sqlite3.Connection:
        held: _Held | None = getattr(self._local, "held", None)
        if held is not None and held.process != os.getpid():
            _inherited.append(held.db)  # a forked child must neither use nor close what its parent uses
            held = None
        if held is None or held.file != _identity(self.path):
            db = self._connect()
            held = self._local.held = _Held(os.getpid(), _identity(self.path), db)
        return held.db

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            log_ahead(db, _BUSY_S)
            db.execute("PRAGMA synchronous = NORMAL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError("written by another version")
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            db.close()
            raise
        return db

    def _begin_anew(self) -> None:
        """Put a file away that is damaged, or written by another version; the next use makes another."""
        self._local.held = None
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).unlink()


def _is_damage(failure: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is to blame: it is shorter than it says, or not what it should be.

    A lock that is held for long, a full disk or a missing permission is an `OperationalError`, too, and passes.
    """
    is_short = getattr(failure, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHORT_READ
    return is_short or not isinstance(failure, sqlite3.OperationalError)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _fit(db: sqlite3.Connection, budget: int) -> None:
    total = db.execute("SELECT coalesce(sum(bytes), 0) FROM entries").fetchone()[0]
    if total <= budget:
        return
    for number, size in db.execute("SELECT id, bytes FROM entries ORDER BY used, id").fetchall():
        db.execute("DELETE FROM entries WHERE id = ?", (number,))
        total -= size
        if total <= budget:
            break
    db.execute("PRAGMA incremental_vacuum(256)").fetchall()


def as_json(arguments: Any) -> str:
    """Return arguments as they are shown to people."""
    return json.dumps(arguments, ensure_ascii=True, default=str, sort_keys=True)[:4000]


def from_shown(shown: str) -> dict[str, Any]:
    """Return arguments that were shown, as far as they were."""
    try:
        found = json.loads(shown)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
