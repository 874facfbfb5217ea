"""Watching: files that change are found anew by themselves, whatever happens to their folder."""

from __future__ import annotations

import queue
import shutil

import pytest

from victor_nb import Index
from victor_nb.retrieval import UnusableFile
from victor_nb.retrieval.sources.watching import Watch

pytestmark = pytest.mark.usefixtures("each_core")

LONGEST_S = 30


@pytest.fixture
def folder(tmp_path):
    """A folder with one note."""
    made = tmp_path / "notes"
    made.mkdir()
    (made / "first.txt").write_text("giraffe")
    return made


@pytest.fixture
def index(tmp_path, folder):
    """An index of it, whose own folder lies inside, as a project's would."""
    with Index(folder / "index") as made:
        made.add_folder(folder, exclude=["index/"])
        yield made


def test_changes_are_found_by_themselves(index, folder):
    """New, changed and deleted files; each update is told."""
    told: queue.Queue = queue.Queue()
    with index.watch(told.put) as watch:
        (folder / "second.txt").write_text("zebra")
        assert told.get(timeout=LONGEST_S).added == (f"{folder}/second.txt",)
        (folder / "second.txt").write_text("okapi in the wood")
        assert told.get(timeout=LONGEST_S).changed == (f"{folder}/second.txt",)
        (folder / "second.txt").unlink()
        assert told.get(timeout=LONGEST_S).removed == (f"{folder}/second.txt",)
        assert watch.is_running
        assert watch.problem is None
    assert not watch.is_running
    assert index.search("giraffe")


def test_a_folder_that_vanishes_is_waited_for(index, folder, tmp_path):
    """What was known of it stays; when it is back, it is followed again."""
    told: queue.Queue = queue.Queue()
    other = tmp_path / "others"
    other.mkdir()
    (other / "a.txt").write_text("lion")
    index.add_folder(other)
    with index.watch(told.put) as watch:
        shutil.rmtree(other)
        (folder / "second.txt").write_text("zebra")
        assert f"{folder}/second.txt" in told.get(timeout=LONGEST_S).added
        assert index.search("lion", mode="lexical")
        back = tmp_path / "back"
        back.mkdir()
        (back / "b.txt").write_text("tiger")
        back.rename(other)
        changes = told.get(timeout=LONGEST_S)
        assert (changes.added, changes.removed) == ((f"{other}/b.txt",), (f"{other}/a.txt",))
        assert watch.is_running


def test_an_index_that_follows_nothing_can_be_watched_too():
    """It waits for what is added."""
    with Index().watch() as watch:
        assert watch.problem is None


def test_watching_ends_with_its_index(tmp_path, folder):
    """A closed index, and one that nobody has any more, are not kept alive."""
    index = Index(tmp_path / "i")
    index.add_folder(folder)
    watch = index.watch()
    index.close()
    watch._thread.join(LONGEST_S)
    assert not watch.is_running

    watch = Watch(_made(folder))
    watch._thread.join(LONGEST_S)
    assert not watch.is_running


def test_an_index_that_is_closed_while_it_is_looked_at_ends_its_watching(index, monkeypatch):
    """Whoever asked before whether it is closed would have been too early."""

    def closed_now(self, follows=Index.follows):
        self.close()
        return follows(self)

    with monkeypatch.context() as change:
        change.setattr(Index, "follows", closed_now)
        watch = index.watch()
        watch._thread.join(LONGEST_S)
    assert not watch.is_running


def _made(folder) -> Index:
    index = Index()
    index.add_folder(folder)
    return index


def test_an_error_is_kept_and_the_next_change_tries_again(index, folder, monkeypatch):
    """A disk that was full for a while does not end the watching."""
    told: queue.Queue = queue.Queue()
    refused: queue.Queue = queue.Queue()
    works = Index.update

    def full(self):
        refused.put(None)
        raise UnusableFile("no room")

    with index.watch(told.put) as watch:
        monkeypatch.setattr(Index, "update", full)
        (folder / "second.txt").write_text("zebra")
        refused.get(timeout=LONGEST_S)
        monkeypatch.setattr(Index, "update", works)
        (folder / "third.txt").write_text("okapi")
        told.get(timeout=LONGEST_S)
        assert watch.is_running
    assert watch.problem is None
    assert index.search("zebra", mode="lexical")
