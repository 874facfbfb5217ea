"""The tables of a journal in PostgreSQL, made first if they are missing.

1. Nothing is written to a schema that holds something else, or a journal of a later version.
2. Of several processes that want to make the tables one does, and the others find them made.
3. Events have (run, seq) as their key, so a number that is taken is refused, whoever took it.

Nearly all events of a long run are finished steps; the few others have an index, because resuming looks for them. Run
ids sort by bytes, as they do in every other store. Blobs come compressed, so the server need not try. Format 2 added
what is needed to remove runs; a journal of format 1 gets it when it is opened for writing.
"""

from __future__ import annotations

from typing import Any, Final, LiteralString

from psycopg import Cursor, sql

from victor_nb.journal.errors import JournalCorrupt, JournalReadOnly, JournalTooNew, JournalUnavailable
from victor_nb.journal.postgres_server import PostgresServer

SCHEMA_VERSION: Final = 2

_SCHEMA: Final[tuple[LiteralString, ...]] = (
    """CREATE TABLE journal (format integer NOT NULL)""",
    """CREATE TABLE runs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text COLLATE "C" NOT NULL UNIQUE,
        kind text NOT NULL, name text NOT NULL, status text NOT NULL,
        created float8 NOT NULL, updated float8 NOT NULL, parent text NOT NULL, through bigint NOT NULL,
        owner text NOT NULL, lease_until float8 NOT NULL, request bytea NOT NULL, key text NOT NULL
    ) WITH (fillfactor = 80)""",
    """CREATE INDEX runs_by_key ON runs (key, run_id)""",
    """CREATE TABLE events (
        run bigint NOT NULL, seq bigint NOT NULL, time float8 NOT NULL, type text NOT NULL,
        step_id text NOT NULL, parent_id text NOT NULL, raw bytea NOT NULL, PRIMARY KEY (run, seq)
    )""",
    """CREATE INDEX events_but_results ON events (run, type) WHERE type <> 'step.finished'""",
    """CREATE TABLE blobs (name text COLLATE "C" PRIMARY KEY, packed boolean NOT NULL, content bytea NOT NULL)""",
    """ALTER TABLE blobs ALTER COLUMN content SET STORAGE EXTERNAL""",
    """CREATE TABLE mail (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, letter text NOT NULL UNIQUE,
        run_id text NOT NULL, name text NOT NULL, raw bytea NOT NULL, time float8 NOT NULL
    )""",
    """CREATE INDEX mail_by_run ON mail (run_id, id)""",
)
_SINCE_2: Final[tuple[LiteralString, ...]] = (
    """CREATE INDEX runs_with_parent ON runs (parent, run_id) WHERE parent <> ''""",
    """CREATE TABLE removals (id integer PRIMARY KEY, generation bigint NOT NULL)""",
    """CREATE TABLE summaries (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, packed boolean NOT NULL, content bytea NOT NULL
    )""",
    """CREATE TABLE pins (run_id text COLLATE "C" PRIMARY KEY, time float8 NOT NULL)""",
)
_TABLES: Final = frozenset({"journal", "runs", "events", "blobs", "mail"})
_FIND_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = %b"
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('victor_nb tables ' || %b, 0))"


def make_ready(server: PostgresServer) -> None:
    """Find the journal's tables, or make them.

    Raises:
        JournalError: the schema holds something else, or no journal that we can read or may make.
    """
    address = server.address
    found = server.retried(lambda cursor: _found(cursor, address.schema))
    if "journal" not in found:
        if found & _TABLES:
            raise JournalCorrupt(
                f"the schema {address.schema!r} holds tables of another program, not a journal",
                address.shown,
                "give the journal a schema of its own: ?schema=NAME",
            )
        _make(server)
    if _checked_version(server) < SCHEMA_VERSION and not address.read_only:
        server.retried(lambda cursor: _bring_up_to_date(cursor, address.schema))


def _found(cursor: Cursor[Any], schema: str) -> set[str]:
    return {name for (name,) in cursor.execute(_FIND_TABLES, (schema,))}


def _make(server: PostgresServer) -> None:
    address = server.address
    if address.read_only:
        raise JournalUnavailable(
            f"there is no journal in schema {address.schema!r}", address.shown, "check the journal's URL"
        )
    try:
        server.retried(lambda cursor: _make_tables(cursor, address.schema))
    except JournalReadOnly as failure:
        raise JournalReadOnly(
            f"there is no journal in schema {address.schema!r} yet, and this user may not make one",
            address.shown,
            f"as the database's owner: CREATE SCHEMA {address.schema} AUTHORIZATION USER",
        ) from failure


def _make_tables(cursor: Cursor[Any], schema: str) -> None:
    with cursor.connection.transaction():
        cursor.execute(_ONE_AT_A_TIME, (schema,))
        if "journal" in _found(cursor, schema):
            return
        if cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %b", (schema,)).fetchone() is None:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for statement in (*_SCHEMA, *_SINCE_2):
            cursor.execute(statement)
        cursor.execute("INSERT INTO journal VALUES (%b)", (SCHEMA_VERSION,))


def _bring_up_to_date(cursor: Cursor[Any], schema: str) -> None:
    with cursor.connection.transaction():
        cursor.execute(_ONE_AT_A_TIME, (schema,))
        if "removals" in _found(cursor, schema):
            return
        for statement in _SINCE_2:
            cursor.execute(statement)
        cursor.execute("UPDATE journal SET format = %b", (SCHEMA_VERSION,))


def _checked_version(server: PostgresServer) -> int:
    row = server.retried(lambda cursor: cursor.execute("SELECT max(format) FROM journal").fetchone())
    version = row[0] if row else None
    if version is None:
        raise JournalCorrupt("the journal does not say its format", server.address.shown, "restore it from a backup")
    if version > SCHEMA_VERSION:
        raise JournalTooNew(
            f"the journal has format {version}, and this version of Victor NB writes format {SCHEMA_VERSION}",
            server.address.shown,
            "pip install --upgrade victor-nb, or choose another journal: ?schema=NAME",
        )
    return int(version)
