"""What is seen of a call, and whose doing it is."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tools.caching.asking import as_tool
from victor_nb.tools import tool

ORIGINALS = (os.stat, os.lstat, os.access, os.readlink, os.fstat)


def read(path: str) -> str:
    """Read a file."""
    return Path(path).read_text()


async def read_later(path: str) -> str:
    """Read a file in an async tool, in between others."""
    await asyncio.sleep(0)
    text = Path(path).read_text()
    await asyncio.sleep(0)
    return text


async def read_in_a_task(path: str) -> str:
    """Read a file in a task of its own."""
    return await asyncio.create_task(read_later(path))


async def read_in_a_thread(path: str) -> str:
    """Read a file in a worker thread."""
    return await asyncio.to_thread(read, path)


@pytest.mark.parametrize("function", [read, read_later, read_in_a_task, read_in_a_thread])
def test_calls_at_the_same_time_do_not_mix(project, function):
    """Twenty calls each read a file of their own: an edit of one makes one of them anew."""
    asked = as_tool(function)
    names = [project.write(f"{number}.txt", str(number)).name for number in range(20)]

    async def all_at_once() -> list[bool]:
        answers = await asyncio.gather(*(project.cache.call(asked, {"path": name}) for name in names))
        assert [answer.value for answer in answers] == [Path(name).read_text() for name in names]
        return [answer.is_cached for answer in answers]

    assert asyncio.run(all_at_once()) == [False] * 20
    assert asyncio.run(all_at_once()) == [True] * 20
    project.write("7.txt", "seven")
    assert asyncio.run(all_at_once()) == [name != "7.txt" for name in names]


def read_in_an_own_thread(path: str) -> str:
    """Read a file in a thread that knows no context."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(read(path)))
    thread.start()
    thread.join()
    return found[0]


async def read_in_the_loops_pool(path: str) -> str:
    """Read a file in the executor of the loop, which knows no context either."""
    return await asyncio.get_running_loop().run_in_executor(None, read, path)


@pytest.mark.parametrize("function", [read_in_an_own_thread, read_in_the_loops_pool])
def test_what_happens_in_threads_without_a_context_is_seen_too(project, function):
    """It counts for every call that runs at that time."""
    project.write("notes.txt", "one")
    assert [project.is_cached(function, path="notes.txt") for _ in range(2)] == [False, True]

    project.write("notes.txt", "two")
    assert project.ask(function, path="notes.txt").value == "two"


def test_a_pool_that_another_call_began_serves_this_one_and_is_seen(project):
    """A thread belongs to nobody: it was made in one call and works for the next."""
    pool = ThreadPoolExecutor(1)

    @tool(effect="read", cache=True)
    def pooled(path: str) -> str:
        """Read a file in a pool."""
        return POOLS[0].submit(read, path).result()

    POOLS[:] = [pool]
    from victor_nb.tools import Caching

    trusting = tool(effect="read", cache=Caching(trust=("memory",)), name="pooled")(pooled.function)
    for name in ("a.txt", "b.txt"):
        project.write(name, "one")
        project.ask(trusting, path=name)
    assert project.is_cached(trusting, path="b.txt")
    project.write("b.txt", "two")
    assert project.ask(trusting, path="b.txt").value == "two"
    pool.shutdown()


POOLS: list[ThreadPoolExecutor] = []


def test_a_thread_that_outlives_its_call_counts_for_those_that_run_then(project):
    """Its own call has been answered already."""
    project.write("late.txt", "one")
    project.write("notes.txt", "one")
    go, done = threading.Event(), threading.Event()

    async def leave_behind(path: str) -> str:
        """Leave a thread behind that reads later."""

        def later() -> None:
            go.wait()
            read("late.txt")
            done.set()

        asyncio.get_running_loop().run_in_executor(None, later)
        return path

    async def wait_for_it(path: str) -> str:
        """Wait for what another call began."""
        go.set()
        await asyncio.to_thread(done.wait)
        return path

    async def both() -> None:
        for function in (leave_behind, wait_for_it):
            await project.cache.call(as_tool(function), {"path": "notes.txt"})

    asyncio.run(both())
    paths = {Path(os.fsdecode(path)).name for path in project.cache.store.paths()}
    assert "late.txt" not in paths  # both tools hold an event in memory, and are not kept; nothing was mixed up


def list_by_listdir() -> list[str]:
    """List."""
    return sorted(os.listdir("data"))


def list_by_descriptor() -> list[str]:
    """List through a descriptor."""
    folder = os.open("data", os.O_RDONLY)
    try:
        return sorted(os.listdir(folder))
    finally:
        os.close(folder)


def read_below_descriptor() -> str:
    """Read a file relative to an open folder."""
    folder = os.open("data", os.O_RDONLY)
    try:
        file = os.open("a.txt", os.O_RDONLY, dir_fd=folder)
        with os.fdopen(file) as opened:
            return opened.read()
    except FileNotFoundError:
        return "none"
    finally:
        os.close(folder)


def exists_below_descriptor() -> bool:
    """Ask for a file relative to an open folder."""
    folder = os.open("data", os.O_RDONLY)
    try:
        os.stat("b.txt", dir_fd=folder)
    except FileNotFoundError:
        return False
    else:
        return True
    finally:
        os.close(folder)


def may_read() -> bool:
    """Ask for a permission."""
    return os.access("data/a.txt", os.W_OK)


def query() -> list[object]:
    """Query a database."""
    with sqlite3.connect("data.db") as db:
        return db.execute("SELECT * FROM t").fetchall()


def sized_by_descriptor() -> int:
    """Tell a size by descriptor."""
    with open("data/a.txt") as file:
        return os.fstat(file.fileno()).st_mtime_ns


def copy_tree() -> str:
    """Copy a folder to scratch and look there."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree("data", Path(folder, "copy"))
        return "".join(path.read_text() for path in sorted(Path(folder, "copy").iterdir()))


def insert() -> None:
    with sqlite3.connect("data.db") as db:
        db.execute("INSERT INTO t VALUES (2)")


def change(name: str, text: str) -> None:
    Path(name).write_text(text)


@pytest.mark.parametrize(
    ("function", "do"),
    [
        (list_by_listdir, functools.partial(change, "data/b.txt", "new")),
        (list_by_descriptor, functools.partial(change, "data/b.txt", "new")),
        (read_below_descriptor, functools.partial(change, "data/a.txt", "two")),
        (read_below_descriptor, functools.partial(os.remove, "data/a.txt")),
        (exists_below_descriptor, functools.partial(change, "data/b.txt", "new")),
        (query, insert),
        (sized_by_descriptor, functools.partial(os.utime, "data/a.txt", (1, 1))),
        (copy_tree, functools.partial(change, "data/b.txt", "new")),
        (copy_tree, functools.partial(change, "data/a.txt", "two")),
    ],
)
def test_every_way_to_look_is_seen(project, function, do):
    """Folders by descriptor, files below them, permissions, databases, sizes: what is looked at counts."""
    project.write("data/a.txt", "one")
    with sqlite3.connect("data.db") as db:
        db.execute("CREATE TABLE t (a)")
        db.execute("INSERT INTO t VALUES (1)")
    db.close()
    assert [project.is_cached(function) for _ in range(2)] == [False, True]

    do()

    answer = project.ask(function)
    assert (answer.is_cached, answer.value) == (False, function())


def test_a_file_that_changes_while_a_call_reads_it_is_not_kept(project):
    """Nobody knows which of both the result was made from."""
    project.write("notes.txt", "one")

    def slow(path: str) -> str:
        """Read a file while somebody edits it."""
        text = Path(path).read_text()
        threading.Thread(target=change, args=(path, "two")).run()
        return text

    from victor_nb.tools import Caching

    vouched = as_tool(slow, Caching(trust=("writes",)))
    answer = project.ask(vouched, path="notes.txt")
    assert answer.kept
    assert not project.is_cached(vouched, path="notes.txt")


def test_functions_of_os_are_what_they_were_when_no_call_runs(project):
    """They pass through the observer while calls run, say that they support what they did, and come back."""
    seen: list[object] = []

    def look() -> bool:
        """Look at the functions."""
        seen[:] = [os.stat, os.stat in os.supports_follow_symlinks]
        return os.path.exists("notes.txt")

    from victor_nb.tools import Caching

    project.ask(as_tool(look, Caching(trust=("memory",))))

    assert seen == [seen[0], True]
    assert seen[0] is not ORIGINALS[0]
    assert (os.stat, os.lstat, os.access, os.readlink, os.fstat) == ORIGINALS
    assert seen[0] not in os.supports_follow_symlinks


def test_a_path_that_is_none_is_the_calls_own_business(project):
    """The observer raises nothing and changes no error."""

    def odd(kind: str) -> str:
        """Ask odd questions."""
        try:
            os.path.getsize({"nul": "a\0b", "empty": ""}[kind])
        except (OSError, ValueError) as failure:
            return type(failure).__name__
        return "none"

    assert project.ask(odd, kind="nul").value == "ValueError"
    assert project.ask(odd, kind="empty").value == "FileNotFoundError"


def test_modules_that_a_call_imports_count_as_what_they_were_made_from(project, monkeypatch):
    """A helper that is imported in the middle of a call is read then; later it is part of the tool's version."""
    monkeypatch.syspath_prepend(str(project.root))
    project.write("helper_read_late.py", "def double(x):\n    return 2 * x\n")

    def lazy(number: int) -> int:
        """Import inside."""
        import helper_read_late

        return int(helper_read_late.double(number))

    assert project.ask(lazy, number=2).value == 4
    names = {Path(os.fsdecode(path)).name for path in project.cache.store.paths()}
    assert "helper_read_late.py" in names
