"""Toolset: SQL over the kernel's tables, by DuckDB (extra `sql`).

1. Read only, three times over: one SELECT or WITH statement and no other; a database in memory that is thrown
   away; no file, no network, no extension, no Python name reachable (`enable_external_access` off, and locked).
2. Only variables whose names occur in the query are handed to the database, without copying where it can.
3. A query has a time limit, a memory limit and a row limit. A cancelled call interrupts the query.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from victor_nb.errors import MissingExtra
from victor_nb.journal import Effect
from victor_nb.tools.builtin.parameters import Rows, Sql
from victor_nb.tools.builtin.tables import frame_of, is_tabular, storable
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.errors import QueryError, ToolRefused, ToolTimeout, listed
from victor_nb.tools.methods import tool_method, tools_of

if TYPE_CHECKING:
    import duckdb

TIMEOUT_S: Final = 60.0
MEMORY_LIMIT: Final = "2GB"
QUERY_CHARS: Final = 50_000

_WORD: Final = re.compile(r"[^\W\d]\w*")
_BEGINS: Final = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|from|values)\b", re.IGNORECASE | re.DOTALL)
_SAFE: Final = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY_LIMIT,
    "threads": "2",
    "temp_directory": "",
}


def sql(namespace: Mapping[str, object], *, timeout_s: float = TIMEOUT_S) -> Toolset:
    """Return the tool that queries the tables of a namespace.

    Args:
        timeout_s: after this many seconds a query is interrupted.
    """
    return Toolset("sql", tools_of(SqlTables(namespace, timeout_s)))


@dataclass(frozen=True, slots=True)
class SqlTables:
    """The tool, bound to the namespace whose tables it reads."""

    namespace: Mapping[str, object]
    timeout_s: float

    @tool_method(
        category="database",
        cost="low",
        effect=Effect.READ,
        keywords=("sql", "select", "join", "query", "database", "duckdb", "with"),
    )
    async def query_sql(self, query: Sql, n: Rows = 50) -> Any:
        """Query the kernel's tables with one SQL statement, SELECT or WITH; each variable is a table of its name.

        The dialect is DuckDB's, close to PostgreSQL's. Use it to join tables or for what no other tool does.

        Args:
            query: one SELECT or WITH statement; columns with spaces go in double quotes.
            n: how many rows to return at most.
        """
        connection = await asyncio.to_thread(self.connection, query)
        work = asyncio.create_task(asyncio.to_thread(_rows, connection, query, n))
        try:
            done, _ = await asyncio.wait({work}, timeout=self.timeout_s)
            if not done:
                raise ToolTimeout(
                    f"the query took longer than {self.timeout_s:g} s and was interrupted",
                    hint="select fewer rows or columns, or filter before joining",
                )
            return work.result()
        finally:
            if not work.done():
                connection.interrupt()
                work.add_done_callback(_take_note)

    def connection(self, query: str) -> duckdb.DuckDBPyConnection:
        """Open a database that holds the tables which a query names, and check that the query only reads.

        Raises:
            MissingExtra: DuckDB is not installed.
            ToolRefused: the query is not one SELECT or WITH statement.
            QueryError: DuckDB cannot parse it, or a variable cannot be read as a table.
        """
        try:
            import duckdb
        except ImportError:
            raise MissingExtra.named("sql", needed_for="SQL over the kernel's tables") from None
        if len(query) > QUERY_CHARS:
            raise ToolRefused(f"the query has {len(query):,} characters; {QUERY_CHARS:,} are allowed")
        connection = duckdb.connect(":memory:", config=dict(_SAFE))
        try:
            connection.execute("SET lock_configuration = true")
            _check_reads_only(connection, query)
            for name in self.tables_in(query):
                self.register(connection, name)
        except BaseException:
            connection.close()
            raise
        return connection

    def tables_in(self, query: str) -> list[str]:
        """Return the variables that a query may mean: tables whose names occur in it, in any case."""
        mentioned = {word.lower() for word in _WORD.findall(query)}
        return [n for n in self.namespace if n.lower() in mentioned and is_tabular(self.namespace[n])]

    def register(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        import duckdb

        frame = storable(frame_of(self.namespace[name], name))
        try:
            connection.register(name, frame)
        except duckdb.Error as unfit:
            raise QueryError(f"DuckDB cannot read the table {name!r}: {_first_line(unfit)}") from unfit


def _take_note(interrupted: asyncio.Task[Any]) -> None:
    """Fetch the error of a query that nobody waits for any more, so that asyncio does not report it as lost."""
    if not interrupted.cancelled():
        interrupted.exception()


def _check_reads_only(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    import duckdb

    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as broken:
        raise QueryError(f"this is not SQL that DuckDB reads: {_first_line(broken)}") from broken
    if len(statements) != 1:
        raise ToolRefused(f"one statement is allowed, not {len(statements)}", hint="send one SELECT or WITH statement")
    # Both: DuckDB rewrites some PRAGMA and SHOW statements into SELECT, and WITH may begin an INSERT.
    if statements[0].type != duckdb.StatementType.SELECT or not _BEGINS.match(query):
        raise ToolRefused(
            f"only SELECT and WITH are allowed, not {query.strip()[:40]!r}", hint="tables are read only here"
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, n: int) -> dict[str, Any]:
    """Run a query and close the database. One row more than `n` is asked for, to know whether there are more."""
    import duckdb

    with connection:
        try:
            frame = connection.sql(query).limit(n + 1).df()
        except duckdb.Error as failure:
            known = [str(row[0]) for row in connection.execute("SHOW TABLES").fetchall()]
            hint = listed("tables", known) if known else "no name in the query is a variable that holds a table"
            raise QueryError(f"the query failed: {_first_line(failure)}", hint=hint) from failure
        return {"more_rows": len(frame) > n, "rows": storable(frame.head(n))}


def _first_line(error: Exception) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:2] if line.strip())
