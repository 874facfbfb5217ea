"""Items in a SQLite file: whole transactions, and Pythons with and without FTS5 side by side."""

from __future__ import annotations

import sqlite3

import pytest

from tests.journal.conformance.test_items import ADA, names, row
from victor_nb.errors import VictorError
from victor_nb.journal import JournalReadOnly, open_journal
from victor_nb.journal.items_sqlite import SqliteItems


@pytest.fixture
def file(sqlite_journal):
    """The journal's file, opened."""
    return sqlite_journal.store.file


def tables(file):
    """The names of the file's tables."""
    return {name for (name,) in file.retried(lambda c: c.execute("SELECT name FROM sqlite_master").fetchall())}


def test_a_journal_that_keeps_no_items_has_no_tables_for_them(sqlite_journal, file):
    """Reading makes nothing; the first write does."""
    sqlite_journal.store.items.below("", 1.0, limit=None, offset=0)
    assert "items" not in tables(file)

    sqlite_journal.store.items.write([row()], 1.0)
    assert {"items", "item_words"} <= tables(file)


def test_a_write_that_fails_changes_nothing(sqlite_journal):
    """All of the changes, or none."""
    items = sqlite_journal.store.items
    with pytest.raises(VictorError) as caught:
        items.write([row("a", words="tea"), row(None)], 1.0)

    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
    assert items.below("", 1.0, limit=None, offset=0) == []
    assert items.with_words("", ["tea"], 1.0, 10) == []


def test_without_an_index_words_are_found_all_the_same(file):
    """Slower, and no less."""
    items = SqliteItems(file, has_index=False)
    items.write([row("a", words="green tea"), row("b", words="coffee")], 1.0)

    assert names(items.with_words(ADA, ["tea"], 1.0, 10)) == ["a"]
    assert "item_words" not in tables(file)


def test_what_a_python_without_an_index_wrote_is_found_by_one_that_has_it(file):
    """Whoever wrote last, and in whichever order the two came to the file."""
    without, with_it = SqliteItems(file, has_index=False), SqliteItems(file, has_index=True)
    without.write([row("a", words="tea"), row("b", words="tea")], 1.0)
    assert sorted(names(with_it.with_words("", ["tea"], 1.0, 10))) == ["a", "b"]

    with_it.write([row("b", words="milk"), row("c", words="tea"), row("d", words="tea")], 2.0)
    without.write([row("c", words="coffee")], 3.0)
    assert sorted(names(with_it.with_words("", ["tea"], 3.0, 10))) == ["a", "d"]
    assert names(with_it.with_words("", ["coffee"], 3.0, 10)) == ["c"]
    assert sorted(names(without.with_words("", ["tea", "milk"], 3.0, 10))) == ["a", "b", "d"]


def test_the_file_stays_sound(sqlite_journal):
    """SQLite finds nothing to complain about after writing, rewriting, removing and sweeping."""
    items = sqlite_journal.store.items
    for turn in range(3):
        items.write([row(str(n), words=f"word{n} turn{turn}", expires=10.0 * (n % 2)) for n in range(20)], 1.0)
    items.sweep(20.0)

    assert sqlite_journal.store.integrity() == []
    assert len(items.below("", 20.0, limit=None, offset=0)) == 10


def test_a_journal_that_can_only_be_read_refuses_items(sqlite_journal):
    """And lets its items be read."""
    sqlite_journal.store.items.write([row("a", words="tea")], 1.0)
    with open_journal(f"{sqlite_journal.url}?mode=ro") as readable:
        assert names(readable.store.items.with_words("", ["tea"], 1.0, 10)) == ["a"]
        with pytest.raises(JournalReadOnly):
            readable.store.items.write([row("b")], 1.0)
