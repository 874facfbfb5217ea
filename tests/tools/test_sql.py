"""SQL over the kernel's tables: reads them, and nothing else."""

from __future__ import annotations

import asyncio
import sys

import pandas as pd
import pytest

from tests.tools.calling import call
from victor_nb.errors import MissingExtra
from victor_nb.tools import QueryError, ToolRefused, ToolTimeout, sql

SHOP = pd.DataFrame({"city": ["Bern", "Rome", "Bern"], "price": [1.0, 2.0, 3.0]})
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"


@pytest.fixture
def tools():
    """The toolset over two tables and something else."""
    return sql({"shop": SHOP, "towns": [{"city": "Bern", "land": "CH"}], "number": 3, "My": pd.DataFrame({"a": [1]})})


def test_a_query_joins_tables(tools):
    """Each variable that is a table can be named, whatever its make."""
    query = "SELECT land, sum(price) AS total FROM shop JOIN towns USING (city) GROUP BY land"
    assert call(tools, "query_sql", query=query)["rows"].to_dict("records") == [{"land": "CH", "total": 4.0}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS a",
        "with t as (select 1 as a) select * from t",
        "FROM my",
        "SELECT a FROM my; ",
        "VALUES (1) -- one",
    ],
)
def test_reading_statements_are_allowed(tools, query):
    """SELECT, WITH and what DuckDB takes for them."""
    assert len(call(tools, "query_sql", query=query)["rows"]) == 1


def test_rows_are_limited(tools):
    """At most the rows asked for leave the database, and it says whether there are more."""
    answer = call(tools, "query_sql", query="SELECT * FROM range(1000000000)", n=3)
    assert (answer["rows"]["range"].tolist(), answer["more_rows"]) == ([0, 1, 2], True)
    assert not call(tools, "query_sql", query="SELECT * FROM shop", n=3)["more_rows"]


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE shop",
        "INSERT INTO shop VALUES (1, 2)",
        "CREATE TABLE t AS SELECT 1",
        "COPY shop TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE SELECT 1",
        "DESCRIBE shop",
        "SHOW TABLES",
        "/* SELECT */ PRAGMA database_list",
        "SELECT 1; DROP TABLE shop",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_statements_that_do_more_than_read_are_refused(tools, query):
    """One SELECT or WITH, and no other statement, also not behind a semicolon."""
    with pytest.raises(ToolRefused, match="allowed"):
        call(tools, "query_sql", query=query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{folder}/out.csv''')",
        "WITH x AS (INSERT INTO shop VALUES ('a', 1) RETURNING *) SELECT * FROM x",
        "SELECT * FROM SHOP_frame",
        "SELECT getenv('HOME')",
    ],
)
def test_a_select_reaches_no_file_network_or_python_name(tools, tmp_path, query):
    """Not by a table function, not by a file's name, not by a variable of this test."""
    SHOP_frame = SHOP  # noqa: F841 - DuckDB would find it, were it allowed to look
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(QueryError):
        call(tools, "query_sql", query=query.format(file=secret, folder=tmp_path))
    assert [f.name for f in tmp_path.iterdir()] == ["secret.csv"]


def test_what_is_wrong_with_a_query_is_said(tools):
    """The database's own words, and the tables that were found."""
    with pytest.raises(QueryError, match="syntax error"):
        call(tools, "query_sql", query="SELECT FROM WHERE")
    with pytest.raises(QueryError, match=r"(?s)prize.*tables: 'shop'"):
        call(tools, "query_sql", query="SELECT prize FROM shop")
    with pytest.raises(QueryError, match="no name in the query is a variable that holds a table"):
        call(tools, "query_sql", query="SELECT * FROM number")
    with pytest.raises(ToolRefused, match="characters"):
        call(tools, "query_sql", query="SELECT " + "1," * 50_000 + "1")


def test_an_endless_query_is_interrupted():
    """The time limit holds inside the database."""
    with pytest.raises(ToolTimeout, match=r"longer than 0\.2 s"):
        call(sql({}, timeout_s=0.2), "query_sql", query=ENDLESS)


def test_a_cancelled_call_interrupts_the_query(monkeypatch):
    """Interrupting the cell does not leave a thread counting for ever."""
    import threading

    from victor_nb.tools.builtin import sql as module

    started, ended = threading.Event(), threading.Event()
    real = module._rows

    def watched(*args):
        started.set()
        try:
            return real(*args)
        finally:
            ended.set()

    monkeypatch.setattr(module, "_rows", watched)
    (tool,) = sql({})

    async def main():
        running = asyncio.create_task(tool.call({"query": ENDLESS}))
        await asyncio.to_thread(started.wait, 10)
        # The query is now on its way into the database; an interrupt counts only once it is there.
        await asyncio.sleep(0.2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return await asyncio.to_thread(ended.wait, 10)

    assert asyncio.run(main())


def test_the_table_itself_is_not_changed(tools):
    """The database works on the values, not on the object."""
    before = SHOP.copy(deep=True)
    call(tools, "query_sql", query="SELECT price * 2 AS price FROM shop")
    pd.testing.assert_frame_equal(SHOP, before)


def test_without_duckdb_the_extra_is_named(tools, monkeypatch):
    """The error is the command that installs it."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtra, match=r'pip install "victor-nb\[sql\]"'):
        call(tools, "query_sql", query="SELECT 1")
