"""The journal in a PostgreSQL database, for several machines.

1. A killed process loses nothing that was acknowledged, and neither does a server that falls while the process lives:
   see `postgres_tail`. `power_safe` appends survive the fall of both.
2. Leases count in the server's time, whatever the clocks of the machines show.
3. What is asked again after a lost connection is recognised, so that it happens once.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count, starmap
from typing import Any, Final

from psycopg import Cursor
from psycopg.errors import UniqueViolation
from psycopg.types.numeric import Int8

from victor_nb.journal import postgres_sql as sql
from victor_nb.journal.disposal import Disposal
from victor_nb.journal.disposal_postgres import PostgresDisposal
from victor_nb.journal.errors import JournalError, JournalSetBack, LeaseLost, RunNotFound
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.forks import renew_in_children
from victor_nb.journal.items import Items
from victor_nb.journal.items_postgres import PostgresItems
from victor_nb.journal.packing import unpacked
from victor_nb.journal.postgres_blobs import BlobCleared, add_rows, with_blobs
from victor_nb.journal.postgres_listening import Listening, RunWatch, lock_of
from victor_nb.journal.postgres_schema import make_ready
from victor_nb.journal.postgres_server import RECONNECT_S, PostgresServer
from victor_nb.journal.postgres_tail import Tail
from victor_nb.journal.postgres_url import Address
from victor_nb.journal.rows import Head, Row, Swept

_LAST: Final = 2**62
_COLUMNS: Final = "seq, time, type, step_id, parent_id, raw"


class PostgresStore:
    """A store in the database and schema that `url` names; its tables are made if they are missing.

    Args:
        reconnect_s: how long a server that went away is waited for, in seconds.
        clock: this machine's, in seconds since the epoch.

    Raises:
        UsageError: the URL has no form that a server could have.
        JournalError: the server cannot be reached, refuses us, or holds no journal that we can use.
    """

    def __init__(self, url: str, *, reconnect_s: float = RECONNECT_S, clock: Callable[[], float] = time.time) -> None:
        address = Address.of(url)
        self.url = address.shown
        self.server = PostgresServer(address, reconnect_s=reconnect_s, clock=clock)
        try:
            make_ready(self.server)
        except BaseException:
            self.server.close()
            raise
        self._listening = Listening(self.server)
        self.items: Items = PostgresItems(self.server)
        self.disposal: Disposal = PostgresDisposal(self.server, self._forget)
        self._numbers: dict[str, int] = {}
        self.after_fork()
        renew_in_children(self)

    def after_fork(self) -> None:
        """Begin with nothing to send again: the parent will."""
        self._tails: dict[str, Tail] = {}
        self._counts = {"appends": 0.0, "rows": 0.0}

    def _forget(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            self._numbers.pop(run_id, None)

    # -- writing ---------------------------------------------------------------------------------------------------

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        values = {name: getattr(info, name) for name in ("run_id", "kind", "name", "created", "updated", "parent")}
        values |= {"status": info.status.value, "owner": info.owner, "request": info.raw_request, "key": key}
        values |= {"through": Int8(info.through), "until": info.lease_until + self.server.clock_offset_s}
        values |= {"sync": self.server.durable, **_columns(rows)}
        number, generation = with_blobs(self.server, blobs, lambda contents: self._create(info, key, values | contents))
        self._numbers[info.run_id], self._tails[info.run_id] = number, Tail(generation)

    def _create(self, info: RunInfo, key: str, values: dict[str, Any]) -> tuple[int, int]:
        """Add a run; returns its number and the generation of the connection."""
        attempts = count()
        statement = sql.create_run("names" in values, bool(info.parent), "known" in values)

        def work(cursor: Cursor[Any]) -> int:
            is_again = next(attempts) > 0
            made = cursor.execute(statement, values).fetchone()
            if made is None and is_again:
                ours = "SELECT id FROM runs WHERE run_id = %b AND owner = %b AND key = %b"
                made = cursor.execute(ours, (info.run_id, info.owner, key)).fetchone()
            return made[0] if made is not None else 0

        generation = self.server.generation
        number = self.server.retried(work)
        if number:
            return number, generation
        if self.run(info.run_id) is not None:
            raise JournalError(f"the journal holds a run {info.run_id} already", self.url, "list them: victor runs")
        if info.parent and self.run(info.parent) is None:
            raise RunNotFound.removed(info.parent, self.url)
        raise BlobCleared

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
        if not number:
            raise RunNotFound(f"there is no run {run_id!r}", self.url, "list them: victor runs")
        tail = self._tails.get(run_id) or self._tails.setdefault(run_id, Tail(-1))
        waits_for_disk = power_safe or bool(blobs) or status is not None or tail.is_full
        values: dict[str, Any] = {"run": Int8(number), "lock": Int8(lock_of(self.server.address.schema, number))}
        values["sync"] = self.server.durable if waits_for_disk else "off"
        if status is not None:
            values |= {"status": status.value, "updated": rows[-1].time}

        def write(contents: dict[str, Any]) -> None:
            if len(rows) == 1 and not blobs and status is None:
                statement, given = sql.APPEND_ONE, values | rows[0]._asdict() | {"seq": Int8(rows[0].seq)}
            else:
                given = values | _columns(rows) | contents
                statement = sql.append("names" in given, status is not None, "known" in given)
            with tail.lock:
                self._write(run_id, tail, rows, partial(add_rows, statement=statement, values=given))
                if waits_for_disk:
                    tail.clear()
                else:
                    tail.add(rows)

        with_blobs(self.server, blobs, write)
        if status is not None and status is not Status.RUNNING:
            self._tails.pop(run_id, None)
        self._counts["appends"] += 1
        self._counts["rows"] += len(rows)

    def _write(self, run_id: str, tail: Tail, rows: Sequence[Row], add: Callable[[Cursor[Any]], object]) -> None:
        """Add rows once, after whatever a fallen server forgot."""
        attempts = count()

        def work(cursor: Cursor[Any]) -> None:
            is_again, generation = next(attempts) > 0, self.server.generation
            if generation != tail.generation:
                self._send_again(cursor, run_id, tail, rows[0].seq - 1)
            try:
                add(cursor)
            except UniqueViolation:
                if not is_again or not self._are_there(cursor, run_id, rows):
                    raise
            tail.generation = generation

        try:
            self.server.retried(work)
        except JournalError as failure:
            if isinstance(failure.__cause__, UniqueViolation):
                raise LeaseLost.to_another(run_id) from failure
            raise

    def _send_again(self, cursor: Cursor[Any], run_id: str, tail: Tail, last_seq: int) -> None:
        """Give the server what it has forgotten of a run, up to event `last_seq`."""
        number = self._numbers[run_id]
        newest, holder = cursor.execute(sql.HOLDER, {"run": Int8(number)}).fetchone() or (None, None)
        if holder != run_id:  # lost with its number, which another run may have got
            raise JournalSetBack.of(run_id, 0)
        rows = tail.missing(newest or 0, last_seq, run_id)
        if rows:
            values = {"run": Int8(number), "lock": Int8(lock_of(self.server.address.schema, number))}
            cursor.execute(sql.SEND_AGAIN, values | _columns(rows) | {"sync": self.server.durable})
            tail.clear()

    def _are_there(self, cursor: Cursor[Any], run_id: str, rows: Sequence[Row]) -> bool:
        """Whether an attempt of which we heard nothing has added these very rows."""
        between = (Int8(self._numbers[run_id]), Int8(rows[0].seq), Int8(rows[-1].seq))
        query = f"SELECT {_COLUMNS} FROM events WHERE run = %b AND seq BETWEEN %b AND %b ORDER BY seq"
        return list(starmap(Row, cursor.execute(query, between))) == list(rows)

    def _number(self, run_id: str) -> int:
        """The run's number in the tables; 0 if there is no such run."""
        if (number := self._numbers.get(run_id)) is not None:
            return number
        row = self._one("SELECT id FROM runs WHERE run_id = %b", run_id)
        if row is None:
            return 0
        self._numbers[run_id] = row[0]
        return self._numbers[run_id]

    # -- owners and mail -------------------------------------------------------------------------------------------

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        until = lease_until + self.server.clock_offset_s
        values = {"run_id": run_id, "expected": expected, "owner": owner, "until": until, "now": now}
        values["sync"] = self.server.durable

        def work(cursor: Cursor[Any]) -> bool:
            self._complete(cursor, run_id)
            return cursor.execute(sql.SWAP_OWNER, values).rowcount == 1

        is_swapped = self.server.retried(work)
        if is_swapped and not owner:
            self._tails.pop(run_id, None)  # on the disk with the swap
        return is_swapped

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        until = lease_until + self.server.clock_offset_s
        values = {"runs": list(leases), "owners": list(leases.values()), "until": until, "now": now}
        clock = self.server.retried(lambda cursor: cursor.execute(sql.RENEW, values).fetchone())
        if clock is not None:
            self.server.set_clock(clock[0])
        for run_id in leases:
            # A run that waits for something long must not stay without what a fallen server forgot.
            if run_id in self._tails:
                self.server.retried(partial(self._complete, run_id=run_id))

    def _complete(self, cursor: Cursor[Any], run_id: str) -> None:
        """Give the server what it may have forgotten of a run whose writer does not append just now."""
        tail, generation = self._tails.get(run_id), self.server.generation
        if tail is None or tail.generation == generation or not tail.lock.acquire(blocking=False):
            return
        try:
            if tail.newest_seq:
                self._send_again(cursor, run_id, tail, tail.newest_seq)
            tail.generation = generation
        except (UniqueViolation, JournalSetBack):
            pass  # the run's own next step meets the same, and there it can be told
        finally:
            tail.lock.release()

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        values = {"letter": secrets.token_hex(16), "run_id": run_id, "name": name, "raw": raw, "time": now}
        values["sync"] = self.server.durable
        self.server.retried(lambda cursor: cursor.execute(sql.SEND, values))

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        # Taken away only once it is here: an answer that is lost on its way must not take the mail with it.
        query = "SELECT id, name, raw FROM mail WHERE run_id = %b ORDER BY id"
        found = self._all(query, run_id)
        if found:
            ids = [number for number, _, _ in found]
            self.server.retried(lambda cursor: cursor.execute("DELETE FROM mail WHERE id = ANY(%b::bigint[])", (ids,)))
        return [(name, raw) for _, name, raw in found]

    def drop_mail(self, run_id: str, name: str) -> None:
        statement = "DELETE FROM mail WHERE run_id = %b AND name = %b"
        self.server.retried(lambda cursor: cursor.execute(statement, (run_id, name)))

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
        wanted = None if types is None else list(types)
        values: list[Any] = [Int8(self._number(run_id)), Int8(after), Int8(_LAST if through is None else through)]
        columns = _COLUMNS if bodies else _COLUMNS.removesuffix(", raw")
        query = f"SELECT {columns} FROM events WHERE run = %b AND seq > %b AND seq <= %b"
        if wanted is not None:
            values.append(wanted)
            query += " AND type = ANY(%b::text[])"
            if "step.finished" not in wanted:
                query += " AND type <> 'step.finished'"  # lets the server use the index of the others
        query += " ORDER BY seq"
        if last is not None:
            query, values = f"{query} DESC LIMIT %b", [*values, Int8(last)]
        event = partial(Event, run_id)
        events = self.server.retried(lambda cursor: list(starmap(event, cursor.execute(query, values))))
        if last is not None:
            events.reverse()
        return events

    def results(self, run_id: str, *, after: int, through: int | None) -> dict[str, bytes]:
        query = "SELECT step_id, raw FROM events WHERE run = %b AND seq > %b AND seq <= %b AND type = 'step.finished'"
        values = (Int8(self._number(run_id)), Int8(after), Int8(_LAST if through is None else through))
        return self.server.retried(lambda cursor: dict(cursor.execute(query, values).fetchall()))

    def run(self, run_id: str) -> RunInfo | None:
        found = self._select_runs("run_id = %b", [run_id], 1)
        return found[0] if found else None

    def runs_with_prefix(self, prefix: str, limit: int) -> list[RunInfo]:
        return self._select_runs("run_id >= %b AND run_id < %b", [prefix, prefix + "\uffff"], limit)

    def runs(
        self, *, kind: str | None, name: str | None, status: Status | None, key: str | None, limit: int
    ) -> list[RunInfo]:
        asked = {"kind": kind, "name": name, "status": status and status.value, "key": key}
        given = {column: value for column, value in asked.items() if value is not None}
        return self._select_runs(" AND ".join(f"{column} = %b" for column in given) or "true", [*given.values()], limit)

    def _select_runs(self, condition: str, values: list[Any], limit: int) -> list[RunInfo]:
        query = f"SELECT {sql.RUN_COLUMNS}, {sql.CLOCK} FROM runs WHERE {condition} ORDER BY run_id DESC LIMIT %b"
        rows = self._all(query, *values, Int8(limit))
        if rows:
            self.server.set_clock(rows[0][-1])
        return [self._info(row[:-1]) for row in rows]

    def _info(self, row: tuple[Any, ...]) -> RunInfo:
        fields = dict(zip(sql.RUN_COLUMNS.replace("request", "raw_request").split(", "), row, strict=True))
        lease_until = fields["lease_until"] - self.server.clock_offset_s
        return RunInfo(**{**fields, "status": Status(fields["status"]), "lease_until": lease_until})

    def heads(self, after: int, numbers: Iterable[int] = ()) -> list[Head]:
        rows = self._all(sql.HEADS, Int8(after), list(map(Int8, numbers)))
        offset_s = self.server.clock_offset_s
        return [head._replace(lease_until=head.lease_until - offset_s) for head in map(Head._make, rows)]

    def sweep(self, first: int, last: int, types: Sequence[str], *, after: int, through: int) -> list[Swept]:
        rows = self._all(sql.SWEEP, *map(Int8, (first, last, after, through)), list(types))
        return [
            Swept(number, times or [], results or b"", list(zip(at or [], named or [], raws or [], strict=True)))
            for number, times, results, at, named, raws in rows
        ]

    def size_bytes(self) -> int:
        row = self._one(sql.SIZE, self.server.address.schema)
        return int(row[0]) if row else 0

    def blob(self, name: str) -> bytes | None:
        row = self._one("SELECT packed, content FROM blobs WHERE name = %b", name)
        return None if row is None else unpacked(*row)

    def newest_seq(self, run_id: str) -> int:
        row = self._one("SELECT max(seq) FROM events WHERE run = %b", Int8(self._number(run_id)))
        return (row and row[0]) or 0

    def watch(self, run_id: str, wake: Callable[[], None]) -> RunWatch:
        return self._listening.watch(self._number(run_id), wake)

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        return self.server.retried(lambda cursor: cursor.execute(query, values).fetchone())

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.server.retried(lambda cursor: cursor.execute(query, values).fetchall())

    # -- health ----------------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, float]:
        return {**self._counts, **self.server.waits()}

    def facts(self) -> dict[str, str]:
        """Return what `victor doctor` tells about the server."""
        return self.server.facts()

    def close(self) -> None:
        self._listening.close()
        self.server.close()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    seqs, times, types, step_ids, parent_ids, raws = (list(column) for column in zip(*rows, strict=True))
    return {"seqs": seqs, "times": times, "types": types, "step_ids": step_ids, "parent_ids": parent_ids, "raws": raws}
