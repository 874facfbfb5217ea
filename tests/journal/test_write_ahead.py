"""The switch to write-ahead logging waits for others, where SQLite's own timeout does not."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from victor_nb.journal.write_ahead import log_ahead


@pytest.fixture
def connection(tmp_path):
    """A connection that waits for others for half a minute, or so it is told."""
    connection = sqlite3.connect(tmp_path / "some.db", isolation_level=None, timeout=30)
    yield connection
    connection.close()


@pytest.fixture
def writer(tmp_path):
    """Another that is about to write to a file that has no log yet."""
    writer = sqlite3.connect(tmp_path / "some.db", isolation_level=None, check_same_thread=False)
    writer.executescript("CREATE TABLE t (x); BEGIN IMMEDIATE;")
    yield writer
    writer.close()


def test_the_switch_waits_for_a_writer(connection, writer):
    """Until it has done, or for as long as was said."""
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        log_ahead(connection, 0.01)

    ending = threading.Timer(0.05, writer.execute, ["COMMIT"])
    ending.start()
    log_ahead(connection, 30)
    ending.join()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_only_a_lock_is_waited_for(tmp_path, connection):
    """What is no database is told at once."""
    (tmp_path / "some.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        log_ahead(connection, 30)
