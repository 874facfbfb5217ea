"""The journal in one SQLite file: a connection a thread, short immediate transactions, no sync on the step path.

1. Write-ahead log with synchronous=NORMAL: a killed process loses nothing that was acknowledged; only a power cut
   can take the last commits, and `power_safe` appends close that gap where it matters (before irrevocable effects).
2. No transaction reads before it writes: SQLite refuses those at once when another writer came in between.
3. Waiting for the write lock is ours, not `busy_timeout`: short random naps spread ten writers evenly, where SQLite's
   growing sleeps starve one of them.
4. Only features of SQLite 3.24 and later are used; nothing newer is assumed.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from . import filesystem
from .errors import JournalCorrupt, JournalError, JournalTooNew, JournalUnavailable, LeaseLost
from .events import Event, RunInfo, Status
from .sqlite_errors import is_busy, translated
from .sqlite_schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION
from .store import Row

BUSY_TIMEOUT_S: Final = 30.0
LONGEST_NAP_S: Final = 0.002
COMPRESS_UP_TO: Final = 16 * 1024 * 1024
CHECKPOINT_PAGES: Final = 4000

_RUN_COLUMNS: Final = "run_id, kind, name, status, created, updated, parent, through, owner, lease_until, request"
_INSERT_EVENT: Final = "INSERT INTO events VALUES (?,?,?,?,?,?,?)"

Result = TypeVar("Result")


class SqliteStore:
    """A store in the SQLite file at `path`, which is made if it is missing.

    Args:
        path: the database file; its folder is made too.
        read_only: open an existing file for reading only.
        busy_timeout_s: how long to wait for other writers, in seconds.

    Raises:
        JournalError: the file cannot be opened, is damaged, no journal, or from a later version.
    """

    def __init__(self, path: Path, *, read_only: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path.expanduser().absolute()
        self.url = f"sqlite:///{self.path}"
        self._read_only, self._busy_timeout_s = read_only, busy_timeout_s
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._guard = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._waits = {"lock_waits": 0.0, "lock_wait_s": 0.0, "worst_lock_wait_s": 0.0}
        self._counts = {"appends": 0.0, "rows": 0.0}
        self._prepare()

    # -- opening ---------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._read_only:
            if not self.path.exists():
                raise JournalUnavailable(f"there is no journal at {str(self.path)!r}", hint="check the journal's URL")
            return self._check_version()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise JournalUnavailable(
                f"the journal's folder cannot be made: {failure.strerror}",
                where=str(self.path.parent),
                hint='choose another place, for example VICTOR_JOURNAL="sqlite:////tmp/victor.db"',
            ) from failure
        if not (self.path.exists() and self.path.stat().st_size):
            self._retried(lambda connection: connection.execute(f"PRAGMA application_id = {APPLICATION_ID}"))
        self._check_version()

    def _check_version(self) -> None:
        version, tables = self._retried(
            lambda c: (
                c.execute("PRAGMA user_version").fetchone()[0],
                {name for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'")},
            )
        )
        if version > SCHEMA_VERSION:
            raise JournalTooNew(
                f"the journal has format {version}, and this version of Victor NB writes format {SCHEMA_VERSION}",
                where=str(self.path),
                hint="pip install --upgrade victor-nb, or choose another journal",
            )
        if version == 0 and tables - {"runs", "events", "blobs", "mail"}:
            raise JournalCorrupt(
                "the file is a database of another program, not a journal",
                where=str(self.path),
                hint="choose another path for the journal",
            )
        if version < SCHEMA_VERSION and not self._read_only:
            self._retried(self._create_tables)

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; a forked child gets its own, as SQLite demands."""
        local = self._local
        connection: sqlite3.Connection
        if getattr(local, "pid", None) == os.getpid():
            connection = local.connection
            return connection
        connection = local.connection = self._connect()
        local.pid = os.getpid()
        with self._guard:
            self._close_those_of_ended_threads()
            self._open.append((threading.current_thread(), connection))
        return connection

    def _close_those_of_ended_threads(self) -> None:
        for thread, connection in self._open:
            if not thread.is_alive():
                connection.close()
        self._open = [(thread, connection) for thread, connection in self._open if thread.is_alive()]

    def _connect(self) -> sqlite3.Connection:
        query = "?mode=ro" if self._read_only else ""
        connection = sqlite3.connect(
            self.path.as_uri() + query,
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
        )
        if not self._read_only:
            self._choose_journal_mode(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _choose_journal_mode(self, connection: sqlite3.Connection) -> None:
        if filesystem.is_network(self.path):
            warnings.warn(
                f"the journal {str(self.path)!r} lies on a network file system, where write-ahead logging is not safe; "
                "it uses a rollback journal instead, which is slower. A local path is better.",
                RuntimeWarning,
                stacklevel=2,
            )
            connection.execute("PRAGMA journal_mode = DELETE")
            return
        self._wait_for_lock(lambda: connection.execute("PRAGMA journal_mode = WAL"))
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    # -- the one way to the database -------------------------------------------------------------------------------

    def _retried(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do `work` with this thread's connection, waiting for the lock; translate SQLite's errors."""
        try:
            connection = self._connection()
            try:
                return work(connection)
            except sqlite3.OperationalError as failure:
                if not is_busy(failure):
                    raise
            return self._wait_for_lock(lambda: work(connection))
        except sqlite3.Error as failure:
            raise translated(failure, self.path) from failure

    def _wait_for_lock(self, work: Callable[[], Result]) -> Result:
        began = 0.0
        while True:
            try:
                result = work()
            except sqlite3.OperationalError as failure:
                if not is_busy(failure):
                    raise
                began = began or time.monotonic()
                if time.monotonic() - began > self._busy_timeout_s:
                    raise
                time.sleep(random.uniform(0, LONGEST_NAP_S))
            else:
                if began:
                    self._count_wait(time.monotonic() - began)
                return result

    def _count_wait(self, seconds: float) -> None:
        with self._guard:
            self._waits["lock_waits"] += 1
            self._waits["lock_wait_s"] += seconds
            self._waits["worst_lock_wait_s"] = max(self._waits["worst_lock_wait_s"], seconds)

    def _transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        def whole(connection: sqlite3.Connection) -> Result:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._retried(whole)

    # -- writing ---------------------------------------------------------------------------------------------------

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        fields = (*_fields(info), key)

        def work(connection: sqlite3.Connection) -> None:
            marks = ",".join("?" * len(fields))
            number = connection.execute(f"INSERT INTO runs ({_RUN_COLUMNS}, key) VALUES ({marks})", fields).lastrowid
            assert number is not None
            _insert_blobs(connection, blobs)
            connection.executemany(_INSERT_EVENT, [(number, *row) for row in rows])
            self._numbers[info.run_id] = number

        self._transaction(work)

    def append(
        self,
        run_id: str,
        rows: Sequence[Row],
        blobs: Mapping[str, bytes],
        *,
        status: Status | None = None,
        power_safe: bool = False,
    ) -> None:
        number = self._number(run_id)
        is_single = len(rows) == 1 and not blobs and status is None

        def one(connection: sqlite3.Connection) -> None:
            connection.execute(_INSERT_EVENT, (number, *rows[0]))  # a single statement is its own transaction

        def several(connection: sqlite3.Connection) -> None:
            _insert_blobs(connection, blobs)
            connection.executemany(_INSERT_EVENT, [(number, *row) for row in rows])
            if status is not None:
                connection.execute(
                    "UPDATE runs SET status = ?, updated = ? WHERE id = ?", (status, rows[-1].time, number)
                )

        def write() -> None:
            self._retried(one) if is_single else self._transaction(several)

        try:
            self._synced(write) if power_safe else write()
        except JournalError as failure:
            if isinstance(failure.__cause__, sqlite3.IntegrityError):
                raise LeaseLost.to_another(run_id) from failure
            raise
        self._counts["appends"] += 1
        self._counts["rows"] += len(rows)

    def _synced(self, write: Callable[[], None]) -> None:
        """Write with the log forced to the disk, which also saves every commit before this one."""
        self._retried(lambda connection: connection.execute("PRAGMA synchronous = FULL"))
        try:
            write()
        finally:
            self._retried(lambda connection: connection.execute("PRAGMA synchronous = NORMAL"))

    def _number(self, run_id: str) -> int:
        if (number := self._numbers.get(run_id)) is not None:
            return number
        row = self._retried(lambda c: c.execute("SELECT id FROM runs WHERE run_id = ?", (run_id,)).fetchone())
        if row is None:
            return 0
        self._numbers[run_id] = row[0]
        return self._numbers[run_id]

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        statement = "UPDATE runs SET owner = ?, lease_until = ?, updated = ? WHERE run_id = ? AND owner = ?"
        values = (owner, lease_until, now, run_id, expected)
        return self._retried(lambda connection: connection.execute(statement, values).rowcount == 1)

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        statement = "UPDATE runs SET lease_until = ?, updated = ? WHERE run_id = ? AND owner = ?"
        values = [(lease_until, now, run_id, owner) for run_id, owner in leases.items()]
        self._transaction(lambda connection: connection.executemany(statement, values))

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        statement = "INSERT INTO mail (run_id, name, raw, time) VALUES (?,?,?,?)"
        self._retried(lambda connection: connection.execute(statement, (run_id, name, raw, now)))

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        # Looked for outside a transaction first: this is polled, and an empty box must cost no write lock.
        query = "SELECT id, name, raw FROM mail WHERE run_id = ? ORDER BY id"
        found = self._retried(lambda c: c.execute(query, (run_id,)).fetchall())
        if found:
            ids = [(row[0],) for row in found]
            self._transaction(lambda c: c.executemany("DELETE FROM mail WHERE id = ?", ids))
        return [(name, raw) for _, name, raw in found]

    # -- reading ---------------------------------------------------------------------------------------------------

    def events(
        self,
        run_id: str,
        *,
        after: int,
        through: int | None,
        types: Iterable[str] | None,
        last: int | None,
        bodies: bool,
    ) -> list[Event]:
        wanted = list(types) if types is not None else []
        of_types = f" AND type IN ({','.join('?' * len(wanted))})" if types is not None else ""
        end = through if through is not None else 2**62
        columns = "seq, time, type, step_id, parent_id" + (", raw" if bodies else "")
        query = f"SELECT {columns} FROM events WHERE run = ? AND seq > ? AND seq <= ?{of_types} ORDER BY seq"
        values: list[Any] = [self._number(run_id), after, end, *wanted]
        if last is not None:
            query, values = f"{query} DESC LIMIT ?", [*values, last]
        rows = self._retried(lambda connection: connection.execute(query, values).fetchall())
        if last is not None:
            rows.reverse()
        return [Event(run_id, *row) for row in rows]

    def results(self, run_id: str, through: int | None) -> dict[str, bytes]:
        query = "SELECT step_id, raw FROM events WHERE run = ? AND seq <= ? AND type = 'step.finished'"
        values = (self._number(run_id), through if through is not None else 2**62)
        return self._retried(lambda connection: dict(connection.execute(query, values).fetchall()))

    def run(self, run_id: str) -> RunInfo | None:
        found = self._select_runs("run_id = ?", [run_id], 1)
        return found[0] if found else None

    def runs_with_prefix(self, prefix: str, limit: int) -> list[RunInfo]:
        return self._select_runs("run_id >= ? AND run_id < ?", [prefix, prefix + "\uffff"], limit)

    def runs(
        self, *, kind: str | None, name: str | None, status: Status | None, key: str | None, limit: int
    ) -> list[RunInfo]:
        asked = {"kind": kind, "name": name, "status": status, "key": key}
        given = {column: value for column, value in asked.items() if value is not None}
        return self._select_runs(" AND ".join(f"{column} = ?" for column in given) or "1", [*given.values()], limit)

    def _select_runs(self, condition: str, values: list[Any], limit: int) -> list[RunInfo]:
        query = f"SELECT {_RUN_COLUMNS} FROM runs WHERE {condition} ORDER BY run_id DESC LIMIT ?"
        rows = self._retried(lambda connection: connection.execute(query, [*values, limit]).fetchall())
        names = _RUN_COLUMNS.replace("request", "raw_request").split(", ")
        return [RunInfo(**{**dict(zip(names, row, strict=True)), "status": Status(row[3])}) for row in rows]

    def blob(self, name: str) -> bytes | None:
        query = "SELECT packed, content FROM blobs WHERE name = ?"
        row = self._retried(lambda connection: connection.execute(query, (name,)).fetchone())
        if row is None:
            return None
        return zlib.decompress(row[1]) if row[0] else bytes(row[1])

    def newest_seq(self, run_id: str) -> int:
        query = "SELECT seq FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1"
        row = self._retried(lambda c: c.execute(query, (self._number(run_id),)).fetchone())
        return row[0] if row else 0

    # -- health ----------------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, float]:
        with self._guard:
            return {**self._counts, **self._waits}

    def integrity(self) -> list[str]:
        """Return what SQLite's integrity check finds; an empty list means that the file is sound."""
        rows = self._retried(lambda connection: connection.execute("PRAGMA integrity_check").fetchall())
        return [text for (text,) in rows if text != "ok"]

    def close(self) -> None:
        with self._guard:
            connections, self._open = self._open, []
        for _, connection in connections:
            connection.close()
        self._local = threading.local()


def _fields(info: RunInfo) -> tuple[object, ...]:
    return (
        *(info.run_id, info.kind, info.name, info.status, info.created, info.updated),
        *(info.parent, info.through, info.owner, info.lease_until, info.raw_request),
    )


def _insert_blobs(connection: sqlite3.Connection, blobs: Mapping[str, bytes]) -> None:
    for name, content in blobs.items():
        packed = zlib.compress(content, 1) if len(content) <= COMPRESS_UP_TO else content
        is_smaller = len(packed) < len(content)
        connection.execute(
            "INSERT OR IGNORE INTO blobs VALUES (?,?,?)",
            (name, int(is_smaller), packed if is_smaller else content),
        )
