"""The cache of tools: what is given again, what is not, and what is said about it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.tools.caching.asking import Project, as_tool
from victor_nb.journal.redaction import Redactor
from victor_nb.tools import Artifact, Caching, ToolCache, tool

calls: list[str] = []


def read(path: str) -> str:
    """Read a file."""
    return Path(path).read_text()


def test_a_call_is_answered_from_an_earlier_one_until_its_file_changes(project):
    """What a file held when it was read is what the answer holds for as long as the file does."""
    project.write("notes.txt", "one")

    assert [project.ask(read, path="notes.txt").value, project.is_cached(read, path="notes.txt")] == ["one", True]

    project.write("notes.txt", "two")
    again = project.ask(read, path="notes.txt")
    assert (again.value, again.is_cached, again.why) == ("two", False, "notes.txt changed")


def test_other_arguments_are_another_call(project):
    """Arguments count by value, whatever their order; the nearest difference is told."""

    def join(first: str, second: str = "") -> str:
        """Join."""
        return first + second

    assert not project.is_cached(join, first="a", second="b")
    assert project.is_cached(join, second="b", first="a")
    assert project.ask(join, first="a", second="c").why.endswith("argument second: 'b' -> 'c'")


def test_the_first_file_of_the_cache_is_no_change_of_the_project(project):
    """A tool that lists the project's folder is answered from its very first call."""

    def names() -> list[str]:
        """List."""
        return sorted(os.listdir())

    answers = [project.ask(names) for _ in range(2)]
    assert [(answer.value, answer.is_cached) for answer in answers] == [([".victor"], False), ([".victor"], True)]


def test_a_file_that_was_touched_or_put_back_is_no_other_file(project):
    """Contents count, not times."""
    path = project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")

    os.utime(path, (1, 1))
    assert project.is_cached(read, path="notes.txt")
    project.write("notes.txt", "two")
    project.ask(read, path="notes.txt")
    project.write("notes.txt", "one")
    assert project.is_cached(read, path="notes.txt")


def test_the_same_words_in_another_folder_are_another_call(project, monkeypatch):
    """A relative path means another file in another working folder."""
    project.write("notes.txt", "here")
    project.write("inner/notes.txt", "there")
    project.ask(read, path="notes.txt")

    monkeypatch.chdir("inner")

    assert project.ask(read, path="notes.txt").value == "there"


def test_a_result_comes_back_as_what_it_was(project):
    """Values are kept as the journal keeps them: tables, artifacts, tuples, bytes."""
    import pandas as pd

    def table() -> object:
        """Give values of many kinds."""
        return {"frame": pd.DataFrame({"a": [1.5, None]}), "pair": (1, b"x"), "shown": Artifact("a", "text/plain", "x")}

    made, kept = project.ask(table), project.ask(table)

    assert kept.is_cached
    pd.testing.assert_frame_equal(kept.value.pop("frame"), made.value.pop("frame"))
    assert kept.value == made.value


def test_what_raises_is_done_again(project):
    """A failure is no result; and a file that was missing may come."""
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            project.ask(read, path="notes.txt")

    project.write("notes.txt", "here")
    assert project.ask(read, path="notes.txt").value == "here"


def test_a_result_is_old_after_its_time(project):
    """A time to live holds whatever the files say; the tool's own goes before the cache's."""
    short = as_tool(read, Caching(ttl_s=1e-9))
    project.write("notes.txt", "one")

    assert [project.is_cached(short, path="notes.txt") for _ in range(2)] == [False, False]
    assert project.ask(short, path="notes.txt").why == "it is older than 1e-09 s"
    passing = ToolCache(project.root / ".victor", ttl_s=1e-9)
    answers = [asyncio.run(passing.call(as_tool(read), {"path": "notes.txt"})) for _ in range(2)]
    assert not answers[1].is_cached


def test_a_secret_is_never_kept(project):
    """Neither a result nor arguments that hold a secret get into the file."""
    project.cache = ToolCache(project.root / ".victor", redactor=Redactor({"key": "hunter2-hunter2"}))
    project.write("notes.txt", "hunter2-hunter2")

    def echo(text: str) -> str:
        """Echo."""
        return "fine"

    assert project.ask(read, path="notes.txt").kept == "its result holds a secret"
    assert project.ask(echo, text="hunter2-hunter2").kept == "its arguments hold a secret"
    assert not project.is_cached(read, path="notes.txt")
    kept = b"".join(path.read_bytes() for path in (project.root / ".victor").iterdir())
    assert b"hunter2" not in kept


def test_a_secret_in_bytes_is_found_too(project):
    """Bytes are kept in base64, where a secret's shape cannot be seen any more: it is looked for before."""
    project.write("notes.txt", "ghp_" + "a" * 36)

    def raw() -> bytes:
        """Read bytes."""
        return Path("notes.txt").read_bytes()

    assert project.ask(raw).kept == "its result holds a secret"


# -- what cannot be seen -----------------------------------------------------------------------------------------------


def process() -> str:
    """Start a process."""
    return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True, text=True).stdout


def connect() -> str:
    """Look up a name."""
    return socket.gethostbyname("localhost")


def system() -> str:
    """Read what is never at rest."""
    return Path("/proc/self/stat").read_text()


def write() -> str:
    """Write a file."""
    Path("out.txt").write_text("x")
    return "x"


@pytest.mark.parametrize(
    ("function", "word", "reason"),
    [
        (process, "processes", "it started "),
        (connect, "network", "it used the network"),
        (system, "system", "it read '/proc/self/stat'"),
        (write, "writes", "it wrote "),
    ],
)
def test_what_is_seen_through_by_nobody_is_kept_only_if_the_author_vouches(project, function, word, reason):
    """Processes, the network, the system and files that are written: done again, unless `trust` names them."""
    for _ in range(2):
        answer = project.ask(function)
        assert not answer.is_cached
        assert answer.kept.startswith(reason)

    trusting = as_tool(function, Caching(trust=(word,)))
    assert [project.is_cached(trusting) for _ in range(2)] == [False, True]


def test_scratch_files_that_are_gone_at_the_end_are_no_matter(project):
    """What a call makes and removes again is neither an input nor an effect."""

    def scratch(text: str) -> str:
        """Use scratch files."""
        with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w+") as file:
            inner = Path(folder, "x.txt")
            inner.write_text(text)
            file.write(inner.read_text())
            file.seek(0)
            return file.read() + "".join(os.listdir(folder))

    assert [project.is_cached(scratch, text="a") for _ in range(2)] == [False, True]


def test_an_object_in_memory_makes_a_tool_uncacheable(project):
    """What a function closes over and nobody can compare may be another one at any time."""
    connection = object()

    def query(words: str) -> str:
        """Query."""
        return words + str(connection is None)

    assert project.ask(query, words="a").kept.startswith("connection is an object in memory")
    assert [project.is_cached(as_tool(query, Caching(trust=("memory",))), words="a") for _ in range(2)] == [False, True]


def test_native_readers_make_a_tool_uncacheable_and_files_are_what_to_say_instead(project):
    """What native code opens is not seen; the author names it, and it counts."""

    def rows(folder: str) -> int:
        """Count rows."""
        import pandas as pd

        return len(pd.read_parquet(f"{folder}/all.parquet"))

    import pandas as pd

    (project.root / "data").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet("data/all.parquet")
    assert "read_parquet" in project.ask(rows, folder="data").kept

    declared = as_tool(rows, Caching(trust=("native",), files=("data/*.parquet",)))
    assert [project.is_cached(declared, folder="data") for _ in range(2)] == [False, True]
    pd.DataFrame({"a": [1, 2]}).to_parquet("data/all.parquet")
    assert project.ask(declared, folder="data").value == 2


def test_a_file_that_an_argument_names_counts_though_nobody_is_seen_to_read_it(project):
    """Native code may open it."""

    def blind(path: str) -> int:
        """Do something with a path."""
        return len(calls)

    project.write("data.bin", "1")
    project.ask(blind, path="data.bin")
    project.write("data.bin", "2")

    assert project.ask(blind, path="data.bin").why == "data.bin changed"


# -- calls in calls ----------------------------------------------------------------------------------------------------


def test_a_call_depends_on_what_the_calls_inside_it_depend_on(project):
    """Also where the inner one was answered from the cache."""
    inner = as_tool(read)

    @tool(effect="read", cache=True)
    async def outer(path: str) -> str:
        """Ask an inner tool."""
        return str((await project.cache.call(inner, {"path": path})).value).upper()

    project.write("notes.txt", "one")
    project.ask(inner, path="notes.txt")
    vouched = Caching(trust=("memory",))
    trusting = tool(name="outer", effect="read", cache=vouched)(outer.function)
    project.ask(trusting, path="notes.txt")
    assert project.is_cached(trusting, path="notes.txt")

    project.write("notes.txt", "two")
    assert project.ask(trusting, path="notes.txt").value == "TWO"


# -- what is said ------------------------------------------------------------------------------------------------------


def test_stats_count_by_tool(project):
    """Entries, bytes, hits and misses, and the time that hits saved."""
    project.write("notes.txt", "one")
    for _ in range(3):
        project.ask(read, path="notes.txt")

    (counts,) = project.cache.stats()
    assert (counts.tool, counts.entries, counts.hits, counts.misses) == ("read", 1, 2, 1)
    assert counts.bytes > 0
    assert counts.saved_s > 0
    assert project.cache.stats(["other"]) == []


def test_stale_results_are_counted_as_the_files_are_now(project):
    """Nobody need have asked in between."""
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")
    assert project.cache.stale() == {}

    project.write("notes.txt", "two")
    assert project.cache.stale() == {"read": 1}


def test_why_tells_the_last_call_of_each_tool(project):
    """Newest first, with its arguments, and whether its own result was kept."""
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")
    project.ask(process)

    last, before = project.cache.why()
    assert (last.tool, last.was_cached, last.why) == ("process", False, "nothing is kept of this tool")
    assert last.kept.startswith("it started ")
    assert (before.tool, before.arguments, before.kept) == ("read", '{"path": "notes.txt"}', "")
    project.ask(read, path="notes.txt")
    assert project.cache.why(["read"])[0].why.startswith("nothing changed since ")


def test_clearing_forgets_one_tool_or_all(project):
    """And tells what there was."""
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")
    project.ask(process)

    assert project.cache.clear(["read"]).entries == 1
    assert [one.tool for one in project.cache.stats()] == ["process"]
    assert not project.is_cached(read, path="notes.txt")
    project.cache.clear()
    assert project.cache.stats() == []


def test_a_cache_that_was_never_used_leaves_no_file(tmp_path):
    """Asking about it makes nothing."""
    cache = ToolCache(tmp_path / ".victor")

    assert (cache.stats(), cache.why(), cache.stale()) == ([], [], {})
    assert not (tmp_path / ".victor").exists()


def test_a_fresh_process_is_answered_from_what_another_one_kept(project):
    """Nothing of it lives in memory, and no address or seed of a process counts."""
    project.write(
        "counting.py",
        "from pathlib import Path\n"
        "from victor_nb.tools import tool\n"
        "KINDS = {'a', 'b', 'c'}\n"
        "@tool(effect='read', cache=True)\n"
        "def words(path: str) -> int:\n"
        '    """Count words."""\n'
        "    return len([w for w in Path(path).read_text().split() if w not in {'x', 'y'} | KINDS])\n",
    )
    project.write("notes.txt", "one two")
    code = (
        "import asyncio, pathlib, counting; from victor_nb.tools import ToolCache\n"
        "cache = ToolCache(pathlib.Path('.victor'))\n"
        "answer = asyncio.run(cache.call(counting.words, {'path': 'notes.txt'}))\n"
        "print(answer.is_cached, answer.kept)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(project.root), *sys.path])}
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]

    assert told == ["False", "True"]  # and no reason why the first was not kept


def test_doctest_like_use_needs_no_project(tmp_path):
    """A folder is all that a cache needs."""
    used = Project(tmp_path)

    def pure(number: int) -> int:
        """Double."""
        return 2 * number

    assert [used.ask(pure, number=2).value, used.is_cached(pure, number=2)] == [4, True]
