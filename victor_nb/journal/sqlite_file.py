"""The one way to a journal's SQLite file: opening it, a connection a thread, transactions, waiting for the lock.

1. A file is looked at before it is changed: nothing is written to a database that is not a journal.
2. Waiting for the write lock is ours, not `busy_timeout`: short random naps spread ten writers evenly, where SQLite's
   growing sleeps starve one of them.
3. An interrupt can leave a transaction open on its thread's connection; the next use takes it back first.
4. A connection is closed when its thread has ended or nobody holds the journal any more, and never by a forked child.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from victor_nb.journal import filesystem
from victor_nb.journal.errors import JournalCorrupt, JournalTooNew, JournalUnavailable
from victor_nb.journal.forks import renew_in_children
from victor_nb.journal.sizes import size_of
from victor_nb.journal.sqlite_errors import is_busy, translated
from victor_nb.journal.sqlite_schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

BUSY_TIMEOUT_S: Final = 30.0
LONGEST_NAP_S: Final = 0.002
CHECKPOINT_PAGES: Final = 4000
MAPPED_BYTES: Final = 256 * 1024 * 1024  # reading a long history maps the file instead of copying its pages

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]


class SqliteFile:
    """A journal's file, opened; made first if it is missing.

    Args:
        path: absolute path of the file; its folder is made too.
        read_only: open an existing file for reading only.
        busy_timeout_s: how long to wait for other writers, in seconds.

    Raises:
        JournalError: the file cannot be opened, is damaged, no journal, or from a later version.
    """

    def __init__(self, path: Path, *, read_only: bool, busy_timeout_s: float) -> None:
        self.path, self._read_only, self._busy_timeout_s = path, read_only, busy_timeout_s
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._inherited: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._is_closed = self._is_shared = self._is_ready = False
        self._waits = {"lock_waits": 0.0, "lock_wait_s": 0.0, "worst_lock_wait_s": 0.0}
        self._find_place()
        try:
            self.retried(self._make_ready)
        except BaseException:
            self.close()
            raise
        renew_in_children(self)

    # -- opening ---------------------------------------------------------------------------------------------------

    def _find_place(self) -> None:
        if self._read_only:
            if not self.path.exists():
                raise self._no_journal()
            return
        if self.path.is_dir():
            raise JournalUnavailable("the journal's path is a folder", str(self.path), "name a file inside it")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise JournalUnavailable(
                f"the journal's folder cannot be made: {failure.strerror}",
                where=str(self.path.parent),
                hint='choose another place, for example VICTOR_JOURNAL="sqlite:////tmp/victor.db"',
            ) from failure
        self._is_shared = filesystem.is_network(self.path)
        if self._is_shared:
            warnings.warn(
                f"the journal {str(self.path)!r} lies on a network file system, where write-ahead logging is not safe; "
                "it uses a rollback journal instead, which is slower. A local path is better.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _no_journal(self) -> JournalUnavailable:
        return JournalUnavailable(f"there is no journal at {str(self.path)!r}", hint="check the journal's URL")

    def _make_ready(self, connection: sqlite3.Connection) -> None:
        """Look at the file through the first connection; give an empty one its tables."""
        version = self._checked_version(connection)
        self._is_ready = True
        if self._read_only:
            if not version:
                raise self._no_journal()
            return
        if not version:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only a file without tables takes it
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if self._is_shared else 'WAL'}")
        self._tune(connection)
        if version == SCHEMA_VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _checked_version(self, connection: sqlite3.Connection) -> int:
        connection.execute("BEGIN")  # one view of all three: another process may just be making the journal
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        is_empty = not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        connection.execute("COMMIT")
        if application != APPLICATION_ID and not (is_empty and application == 0):
            raise JournalCorrupt(
                "the file is a database of another program, not a journal",
                where=str(self.path),
                hint="choose another path for the journal",
            )
        if version > SCHEMA_VERSION:
            raise JournalTooNew(
                f"the journal has format {version}, and this version of Victor NB writes format {SCHEMA_VERSION}",
                where=str(self.path),
                hint="pip install --upgrade victor-nb, or choose another journal",
            )
        return version

    def _tune(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
        elif connection.in_transaction:
            connection.execute("ROLLBACK")  # an interrupt came between BEGIN and COMMIT
        return connection

    def _connect(self) -> sqlite3.Connection:
        if self._is_closed:
            raise JournalUnavailable("the journal has been closed", str(self.path), "open it again: open_journal(…)")
        connection = sqlite3.connect(
            self.path.as_uri() + (self._way_to_read() if self._read_only else ""),
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=64,
        )
        with self._guard:
            self._close_those_of_ended_threads()
            self._open.append((threading.current_thread(), connection))
        if self._is_ready:
            self._tune(connection)
        self._local.connection = connection
        return connection

    def _way_to_read(self) -> str:
        """Reading, too, needs files beside a journal with a log, unless nobody writes it and nothing is in its log."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return "?immutable=1" if size_of(log) == 0 and not os.access(self.path.parent, os.W_OK) else "?mode=ro"

    def _close_those_of_ended_threads(self) -> None:
        alive = []
        for thread, connection in self._open:
            if thread.is_alive():
                alive.append((thread, connection))
            else:
                connection.close()
        self._open = alive

    # -- using -----------------------------------------------------------------------------------------------------

    def retried(self, work: Work[Result]) -> Result:
        """Do `work` with this thread's connection, waiting for the lock; translate SQLite's errors."""
        try:
            try:
                return work(self._connection())
            except sqlite3.OperationalError as failure:
                if not is_busy(failure):
                    raise
            return self._wait_for_lock(lambda: work(self._connection()))
        except sqlite3.Error as failure:
            raise translated(failure, self.path) from failure

    def transaction(self, work: Work[Result]) -> Result:
        """Do `work` whole or not at all. It may be begun again, so it only talks to the connection."""

        def whole(connection: sqlite3.Connection) -> Result:
            try:
                connection.execute("BEGIN IMMEDIATE")
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return self.retried(whole)

    def _wait_for_lock(self, work: Callable[[], Result]) -> Result:
        began = time.monotonic()
        while True:
            time.sleep(random.uniform(0, LONGEST_NAP_S))
            try:
                result = work()
            except sqlite3.OperationalError as failure:
                if not is_busy(failure) or time.monotonic() - began > self._busy_timeout_s:
                    raise
            else:
                self._count_wait(time.monotonic() - began)
                return result

    def _count_wait(self, seconds: float) -> None:
        with self._guard:
            self._waits["lock_waits"] += 1
            self._waits["lock_wait_s"] += seconds
            self._waits["worst_lock_wait_s"] = max(self._waits["worst_lock_wait_s"], seconds)

    def waits(self) -> dict[str, float]:
        """Return lock_waits, lock_wait_s and worst_lock_wait_s."""
        with self._guard:
            return dict(self._waits)

    # -- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close every thread's connection; using the file afterwards is an error."""
        with self._guard:
            connections, self._open = self._open, []
            self._is_closed = True
        for _, connection in connections:
            connection.close()
        self._local = threading.local()

    def __del__(self) -> None:
        for _, connection in getattr(self, "_open", ()):
            connection.close()

    def after_fork(self) -> None:
        """Keep the parent's connections without ever touching them: closing them here would break its locks."""
        self._inherited += [connection for _, connection in self._open]
        self._open, self._local, self._guard = [], threading.local(), threading.Lock()
