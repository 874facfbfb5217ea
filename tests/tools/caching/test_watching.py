"""Watching: results are forgotten as soon as a file of theirs changes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.tools.caching.asking import Project
from victor_nb.tools.caching.watching import CacheWatch

LONG_S = 30.0


def read(path: str) -> str:
    """Read a file."""
    return Path(path).read_text()


@pytest.fixture
def forgotten(project: Project):
    """A project with one kept result that is watched; the event of its being forgotten."""
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")
    happened = threading.Event()
    watch = project.cache.watch(lambda _: happened.set())
    assert watch.wait(LONG_S)
    yield happened
    watch.stop()


def test_a_changed_file_is_noticed_by_nobody_asking(project, forgotten):
    """The result is gone without any call."""
    project.write("notes.txt", "two")

    assert forgotten.wait(LONG_S)
    assert [one.entries for one in project.cache.stats()] == [0]


def test_what_changed_before_the_watching_began_is_noticed_too(project):
    """A look at everything comes first."""
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")
    project.write("notes.txt", "two")
    happened = threading.Event()

    watch = CacheWatch(project.cache.store, lambda _: happened.set())
    assert happened.wait(LONG_S)
    watch.stop()
    assert not watch.is_running


def test_touching_a_file_forgets_nothing(project, forgotten):
    """What changed is compared by content; a change that is one comes after it and is noticed."""
    (project.root / "notes.txt").touch()
    project.write("other.txt", "a file that nobody read")
    assert project.is_cached(read, path="notes.txt")

    project.write("notes.txt", "two")
    assert forgotten.wait(LONG_S)


def test_it_ends_when_nothing_is_kept(project):
    """There is nothing to watch."""
    watch = CacheWatch(project.cache.store)

    watch._thread.join(LONG_S)
    assert not watch.is_running


def test_a_cache_begins_to_watch_with_the_first_result_that_it_keeps(tmp_path, monkeypatch):
    """One thread, and none for results that depend on no file."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, watches=True)
    project.write("notes.txt", "one")
    project.ask(read, path="notes.txt")

    watch = project.cache.watch()
    assert watch.wait(LONG_S)
    project.ask(read, path="notes.txt")
    assert project.cache.watch() is watch
    watch.stop()
