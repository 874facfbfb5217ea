"""Items in the journal's PostgreSQL schema, found by their words through an index over them.

1. Each question is one statement, as everywhere in this store; a write that is asked again, because a connection was
   lost, is the same write.
2. Rows are changed in the order of their names, so that two writers of the same items wait and do not block each other.
3. The table is made by the first write, so a journal that keeps no items is the one that it always was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from psycopg import Cursor

from victor_nb.journal.items import FOREVER, SWEPT_AT_ONCE, Change, ItemRow, Removal, end_of, last_of, start_of
from victor_nb.journal.postgres_server import PostgresServer

_TABLES: Final[tuple[LiteralString, ...]] = (
    """CREATE TABLE IF NOT EXISTS items (
        place text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, raw bytea NOT NULL, parts bytea NOT NULL,
        words text NOT NULL, vector bytea NOT NULL, embedder text NOT NULL, version text NOT NULL,
        created float8 NOT NULL, updated float8 NOT NULL, expires float8 NOT NULL, ttl_s float8 NOT NULL,
        turn bigint NOT NULL, within_turn bigint NOT NULL, PRIMARY KEY (place, name)
    )""",
    """CREATE SEQUENCE IF NOT EXISTS item_turns OWNED BY items.turn""",
    """CREATE INDEX IF NOT EXISTS items_by_turn ON items (turn, within_turn)""",
    """CREATE INDEX IF NOT EXISTS items_by_word ON items USING gin (string_to_array(words, ' '))""",
    """CREATE INDEX IF NOT EXISTS items_that_end ON items (expires) WHERE expires <> 0""",
)
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('victor_nb items ' || %b, 0))"

_COLUMNS: Final = "place, name, raw, parts, words, vector, embedder, version, created, updated, expires, ttl_s"
_TYPES: Final = dict.fromkeys(ItemRow._fields, "text") | dict.fromkeys(("raw", "parts", "vector"), "bytea")
_TYPES.update(dict.fromkeys(("created", "updated", "expires", "ttl_s"), "float8"))
_ALIVE: Final = "(expires = 0 OR expires > %(now)b)"
_AT_OR_BELOW: Final = f"place >= %(place)b AND place < %(end)b AND {_ALIVE}"
_NEWEST_FIRST: Final = "ORDER BY turn DESC, within_turn DESC"

_GIVEN: Final = f"""unnest({", ".join(f"%({name})b::{_TYPES[name]}[]" for name in ItemRow._fields)})
    WITH ORDINALITY AS given ({_COLUMNS}, within_turn)"""
_AS_GIVEN: Final = ", ".join(f"given.{name}" for name in ItemRow._fields)
_ANEW: Final = ", ".join(
    f"{name} = excluded.{name}" for name in ItemRow._fields if name not in ("place", "name", "created")
)
_REPLACED: Final = f"""{_ANEW}, turn = excluded.turn, within_turn = excluded.within_turn,
    created = CASE WHEN old.expires <> 0 AND old.expires <= %(now)b THEN excluded.created ELSE old.created END"""

_REMOVE: Final = """DELETE FROM items
    USING unnest(%(gone_places)b::text[], %(gone_names)b::text[]) AS gone (place, name)
    WHERE items.place = gone.place AND items.name = gone.name"""
_SWEEP: Final = """DELETE FROM items USING (
        SELECT place, name FROM items WHERE expires <> 0 AND expires <= %(now)b
        AND NOT (place, name) IN (SELECT * FROM unnest(%(place)b::text[], %(name)b::text[]))
        AND NOT (place, name) IN (SELECT * FROM unnest(%(gone_places)b::text[], %(gone_names)b::text[]))
        LIMIT %(swept)b FOR UPDATE SKIP LOCKED
    ) AS over WHERE items.place = over.place AND items.name = over.name"""
_WRITE: Final = f"""WITH gone AS ({_REMOVE}), swept AS ({_SWEEP}),
    counted AS MATERIALIZED (SELECT nextval('item_turns') AS turn)
    INSERT INTO items AS old ({_COLUMNS}, within_turn, turn)
    SELECT {_AS_GIVEN}, given.within_turn, counted.turn FROM counted, {_GIVEN} ORDER BY given.place, given.name
    ON CONFLICT (place, name) DO UPDATE SET {_REPLACED}"""

_SWAP: Final = f"""INSERT INTO items AS old ({_COLUMNS}, within_turn, turn)
    SELECT {_AS_GIVEN}, given.within_turn, nextval('item_turns') FROM {_GIVEN}
    WHERE %(expected)b = '' OR EXISTS (SELECT FROM items WHERE place = given.place AND name = given.name)
    ON CONFLICT (place, name) DO UPDATE SET {_REPLACED}
    WHERE old.version = excluded.version OR %(expected)b =
        CASE WHEN old.expires <> 0 AND old.expires <= %(now)b THEN '' ELSE old.version END
    RETURNING version"""

_SEEN: Final = "unnest(%(places)b::text[], %(names)b::text[], %(versions)b::text[]"
_SAME: Final = "items.place = seen.place AND items.name = seen.name AND items.version = seen.version"


class PostgresItems:
    """Items in a journal's schema."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._has_table = False

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change], now: float) -> None:
        last = last_of(changes)
        gone = [change for change in last if isinstance(change, Removal)]
        values = _columns([change for change in last if isinstance(change, ItemRow)]) | {"now": now}
        values |= {"gone_places": [one.place for one in gone], "gone_names": [one.name for one in gone]}
        self._make_table()
        self._run(_WRITE, values | {"swept": SWEPT_AT_ONCE})

    def swap(self, row: ItemRow, expected: str, now: float) -> bool:
        self._make_table()
        return bool(self._rows(_SWAP, _columns([row]) | {"expected": expected, "now": now}))

    def prolong(self, rows: Sequence[ItemRow], now: float) -> None:
        ending = [row for row in rows if row.expires != FOREVER]
        if ending:
            statement = f"""UPDATE items SET expires = %(now)b + ttl_s FROM {_SEEN}) AS seen (place, name, version)
                WHERE {_SAME} AND expires <> 0"""
            self._run(statement, _identities(ending) | {"now": now})

    def describe(self, rows: Sequence[ItemRow]) -> None:
        statement = f"""UPDATE items SET vector = seen.vector, embedder = seen.embedder
            FROM {_SEEN}, %(vectors)b::bytea[], %(embedders)b::text[])
            AS seen (place, name, version, vector, embedder) WHERE {_SAME}"""
        made = {"vectors": [row.vector for row in rows], "embedders": [row.embedder for row in rows]}
        self._run(statement, _identities(rows) | made)

    def sweep(self, now: float) -> int:
        if not self._is_there():
            return 0
        statement = "DELETE FROM items WHERE expires <> 0 AND expires <= %(now)b"
        return self._server.retried(lambda cursor: cursor.execute(statement, {"now": now}).rowcount)

    def _run(self, statement: str, values: dict[str, Any]) -> None:
        self._server.retried(lambda cursor: cursor.execute(statement.encode(), values))

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, place: str, name: str, now: float) -> ItemRow | None:
        found = self._items(f"place = %(place)b AND name = %(name)b AND {_ALIVE}", place=place, name=name, now=now)
        return found[0] if found else None

    def below(self, place: str, now: float, *, limit: int | None, offset: int) -> list[ItemRow]:
        condition = f"{_AT_OR_BELOW} {_NEWEST_FIRST} LIMIT %(limit)b::bigint OFFSET %(offset)b::bigint"
        return self._items(condition, place=start_of(place), end=end_of(place), now=now, limit=limit, offset=offset)

    def with_words(self, place: str, words: Sequence[str], now: float, limit: int) -> list[ItemRow]:
        has_one = "string_to_array(words, ' ') && %(words)b::text[]"
        condition = f"{has_one} AND {_AT_OR_BELOW} {_NEWEST_FIRST} LIMIT %(limit)b::bigint"
        return self._items(condition, place=start_of(place), end=end_of(place), now=now, words=[*words], limit=limit)

    def places(self, now: float) -> list[str]:
        if not self._is_there():
            return []
        return [
            place
            for (place,) in self._rows(f"SELECT DISTINCT place FROM items WHERE {_ALIVE} ORDER BY place", {"now": now})
        ]

    def _items(self, condition: str, **values: Any) -> list[ItemRow]:
        if not self._is_there():
            return []
        return [ItemRow(*row) for row in self._rows(f"SELECT {_COLUMNS} FROM items WHERE {condition}", values)]

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        return self._server.retried(lambda cursor: cursor.execute(statement.encode(), values).fetchall())

    # -- the table -------------------------------------------------------------------------------------------------

    def _is_there(self) -> bool:
        """Whether anything was ever written here, by whichever process."""
        if not self._has_table:
            found = self._rows("SELECT to_regclass(quote_ident(%(schema)b) || '.items')::text", self._schema())
            self._has_table = found[0][0] is not None
        return self._has_table

    def _make_table(self) -> None:
        if self._is_there():
            return

        def work(cursor: Cursor[Any]) -> None:
            with cursor.connection.transaction():
                cursor.execute(_ONE_AT_A_TIME, (self._server.address.schema,))
                for statement in _TABLES:
                    cursor.execute(statement)

        self._server.retried(work)
        self._has_table = True

    def _schema(self) -> dict[str, Any]:
        return {"schema": self._server.address.schema}


def _columns(rows: Sequence[ItemRow]) -> dict[str, Any]:
    """The rows as one array a column."""
    return {name: [getattr(row, name) for row in rows] for name in ItemRow._fields}


def _identities(rows: Sequence[ItemRow]) -> dict[str, Any]:
    return {f"{name}s": [getattr(row, name) for row in rows] for name in ("place", "name", "version")}
