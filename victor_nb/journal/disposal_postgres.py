"""Runs that leave a journal in PostgreSQL.

1. A transaction first locks what it is about to take away, and looks at the rest in its next statement: whoever began
   to refer to it before has committed then, and whoever comes later waits and finds it gone.
2. The numbers of runs are the server's own, which it never gives again.
3. Room inside the tables is used again by what is written next; the server's own vacuum sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, LiteralString

from psycopg import Cursor
from psycopg.types.numeric import Int8

from victor_nb.journal.disposal import REFERENCES, Remains, Summary, may_nest, names_in
from victor_nb.journal.packing import packed, unpacked
from victor_nb.journal.postgres_server import PostgresServer
from victor_nb.journal.rows import Head

_PER_ROW: Final = 60
_REFERS: Final = "(position(%b::bytea in {column}) > 0 OR position(%b::bytea in {column}) > 0)"
_IS_READY: Final = "SELECT 1 FROM pg_tables WHERE schemaname = %b AND tablename = 'removals'"
_GENERATION: Final = "SELECT generation FROM removals"
_REMAINS: Final = """SELECT (SELECT generation FROM removals), (SELECT array_agg(id) FROM runs),
    array_agg(id ORDER BY id), array_agg(packed ORDER BY id), array_agg(content ORDER BY id) FROM summaries"""
_REMEMBER: Final = """WITH told AS (INSERT INTO removals VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET generation = removals.generation + 1)
    INSERT INTO summaries (packed, content) VALUES (%b, %b)"""
_STATES: Final = """SELECT id, status, owner, updated,
    coalesce((SELECT max(seq) FROM events WHERE run = runs.id), 0),
    EXISTS (SELECT 1 FROM pins WHERE pins.run_id = runs.run_id) FROM runs WHERE id = ANY(%b::bigint[])"""
_ORPHANS: Final = """WITH RECURSIVE found (number) AS (SELECT min(run) FROM events UNION ALL
        SELECT (SELECT min(run) FROM events WHERE run > number) FROM found WHERE number IS NOT NULL)
    SELECT number FROM found WHERE number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs WHERE id = number)"""
_CLEAR: Final = """WITH gone AS (DELETE FROM events WHERE run = %b AND seq IN
        (SELECT seq FROM events WHERE run = %b ORDER BY seq LIMIT %b) RETURNING length(raw) AS size)
    SELECT coalesce(sum(size + %b), 0)::bigint FROM gone"""
_PIN: Final = """INSERT INTO pins SELECT run_id, %b FROM runs WHERE run_id = %b FOR KEY SHARE
    ON CONFLICT (run_id) DO UPDATE SET time = excluded.time"""


class PostgresDisposal:
    """Works on a journal's tables.

    Args:
        forget: is told the ids of runs that are gone.
    """

    def __init__(self, server: PostgresServer, forget: Callable[[Iterable[str]], None]) -> None:
        self._server, self._forget = server, forget
        self._has_tables = False

    # -- what is remembered ----------------------------------------------------------------------------------------

    def remains(self, generation: int) -> Remains | None:
        def work(cursor: Cursor[Any]) -> Remains | None:
            row = cursor.execute(_GENERATION).fetchone() if self._is_ready(cursor) else None
            if (row[0] if row else 0) == generation:
                return None
            ((now, numbers, *columns),) = cursor.execute(_REMAINS).fetchall()
            rows = zip(*(column or [] for column in columns), strict=True)
            kept = tuple(Summary(number, unpacked(flag, content)) for number, flag, content in rows)
            return Remains(now or 0, frozenset(numbers or ()), kept)

        return self._server.retried(work)

    def _is_ready(self, cursor: Cursor[Any]) -> bool:
        """Whether the tables are there: a journal of an earlier version, opened for reading only, lacks them."""
        if not self._has_tables:
            self._has_tables = cursor.execute(_IS_READY, (self._server.address.schema,)).fetchone() is not None
        return self._has_tables

    def merge(self, old: Collection[int], new: bytes) -> bool:
        numbers, content = list(map(Int8, old)), packed(new)

        def work(cursor: Cursor[Any]) -> bool:
            with cursor.connection.transaction():
                found = cursor.execute(
                    "SELECT id FROM summaries WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE", (numbers,)
                ).fetchall()
                if len(found) != len(numbers):
                    return False
                cursor.execute("DELETE FROM summaries WHERE id = ANY(%b::bigint[])", (numbers,))
                cursor.execute(_REMEMBER, content)
                return True

        return self._server.retried(work)

    # -- runs ------------------------------------------------------------------------------------------------------

    def remove(self, heads: Sequence[Head], summary: bytes) -> list[int]:
        content = packed(summary)
        numbers, ids = [Int8(head.number) for head in heads], [head.run_id for head in heads]

        def work(cursor: Cursor[Any]) -> list[int]:
            with cursor.connection.transaction():
                cursor.execute("SELECT 1 FROM runs WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE", (numbers,))
                stay = _staying(cursor, heads)
                if stay:
                    return stay
                cursor.execute("DELETE FROM runs WHERE id = ANY(%b::bigint[])", (numbers,))
                cursor.execute("DELETE FROM mail WHERE run_id = ANY(%b::text[])", (ids,))
                cursor.execute(_REMEMBER, content)
                return []

        stay = self._server.retried(work)
        if not stay:
            self._forget(ids)
        return stay

    def children(self) -> dict[str, frozenset[str]]:
        query = "SELECT parent, array_agg(run_id) FROM runs WHERE parent <> '' GROUP BY parent"
        rows = self._server.retried(lambda cursor: cursor.execute(query).fetchall())
        return {parent: frozenset(built) for parent, built in rows}

    def weights(self, first: int, last: int) -> dict[int, int]:
        query = """SELECT run, sum(length(raw) + %b)::bigint FROM events WHERE run BETWEEN %b AND %b GROUP BY run"""
        values = (Int8(_PER_ROW), Int8(first), Int8(last))
        return self._server.retried(lambda cursor: dict(cursor.execute(query, values).fetchall()))

    def orphans(self) -> list[int]:
        return [number for (number,) in self._server.retried(lambda cursor: cursor.execute(_ORPHANS).fetchall())]

    def clear(self, number: int, most: int) -> int:
        values = (Int8(number), Int8(number), Int8(most), Int8(_PER_ROW))
        row = self._server.retried(lambda cursor: cursor.execute(_CLEAR, values).fetchone())
        return int(row[0]) if row else 0

    # -- blobs -----------------------------------------------------------------------------------------------------

    def referring(self, first: int, last: int, *, after: int, through: int) -> Iterator[tuple[int, bytes]]:
        runs, seqs = (Int8(first), Int8(last)), (Int8(after), Int8(through))
        events = "SELECT run, raw FROM events WHERE run BETWEEN %b AND %b AND seq > %b AND seq <= %b"
        yield from self._rows(f"{events} AND {_REFERS.format(column='raw')}", (*runs, *seqs, *REFERENCES))
        requests = f"SELECT id, request FROM runs WHERE id BETWEEN %b AND %b AND {_REFERS.format(column='request')}"
        if not after:
            yield from self._rows(requests, (*runs, *REFERENCES))

    def _rows(self, query: LiteralString, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._server.retried(lambda cursor: cursor.execute(query, values).fetchall())

    def blobs(self) -> dict[str, int]:
        query = "SELECT name, length(content)::bigint FROM blobs"
        return self._server.retried(lambda cursor: dict(cursor.execute(query).fetchall()))

    def nesting(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        refers = _REFERS.format(column="content")
        query = f"SELECT name, packed, content FROM blobs WHERE name = ANY(%b::text[]) AND (packed OR {refers})"
        for name, is_packed, stored in self._rows(query, (list(names), *REFERENCES)):
            content = unpacked(is_packed, stored)
            if may_nest(content) and any(word in content for word in REFERENCES):
                yield name, content

    def drop_blobs(self, names: Sequence[str], first: int, seen: dict[int, int]) -> tuple[int, int] | None:
        wanted = sorted(names)

        def work(cursor: Cursor[Any]) -> tuple[int, int] | None:
            with cursor.connection.transaction():
                lock = "SELECT 1 FROM blobs WHERE name = ANY(%b::text[]) ORDER BY name FOR UPDATE"
                cursor.execute(lock, (wanted,))
                if any(not names_in(raw).isdisjoint(wanted) for raw in _grown(cursor, first, seen)):
                    return None
                delete = "DELETE FROM blobs WHERE name = ANY(%b::text[]) RETURNING length(content)"
                sizes = [size for (size,) in cursor.execute(delete, (wanted,))]
                return len(sizes), sum(sizes)

        return self._server.retried(work)

    # -- pins ------------------------------------------------------------------------------------------------------

    def pin(self, run_id: str, now: float) -> bool:
        return self._server.retried(lambda cursor: cursor.execute(_PIN, (now, run_id)).rowcount == 1)

    def unpin(self, run_id: str) -> bool:
        statement = "DELETE FROM pins WHERE run_id = %b"
        return self._server.retried(lambda cursor: cursor.execute(statement, (run_id,)).rowcount == 1)

    def pinned(self) -> frozenset[str]:
        def work(cursor: Cursor[Any]) -> frozenset[str]:
            rows = cursor.execute("SELECT run_id FROM pins").fetchall() if self._is_ready(cursor) else []
            return frozenset(run_id for (run_id,) in rows)

        return self._server.retried(work)

    # -- room ------------------------------------------------------------------------------------------------------

    def give_back(self) -> None:
        """The server's own vacuum does it."""

    def rewrite(self) -> int:
        size = (
            "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest(ARRAY['events', 'blobs']) AS name"
        )

        def work(cursor: Cursor[Any]) -> int:
            before = cursor.execute(size).fetchone()
            for table in ("events", "blobs"):
                cursor.execute(f"VACUUM FULL {table}")
            after = cursor.execute(size).fetchone()
            return int(before[0] - after[0]) if before and after else 0

        return self._server.retried(work)

    def free_bytes(self) -> int:
        return 0


def _staying(cursor: Cursor[Any], heads: Sequence[Head]) -> list[int]:
    """The numbers of locked runs that may not go: they changed, are pinned, or a run is built on them that stays."""
    numbers, ids = [Int8(head.number) for head in heads], [head.run_id for head in heads]
    states = {row[0]: tuple(row[1:]) for row in cursor.execute(_STATES, (numbers,)).fetchall()}
    built_on = "SELECT DISTINCT parent FROM runs WHERE parent = ANY(%b::text[]) AND NOT run_id = ANY(%b::text[])"
    parents = {parent for (parent,) in cursor.execute(built_on, (ids, ids)).fetchall()}
    as_seen = {head.number: (head.status, head.owner, head.updated, head.newest, False) for head in heads}
    return [head.number for head in heads if head.run_id in parents or states.get(head.number) != as_seen[head.number]]


def _grown(cursor: Cursor[Any], first: int, seen: dict[int, int]) -> Iterator[bytes]:
    """What was written since a look at the whole journal and may refer to blobs."""
    refers = _REFERS.format(column="raw")
    for (request,) in cursor.execute("SELECT request FROM runs WHERE id > %b", (Int8(first),)).fetchall():
        yield request
    query = f"""SELECT raw FROM events LEFT JOIN unnest(%b::bigint[], %b::bigint[]) AS seen (number, newest)
        ON events.run = seen.number WHERE (events.run > %b OR events.seq > seen.newest) AND {refers}
        AND (events.run > %b OR events.run = ANY(%b::bigint[]))"""
    numbers, newest = list(map(Int8, seen)), list(map(Int8, seen.values()))
    values = (numbers, newest, Int8(first), *REFERENCES, Int8(first), numbers)
    for (raw,) in cursor.execute(query, values).fetchall():
        yield raw
