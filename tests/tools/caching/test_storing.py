"""Where results are kept: a budget in bytes, several processes at once, kills, damage, and no room at all."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.caching.asking import Project, as_tool
from victor_nb.tools import ToolCache
from victor_nb.tools.caching.storing import FILE, LastCall, ToolStore


def text_of(size: int, mark: str = "") -> str:
    """Make a text."""
    return (mark + "x" * size)[:size]


def last(tool: str) -> LastCall:
    return LastCall(tool, 0.0, "{}", False, "", "")


# -- the budget --------------------------------------------------------------------------------------------------------


def test_what_was_used_longest_ago_goes_first(tmp_path, monkeypatch):
    """The budget is never passed, and a result that answered just now stays."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, budget_bytes=3_000)
    for mark in ("a", "b"):
        project.ask(text_of, size=1_000, mark=mark)
    assert project.is_cached(text_of, size=1_000, mark="a")

    project.ask(text_of, size=1_000, mark="c")

    assert sum(one.bytes for one in project.cache.stats()) <= 3_000
    assert project.is_cached(text_of, size=1_000, mark="a")
    assert not project.is_cached(text_of, size=1_000, mark="b")


def test_a_result_that_is_larger_than_the_budget_is_not_kept(tmp_path, monkeypatch):
    """And pushes nothing else out."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, budget_bytes=3_000)
    project.ask(text_of, size=100)

    assert project.ask(text_of, size=10_000).kept == "there is no room for it"
    assert project.is_cached(text_of, size=100)


def test_of_one_call_only_so_many_states_are_kept(project):
    """An edited file leaves no endless trail; going back to a recent state is answered."""

    def read(path: str) -> str:
        """Read."""
        return Path(path).read_text()

    for number in range(20):
        project.write("notes.txt", str(number))
        project.ask(read, path="notes.txt")

    assert [one.entries for one in project.cache.stats()] == [8]
    project.write("notes.txt", "15")
    assert project.is_cached(read, path="notes.txt")


# -- trouble -----------------------------------------------------------------------------------------------------------


def drop_log(path: Path) -> None:
    for beside in path.parent.glob(f"{FILE}-*"):
        beside.unlink()


def spoil_all(path: Path) -> None:
    drop_log(path)
    path.write_bytes(b"this is no database at all, whatever it was before" * 100)


def truncate(path: Path) -> None:
    drop_log(path)
    path.write_bytes(path.read_bytes()[:5_000])


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize("damage", [spoil_all, truncate, make_newer])
def test_a_damaged_file_is_begun_anew(tmp_path, monkeypatch, damage):
    """A call is made as if nothing had been kept, and kept again."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    project.ask(text_of, size=10)
    project.cache.store.close()
    damage(tmp_path / ".victor" / FILE)

    fresh = Project(tmp_path)
    assert fresh.ask(text_of, size=10).value == "x" * 10
    fresh.ask(text_of, size=10)
    assert fresh.is_cached(text_of, size=10)


def test_an_entry_of_which_one_byte_changed_is_none(project):
    """Its checksum tells; the next call is kept again."""
    project.ask(text_of, size=10)
    with sqlite3.connect(project.root / ".victor" / FILE) as db:
        body = bytearray(db.execute("SELECT body FROM entries").fetchone()[0])
        body[-3] ^= 1
        db.execute("UPDATE entries SET body = ?", (bytes(body),))
    db.close()

    answer = project.ask(text_of, size=10)
    assert (answer.value, answer.is_cached, answer.why) == ("x" * 10, False, "what was kept of it was damaged")
    assert project.is_cached(text_of, size=10)


def test_without_room_or_permission_calls_are_made_as_ever(tmp_path, monkeypatch):
    """The cache is never the reason for a failure."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".victor").write_text("a file where the folder should be")

    project = Project(tmp_path)
    answers = [project.ask(text_of, size=10) for _ in range(2)]
    assert [(one.value, one.is_cached, one.kept) for one in answers] == [
        ("x" * 10, False, "there is no room for it")
    ] * 2
    assert (project.cache.stats(), project.cache.why()) == ([], [])


def test_a_full_disk_keeps_nothing_and_harms_nothing(project):
    """SQLite's own limit of pages stands for the disk's."""
    project.ask(text_of, size=10)
    store = project.cache.store
    db = store._connection()
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")

    assert not store.put("big", "key", "{}", b"x" * 1_000_000, [])
    assert store.counts()[0].tool == "text_of"


def test_a_call_that_cannot_be_counted_for_a_lock_is_made(project):
    """Somebody who holds the file does not hold the calls up for ever."""
    store = ToolStore(project.root / ".victor", 1_000_000)
    store.note(last("first"))
    store._connection().execute("PRAGMA busy_timeout = 10")
    with sqlite3.connect(store.path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.note(last("second"))
        other.execute("ROLLBACK")
    other.close()

    assert [one.tool for one in store.counts()] == ["first"]


# -- several processes -------------------------------------------------------------------------------------------------

WORK = """
import asyncio, pathlib, sys
from victor_nb.tools import ToolCache, tool

@tool(effect="pure", cache=True)
def square(number: int) -> int:
    '''Square.'''
    return number * number

async def go():
    cache = ToolCache(pathlib.Path(".victor"), budget_bytes=20_000)
    print("ready", flush=True)
    for turn in range(int(sys.argv[1])):
        answer = await cache.call(square, {"number": turn % 50})
        assert answer.value == (turn % 50) ** 2, answer
    print("done", flush=True)

asyncio.run(go())
"""


def working(folder: Path, turns: int) -> subprocess.Popen[str]:
    """Start a process that works with the folder's cache, and wait until it does."""
    (folder / "work.py").write_text(WORK)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "work.py", str(turns)], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_work_with_one_cache(tmp_path):
    """Each sees what the other kept; counts add up."""
    both = [working(tmp_path, 100) for _ in range(2)]
    for process in both:
        assert process.communicate()[0] == "done\n"
        assert process.returncode == 0

    (counts,) = ToolCache(tmp_path / ".victor").stats()
    assert counts.hits + counts.misses == 200
    assert counts.hits >= 100


def test_a_killed_process_leaves_a_cache_that_works(tmp_path):
    """Whatever it was writing is whole or was never there."""
    process = working(tmp_path, 1_000_000)
    store = ToolStore(tmp_path / ".victor", 20_000)
    while not store.counts() or store.counts()[0].hits + store.counts()[0].misses < 30:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()

    with sqlite3.connect(tmp_path / ".victor" / FILE) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    after = working(tmp_path, 60)
    assert after.communicate()[0] == "done\n"


def test_a_forked_child_has_a_connection_of_its_own(project):
    """It neither uses nor closes its parent's."""
    project.ask(text_of, size=10)
    child = os.fork()
    if child == 0:
        try:
            held = project.cache.store._connection()
            is_new = bool(held.execute("SELECT count(*) FROM entries").fetchone()[0])
            os._exit(0 if is_new else 1)
        finally:
            os._exit(2)

    assert os.waitpid(child, 0)[1] == 0
    assert project.is_cached(text_of, size=10)


def test_the_same_call_twice_at_once_is_kept_once_in_effect(project):
    """Both are made, both results are whole, and one answers afterwards."""
    asked = as_tool(text_of)

    async def both() -> list[bool]:
        answers = await asyncio.gather(*(project.cache.call(asked, {"size": 10}) for _ in range(2)))
        return [answer.is_cached for answer in answers]

    asyncio.run(both())
    assert asyncio.run(both()) == [True, True]
