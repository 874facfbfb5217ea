"""An edited file never yields an old result: whatever is done to files, an answer is what the function says now."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.tools.caching.asking import as_tool
from victor_nb.tools import ToolCache

NAMES = ("a.txt", "b.txt", "c.inc", "sub/a.txt", "sub/d.txt", "link", "sub/up")
TEXTS = ("1", "2", "@b.txt", "@sub/d.txt", "@link", "@c.inc", "longer than it was", "")
FOLDERS = (".", "sub")


# -- what is asked -----------------------------------------------------------------------------------------------------


def read(name: str) -> str:
    """Read a file, asking by opening it whether it is there."""
    try:
        return Path(name).read_text()
    except OSError as failure:
        return type(failure).__name__


def read_with_includes(name: str) -> str:
    """Read a file and those that it includes; what is not there is passed over."""
    parts, seen = [], set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in seen or not os.path.isfile(one):
            continue
        seen.add(one)
        with open(one) as file:
            text = file.read()
        parts.append(text)
        waiting += [line[1:] for line in text.splitlines() if line.startswith("@")]
    return "|".join(parts)


def list_folder(name: str) -> list[str]:
    """List a folder."""
    return sorted(os.listdir(name)) if Path(name).is_dir() else []


def walk(name: str) -> list[str]:
    """Go through a folder and those in it."""
    found = [f"{folder}/{one}" for folder, _, files in os.walk(name) for one in files if ".victor" not in folder]
    return sorted(found)


def sizes(name: str) -> dict[str, int]:
    """Tell sizes, by entries."""
    if not Path(name).is_dir():
        return {}
    with os.scandir(name) as entries:
        return {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries if entry.name != ".victor"}


def texts(name: str) -> str:
    """Read all that a pattern finds."""
    return "|".join(path.read_text() for path in sorted(Path(name).glob("*.txt")) if path.is_file())


def first_there(name: str) -> str:
    """Take the first of some files that there is."""
    return next((one for one in (f"{name}/a.txt", f"{name}/d.txt", "link") if os.path.exists(one)), "none")


def leads_to(name: str) -> str:
    """Follow a link."""
    return os.path.realpath(name)


def changed_at(name: str) -> int:
    """Tell when a file was changed."""
    try:
        return os.stat(name).st_mtime_ns
    except OSError:
        return 0


OF_FILES: tuple[Callable[[str], object], ...] = (read, read_with_includes, leads_to, changed_at)
OF_FOLDERS: tuple[Callable[[str], object], ...] = (list_folder, walk, sizes, texts, first_there)


# -- what is done to files ---------------------------------------------------------------------------------------------


def write(path: Path, text: str) -> None:
    path.write_text(text)


def write_and_hide_it(path: Path, text: str) -> None:
    """Put the time of the last change back, as `rsync -t`, `tar` and clever people do."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def write_as_long(path: Path, text: str) -> None:
    """Change a file within one tick of the clock, to the same size."""
    size = path.stat().st_size
    path.write_text((text * size + "x" * size)[:size])


def replace(path: Path, text: str) -> None:
    """Replace it in one motion, as editors do."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text)
    os.replace(aside, path)


def remove(path: Path, _: str) -> None:
    path.unlink()


def lead(path: Path, text: str) -> None:
    """Make it a link to another file, or to none."""
    path.unlink(missing_ok=True)
    path.symlink_to(text.lstrip("@") or "nowhere")


def touch(path: Path, _: str) -> None:
    path.touch()


def swap(path: Path, _: str) -> None:
    """Rename two files into each other."""
    other = path.with_name("a.txt" if path.name != "a.txt" else "d.txt")
    aside = path.with_name("aside")
    os.rename(path, aside)
    if other.exists():
        os.rename(other, path)
    os.rename(aside, other)


def remake_folder(path: Path, _: str) -> None:
    """Take the whole folder away, and make it anew if it was away."""
    folder = path.parent
    if folder.name == "sub" and folder.exists():
        shutil.rmtree(folder)
    else:
        Path(folder, "sub").mkdir(exist_ok=True)


EDITS = (write, write_and_hide_it, write_as_long, replace, remove, lead, touch, swap, remake_folder)


def edit(root: Path, how: Callable[[Path, str], None], name: str, text: str) -> None:
    """Do one thing to one file, if it can be done."""
    try:
        how(root / name, text)
    except OSError:
        return


# -- the promise -------------------------------------------------------------------------------------------------------


def test_ten_thousand_random_edits_and_reads_never_see_an_old_result(tmp_path, monkeypatch):
    """Half of them edits, half calls; every answer is what the function itself says at that moment."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(5)
    cache = ToolCache(tmp_path / ".victor")
    tools = {function: as_tool(function) for function in OF_FILES + OF_FOLDERS}
    hits = 0

    async def go() -> None:
        nonlocal hits
        for turn in range(5_000):
            edit(tmp_path, chance.choice(EDITS), chance.choice(NAMES), chance.choice(TEXTS))
            is_of_files = chance.random() < 0.6
            function = chance.choice(OF_FILES if is_of_files else OF_FOLDERS)
            name = chance.choice(NAMES if is_of_files else FOLDERS)
            answer = await cache.call(tools[function], {"name": name})
            assert answer.value == function(name), (turn, function.__name__, name)
            hits += answer.is_cached

    asyncio.run(go())

    assert hits > 500  # and it is a cache


class Files(RuleBasedStateMachine):
    """The same with small examples, so that what goes wrong is told in few steps."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.before = os.getcwd()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        os.chdir(self.root)
        self.cache = ToolCache(self.root / ".victor")

    @rule(how=st.sampled_from(EDITS), name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def edit(self, how: Callable[[Path, str], None], name: str, text: str) -> None:
        edit(self.root, how, name, text)

    @rule(function=st.sampled_from(OF_FILES), name=st.sampled_from(NAMES))
    def ask_of_a_file(self, function: Callable[[str], object], name: str) -> None:
        self._ask(function, name)

    @rule(function=st.sampled_from(OF_FOLDERS), name=st.sampled_from(FOLDERS))
    def ask_of_a_folder(self, function: Callable[[str], object], name: str) -> None:
        self._ask(function, name)

    def _ask(self, function: Callable[[str], object], name: str) -> None:
        assert asyncio.run(self.cache.call(as_tool(function), {"name": name})).value == function(name)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            os.chdir(self.before)
            self.cache.store.close()
            self.folder.cleanup()


TestFiles = Files.TestCase
TestFiles.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("function", OF_FILES + OF_FOLDERS, ids=lambda function: function.__name__)
def test_every_question_is_answered_from_the_cache_while_nothing_happens(tmp_path, monkeypatch, function):
    """Never old would be easy if it never answered."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("a.txt", "sub/a.txt"):
        (tmp_path / name).write_text("@c.inc")
    (tmp_path / "c.inc").write_text("included")
    cache = ToolCache(tmp_path / ".victor")
    name = "a.txt" if function in OF_FILES else "sub"

    answers = [asyncio.run(cache.call(as_tool(function), {"name": name})) for _ in range(2)]

    assert [answer.is_cached for answer in answers] == [False, True]
    assert answers[0].value == answers[1].value == function(name)
