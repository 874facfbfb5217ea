"""The journal in one SQLite file: short immediate transactions, no sync on the step path.

1. Write-ahead log with synchronous=NORMAL: a killed process loses nothing that was acknowledged; only a power cut
   can take the last commits, and `power_safe` appends close that gap where it matters (before irrevocable effects).
2. No transaction reads before it writes: SQLite refuses those at once when another writer came in between.
3. Nothing slow happens inside a transaction: blobs are packed before it begins.
4. Only features of SQLite 3.24 and later are used; nothing newer is assumed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from victor_nb.journal.disposal import Disposal
from victor_nb.journal.disposal_sqlite import SqliteDisposal
from victor_nb.journal.errors import JournalError, LeaseLost, RunNotFound
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.items import Items
from victor_nb.journal.items_sqlite import SqliteItems
from victor_nb.journal.packing import packed, unpacked
from victor_nb.journal.rows import Head, Row, Swept
from victor_nb.journal.sqlite_file import BUSY_TIMEOUT_S, Result, SqliteFile

_RUN_COLUMNS: Final = "run_id, kind, name, status, created, updated, parent, through, owner, lease_until, request"
_HEADS: Final = """SELECT id, run_id, kind, name, status, created, updated, owner, lease_until,
    coalesce((SELECT seq FROM events WHERE run = runs.id ORDER BY seq DESC LIMIT 1), 0) FROM runs"""
_SWEEP: Final = """SELECT run,
    group_concat(CASE WHEN type = 'step.finished' THEN CAST(time * 1000 AS INTEGER) END),
    CAST(group_concat(CASE WHEN type = 'step.finished' THEN raw END) AS BLOB),
    group_concat(CASE WHEN type != 'step.finished'
        THEN '[' || CAST(time * 1000 AS INTEGER) || ',"' || type || '",' || CAST(raw AS TEXT) || ']' END)
    FROM events WHERE run BETWEEN ? AND ? AND seq > ? AND seq <= ? AND type IN ('step.finished',{types}) GROUP BY run"""
_NEXT: Final = """1 + max(coalesce((SELECT max(id) FROM runs), 0), coalesce((SELECT newest FROM removals), 0))"""
_IS_THERE: Final = "SELECT 1 FROM runs WHERE run_id = ?"
_INSERT_EVENT: Final = "INSERT INTO events VALUES (?,?,?,?,?,?,?)"
_INSERT_BLOB: Final = "INSERT OR IGNORE INTO blobs VALUES (?,?,?)"

_decode_times: Final = msgspec.json.Decoder(list[int]).decode
_decode_others: Final = msgspec.json.Decoder(list[tuple[int, str, msgspec.Raw]]).decode


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
        self.url = f"sqlite:///{quote(str(self.path))}" + ("?mode=ro" if read_only else "")
        self.file = SqliteFile(self.path, read_only=read_only, busy_timeout_s=busy_timeout_s)
        self.items: Items = SqliteItems(self.file)
        self.disposal: Disposal = SqliteDisposal(self.file, self._forget)
        self._numbers: dict[str, int] = {}
        self._counts = {"appends": 0.0, "rows": 0.0}

    def _forget(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            self._numbers.pop(run_id, None)

    # -- writing ---------------------------------------------------------------------------------------------------

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        fields = (*_fields(info), key)
        insert_run = f"INSERT INTO runs (id, {_RUN_COLUMNS}, key) SELECT {_NEXT}, {','.join('?' * len(fields))}"

        def work(contents: list[tuple[str, bool, bytes]], connection: sqlite3.Connection) -> int:
            if info.parent and not connection.execute(_IS_THERE, (info.parent,)).fetchone():
                raise RunNotFound.removed(info.parent, self.url)
            number = connection.execute(insert_run, fields).lastrowid or 0
            connection.executemany(_INSERT_BLOB, contents)
            connection.executemany(_INSERT_EVENT, [(number, *row) for row in rows])
            return number

        self._numbers[info.run_id] = self._with_blobs(blobs, work)

    def append(
        self,
        run_id: str,
        rows: Sequence[Row],
        blobs: Mapping[str, bytes],
        *,
        status: Status | None = None,
        power_safe: bool = False,
    ) -> None:
        number = self._numbers.get(run_id) or self._number(run_id)
        if not number:
            raise RunNotFound(f"there is no run {run_id!r}", self.url, "list them: victor runs")
        write: Callable[[], object]
        if len(rows) == 1 and not blobs and status is None:
            values = (number, *rows[0])  # a single statement is its own transaction
            write = partial(self.file.retried, lambda connection: connection.execute(_INSERT_EVENT, values))
        else:
            write = partial(self._append_several, [(number, *row) for row in rows], blobs, status)
        try:
            self._synced(write) if power_safe else write()
        except JournalError as failure:
            if isinstance(failure.__cause__, sqlite3.IntegrityError):
                raise LeaseLost.to_another(run_id) from failure
            raise
        self._counts["appends"] += 1
        self._counts["rows"] += len(rows)

    def _append_several(self, events: list[tuple[Any, ...]], blobs: Mapping[str, bytes], status: Status | None) -> None:
        def work(contents: list[tuple[str, bool, bytes]], connection: sqlite3.Connection) -> None:
            connection.executemany(_INSERT_BLOB, contents)
            connection.executemany(_INSERT_EVENT, events)
            if status is not None:
                number, _, time, *_ = events[-1]
                connection.execute("UPDATE runs SET status = ?, updated = ? WHERE id = ?", (status, time, number))

        self._with_blobs(blobs, work)

    def _with_blobs(
        self,
        blobs: Mapping[str, bytes],
        work: Callable[[list[tuple[str, bool, bytes]], sqlite3.Connection], Result],
    ) -> Result:
        """Do `work` in a transaction with rows for those blobs that are not there yet.

        One that was there when the rows were packed may be cleared away before the transaction begins; then all go in.
        """
        known = self.file.retried(lambda connection: {name for name in blobs if _has_blob(connection, name)})
        contents = [(name, *packed(content)) for name, content in blobs.items() if name not in known]

        def whole(connection: sqlite3.Connection) -> Result:
            if not all(_has_blob(connection, name) for name in known):
                raise _Cleared
            return work(contents, connection)

        try:
            return self.file.transaction(whole)
        except _Cleared:
            contents = [(name, *packed(content)) for name, content in blobs.items()]
            return self.file.transaction(partial(work, contents))

    def _synced(self, write: Callable[[], object]) -> None:
        """Write with the log forced to the disk, which also saves every commit before this one."""
        self.file.retried(lambda connection: connection.execute("PRAGMA synchronous = FULL"))
        try:
            write()
        finally:
            self.file.retried(lambda connection: connection.execute("PRAGMA synchronous = NORMAL"))

    def _number(self, run_id: str) -> int:
        """The run's number in the file; 0 if there is no such run."""
        if (number := self._numbers.get(run_id)) is not None:
            return number
        row = self.file.retried(lambda c: c.execute("SELECT id FROM runs WHERE run_id = ?", (run_id,)).fetchone())
        if row is None:
            return 0
        self._numbers[run_id] = row[0]
        return self._numbers[run_id]

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        statement = "UPDATE runs SET owner = ?, lease_until = ?, updated = ? WHERE run_id = ? AND owner = ?"
        values = (owner, lease_until, now, run_id, expected)
        return self.file.retried(lambda connection: connection.execute(statement, values).rowcount == 1)

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        statement = "UPDATE runs SET lease_until = ?, updated = ? WHERE run_id = ? AND owner = ?"
        values = [(lease_until, now, run_id, owner) for run_id, owner in leases.items()]
        self.file.transaction(lambda connection: connection.executemany(statement, values))

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        statement = "INSERT INTO mail (run_id, name, raw, time) VALUES (?,?,?,?)"
        self.file.retried(lambda connection: connection.execute(statement, (run_id, name, raw, now)))

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        # Looked for outside a transaction first: this is polled, and an empty box must cost no write lock.
        query = "SELECT id, name, raw FROM mail WHERE run_id = ? ORDER BY id"
        found = self.file.retried(lambda c: c.execute(query, (run_id,)).fetchall())
        if found:
            ids = [(row[0],) for row in found]
            self.file.transaction(lambda c: c.executemany("DELETE FROM mail WHERE id = ?", ids))
        return [(name, raw) for _, name, raw in found]

    def drop_mail(self, run_id: str, name: str) -> None:
        statement = "DELETE FROM mail WHERE run_id = ? AND name = ?"
        self.file.retried(lambda connection: connection.execute(statement, (run_id, name)))

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
        of_types, table = "", "events"
        if types is not None:
            of_types = f" AND type IN ({','.join('?' * len(wanted))})"
            if "step.finished" not in wanted:
                of_types += " AND type != 'step.finished'"
                table = "events INDEXED BY events_but_results"
        end = through if through is not None else 2**62
        columns = "seq, time, type, step_id, parent_id" + (", raw" if bodies else "")
        query = f"SELECT {columns} FROM {table} WHERE run = ? AND seq > ? AND seq <= ?{of_types} ORDER BY seq"
        values: list[Any] = [self._number(run_id), after, end, *wanted]
        if last is not None:
            query, values = f"{query} DESC LIMIT ?", [*values, last]
        # Row by row: ten thousand tuples that live at once cost more than reading them.
        event = partial(Event, run_id)
        events = self.file.retried(lambda connection: list(starmap(event, connection.execute(query, values))))
        if last is not None:
            events.reverse()
        return events

    def results(self, run_id: str, *, after: int, through: int | None) -> dict[str, bytes]:
        query = "SELECT step_id, raw FROM events WHERE run = ? AND seq > ? AND seq <= ? AND type = 'step.finished'"
        values = (self._number(run_id), after, through if through is not None else 2**62)
        return self.file.retried(lambda connection: dict(connection.execute(query, values)))

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
        rows = self.file.retried(lambda connection: connection.execute(query, [*values, limit]).fetchall())
        names = _RUN_COLUMNS.replace("request", "raw_request").split(", ")
        return [RunInfo(**{**dict(zip(names, row, strict=True)), "status": Status(row[3])}) for row in rows]

    def heads(self, after: int, numbers: Iterable[int] = ()) -> list[Head]:
        known = sorted(number for number in set(numbers) if number <= after)

        def work(connection: sqlite3.Connection) -> list[Head]:
            of_one = f"{_HEADS} WHERE id = ?"
            found = [row for number in known for row in connection.execute(of_one, (number,))]
            return list(
                map(Head._make, found + connection.execute(f"{_HEADS} WHERE id > ? ORDER BY id", (after,)).fetchall())
            )

        return self.file.retried(work)

    def sweep(self, first: int, last: int, types: Sequence[str], *, after: int, through: int) -> list[Swept]:
        values = (first, last, after, through, *types)
        query = _SWEEP.format(types=",".join("?" * len(types)))
        rows = self.file.retried(lambda connection: connection.execute(query, values).fetchall())
        return list(starmap(_swept, rows))

    def size_bytes(self) -> int:
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        size: int = self.file.retried(lambda connection: connection.execute(query).fetchone())[0]
        return size

    def blob(self, name: str) -> bytes | None:
        query = "SELECT packed, content FROM blobs WHERE name = ?"
        row = self.file.retried(lambda connection: connection.execute(query, (name,)).fetchone())
        return None if row is None else unpacked(*row)

    def newest_seq(self, run_id: str) -> int:
        query = "SELECT seq FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1"
        row = self.file.retried(lambda c: c.execute(query, (self._number(run_id),)).fetchone())
        return row[0] if row else 0

    def watch(self, run_id: str, wake: Callable[[], None]) -> None:
        """SQLite tells nobody; asking it costs next to nothing."""

    # -- health ----------------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, float]:
        return {**self._counts, **self.file.waits()}

    def integrity(self) -> list[str]:
        """Return what SQLite's integrity check finds; an empty list means that the file is sound."""
        rows = self.file.retried(lambda connection: connection.execute("PRAGMA integrity_check").fetchall())
        return [text for (text,) in rows if text != "ok"]

    def close(self) -> None:
        self.file.close()


class _Cleared(Exception):
    """A blob that was there is not there any more."""


def _has_blob(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM blobs WHERE name = ?", (name,)).fetchone() is not None


def _fields(info: RunInfo) -> tuple[object, ...]:
    return (
        *(info.run_id, info.kind, info.name, info.status, info.created, info.updated),
        *(info.parent, info.through, info.owner, info.lease_until, info.raw_request),
    )


def _swept(number: int, times: str | None, results: bytes | None, others: str | None) -> Swept:
    milliseconds = _decode_times(f"[{times or ''}]")
    decoded = _decode_others(f"[{others or ''}]")
    return Swept(
        number,
        [time / 1000 for time in milliseconds],
        results or b"",
        [(time / 1000, type, bytes(raw)) for time, type, raw in decoded],
    )
