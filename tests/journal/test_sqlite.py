"""The SQLite store and everything that can be wrong with a file: clear errors, and nothing lost."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from victor_nb.journal import (
    JournalBusy,
    JournalCorrupt,
    JournalFull,
    JournalReadOnly,
    JournalTooNew,
    JournalUnavailable,
    filesystem,
    open_journal,
)
from victor_nb.journal.journal import Journal
from victor_nb.journal.sqlite import SqliteStore


def asked(store, statement):
    """What SQLite answers on this thread's connection."""
    return store.file.retried(lambda connection: connection.execute(statement).fetchone())[0]


def test_the_default_journal_is_below_the_working_directory(tmp_path, monkeypatch):
    """Without a URL the journal is `.victor/victor.db`, and its folder is made."""
    monkeypatch.chdir(tmp_path)
    open_journal().close()

    assert Path(".victor/victor.db").exists()


def test_names_with_spaces_and_accents_work(tmp_path):
    """A path is a path."""
    url = f"sqlite:///{tmp_path}/Müller & Söhne/my file.db"
    with open_journal(url) as journal:
        journal.start().finish()

    with open_journal(url) as journal:
        assert len(journal.runs()) == 1


def test_it_writes_ahead_and_does_not_sync_a_step(tmp_path):
    """WAL with synchronous=NORMAL: a killed process loses nothing, and no step waits for the disk."""
    store = SqliteStore(tmp_path / "victor.db")

    assert asked(store, "PRAGMA journal_mode") == "wal"
    assert asked(store, "PRAGMA synchronous") == 1


def test_a_network_file_system_gets_a_rollback_journal_and_a_warning(tmp_path, monkeypatch):
    """Where write-ahead logging is not safe it is not used, and the user is told."""
    monkeypatch.setenv("VICTOR_FILESYSTEM", "nfs4")
    with pytest.warns(RuntimeWarning, match="network file system"):
        store = SqliteStore(tmp_path / "victor.db")

    assert asked(store, "PRAGMA journal_mode") == "delete"


def test_local_file_systems_are_not_taken_for_network_ones(tmp_path):
    """What the operating system calls local is local."""
    assert filesystem.type_of(tmp_path)
    assert not filesystem.is_network(tmp_path)


def test_a_read_only_journal_can_be_read_and_not_written(tmp_path):
    """The error says what to change."""
    path = tmp_path / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        journal.start(name="kept").finish()

    with open_journal(f"sqlite:///{path}?mode=ro") as journal:
        assert journal.runs()[0].name == "kept"
        with pytest.raises(JournalReadOnly, match="VICTOR_JOURNAL"):
            journal.start()


def test_a_journal_to_be_read_must_exist(tmp_path):
    """Reading makes no file."""
    with pytest.raises(JournalUnavailable, match="there is no journal"):
        open_journal(f"sqlite:///{tmp_path}/none.db?mode=ro")


@pytest.mark.parametrize("is_begun", [False, True])
def test_reading_makes_no_journal(tmp_path, is_begun):
    """Neither where there is no file, nor where its writer has not made the tables yet."""
    path = tmp_path / "victor.db"
    if is_begun:
        path.touch()
    with pytest.raises(JournalUnavailable, match="there is no journal at"):
        open_journal(f"sqlite:///{path}?mode=ro")
    assert path.exists() == is_begun


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalUnavailable, match="folder cannot be made"):
        open_journal(f"sqlite:///{tmp_path}/file/deeper/victor.db")


def test_a_locked_journal_is_waited_for_and_then_reported(tmp_path):
    """Another program that holds the file does not hang the notebook for ever."""
    path = tmp_path / "victor.db"
    store = SqliteStore(path, busy_timeout_s=0.05)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalBusy, match="kept the journal locked"):
        Journal(store).start()
    blocker.execute("ROLLBACK")
    blocker.close()

    Journal(store).start().finish()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look at" * 30, bytes(range(256)) * 20])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, content):
    """Nothing is written over what is not ours."""
    path = tmp_path / "victor.db"
    path.write_bytes(content)

    with pytest.raises(JournalCorrupt, match=r"damaged or no journal[\s\S]*keep a copy"):
        open_journal(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_damaged_journal_is_an_error_not_a_wrong_answer(tmp_path):
    """Overwritten pages are noticed when they are read."""
    path = tmp_path / "victor.db"
    with open_journal(f"sqlite:///{path}") as journal:
        with journal.start() as run:
            for number in range(200):
                run.step_sync("s", lambda number=number: f"{number}" * 50)
        asked(journal.store, "PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    damaged[4096:-4096] = b"\xa5" * (len(damaged) - 8192)
    path.write_bytes(damaged)

    with pytest.raises(JournalCorrupt), open_journal(f"sqlite:///{path}") as journal:
        journal.events(journal.runs()[0].run_id)


def test_the_database_of_another_program_is_refused(tmp_path):
    """Its tables are none of our business."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE addresses (name TEXT)")
    connection.close()

    with pytest.raises(JournalCorrupt, match="another program"):
        open_journal(f"sqlite:///{path}")


def test_a_journal_that_another_process_is_just_making_is_no_other_program_s(tmp_path, monkeypatch):
    """Whoever looks sees it empty or whole, never the version of the one and the tables of the other."""
    path, interrupted = tmp_path / "victor.db", []

    class Interrupted(sqlite3.Connection):
        """A connection before whose last look another process makes the journal, if it is let."""

        def execute(self, statement, *values):
            if "sqlite_master" in statement and not interrupted:
                interrupted.append(statement)
                with suppress(JournalBusy):
                    SqliteStore(path, busy_timeout_s=0.05).close()
            return super().execute(statement, *values)

    def late(*values, connect=sqlite3.connect, **options):
        return connect(*values, **options, factory=Interrupted)

    monkeypatch.setattr(sqlite3, "connect", late)
    with open_journal(f"sqlite:///{path}") as journal:
        journal.start().finish()
        assert len(journal.runs()) == 1
    assert interrupted


def test_a_journal_from_a_later_version_is_refused(tmp_path):
    """An old version does not write into what it does not understand."""
    path = tmp_path / "victor.db"
    open_journal(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(JournalTooNew, match=r"format 99[\s\S]*upgrade"):
        open_journal(f"sqlite:///{path}")


def test_a_full_disk_stops_the_step_and_keeps_what_was_written(tmp_path):
    """The error says that nothing is lost, and after making room the run goes on."""
    journal = open_journal(f"sqlite:///{tmp_path}/victor.db")
    run = journal.start()
    run.step_sync("first", lambda: "kept")
    asked(journal.store, f"PRAGMA max_page_count = {asked(journal.store, 'PRAGMA page_count') + 1}")
    with pytest.raises(JournalFull, match="what was written before is safe"):
        run.step_sync("large", lambda: "x" * 60_000)
    asked(journal.store, "PRAGMA max_page_count = 1000000")
    journal.release(run.id)

    resumed = journal.resume(run.id)
    assert resumed.step_sync("first", lambda: "again") == "kept"
    assert resumed.step_sync("large", lambda: "x" * 60_000) == "x" * 60_000
    journal.close()


def test_a_hundred_megabytes_are_stored_once_beside_the_events(tmp_path):
    """A huge result does not make the run's events huge."""
    with open_journal(f"sqlite:///{tmp_path}/victor.db") as journal:
        huge = b"x" * 100_000_000
        with journal.start() as run:
            run.step_sync("huge", lambda: huge)
        event = journal.events(run.id, types=["step.finished"])[0]

        assert len(event.raw) < 200
        assert journal.load(event.data["result"]) == huge


def test_connections_of_ended_threads_are_closed(tmp_path):
    """A long session with many worker threads does not run out of file handles."""
    store = SqliteStore(tmp_path / "victor.db")
    for _ in range(20):
        thread = threading.Thread(target=store.integrity)
        thread.start()
        thread.join()
    opened = [file.path for file in psutil.Process().open_files()]

    assert opened.count(str(tmp_path / "victor.db")) < 10
    store.close()
    with pytest.raises(JournalUnavailable, match="has been closed"):
        store.integrity()
