"""Folders: what git would ignore is left out, what changed is read again, what cannot be read is told."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.retrieval.made import Counting
from victor_nb import Index
from victor_nb.errors import UsageError
from victor_nb.retrieval import NothingThere
from victor_nb.retrieval.sources import source
from victor_nb.retrieval.storing import arms

pytestmark = pytest.mark.usefixtures("each_core")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with code, notes, and things that nobody wants to find."""
    files = {
        "project/.gitignore": "build/\n*.log\n!keep.log\n/only_here.txt\n",
        "project/.git/info/exclude": "private.txt\n",
        "project/src/app.py": "def parse_giraffe(text):\n    '''Parse it.'''\n    return text\n",
        "project/src/.gitignore": "generated.py\n!noise.log\n",
        "project/src/generated.py": "giraffe = 1",
        "project/src/noise.log": "giraffe in a log that is wanted",
        "project/src/only_here.txt": "giraffe below",
        "project/docs/guide.md": "# Giraffes\n\nHow to feed a giraffe.\n",
        "project/build/out.txt": "giraffe built",
        "project/noise.log": "giraffe logged",
        "project/keep.log": "giraffe kept",
        "project/only_here.txt": "giraffe at the top",
        "project/private.txt": "giraffe excluded",
        "project/.env": "GIRAFFE=secret",
        "project/.hidden/note.txt": "giraffe hidden",
        "project/secrets.json": '{"giraffe": 1}',
        "project/node_modules/x/index.js": "giraffe()",
        "project/package-lock.json": '{"giraffe": 1}',
        "project/empty.txt": "",
    }
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "project"


def found(index, query="giraffe", **options):
    return {hit.path for hit in index.search(query, k=50, **options)}


WANTED = {
    "project/src/app.py",
    "project/src/noise.log",
    "project/src/only_here.txt",
    "project/docs/guide.md",
    "project/keep.log",
}


def test_what_git_ignores_is_left_out(folder):
    """Rules of the folder, of folders below, of the repository; hidden files and secrets are left out anyway."""
    index = Index()
    changes = index.add_folder("project")

    assert found(index) == WANTED
    assert set(changes.added) == WANTED | {"project/empty.txt"}


def test_a_part_of_a_repository_keeps_its_rules(folder):
    """The rules above the folder hold below it, as git would have it."""
    (folder / "src" / "build").mkdir()
    (folder / "src/build/out.txt").write_text("giraffe built")
    index = Index()
    index.add_folder(folder / "src")

    assert {os.path.basename(path) for path in found(index)} == {"app.py", "noise.log", "only_here.txt"}


def test_patterns_choose_files(folder):
    """Patterns as in .gitignore; what is no pattern is told before anything is read."""
    index = Index()
    index.add_folder("project", include=["*.py", "*.md"], exclude=["docs/"])

    assert found(index) == {"project/src/app.py"}
    with pytest.raises(UsageError):
        index.add_folder("project", include=["!"])


def test_citations_name_the_path_as_it_was_given(folder, monkeypatch):
    """Relative stays relative; the lines are those of the file."""
    monkeypatch.chdir(folder)
    index = Index()
    index.add_folder(".")

    hit = index.search("feed a giraffe")[0]
    assert hit.source == "docs/guide.md:1-3"
    assert hit.metadata == {"language": "md"}
    assert {hit.path for hit in index.search("giraffe", filter={"kind": "code"})} == {"src/app.py"}


def test_only_what_changed_is_read_and_embedded_again(folder):
    """One file of many: its new text is found, its old one is gone, nothing else is embedded."""
    embedder = Counting()
    index = Index(embedder=embedder)
    index.add_folder("project")
    asked = embedder.texts

    (folder / "docs/guide.md").write_text("# Zebras\n\nHow to feed a zebra.\n")
    changes = index.update()

    assert changes.changed == ("project/docs/guide.md",)
    assert changes.unchanged == 5
    assert embedder.texts == asked + 1
    assert found(index, "zebra", mode="lexical") == {"project/docs/guide.md"}
    assert "project/docs/guide.md" not in found(index, mode="lexical")


def test_a_change_within_one_tick_of_the_clock_is_seen(folder):
    """Same size, same time, other content: a time that is younger than the look is not believed."""
    file = folder / "keep.log"
    index = Index()
    index.add_folder("project")
    before = file.stat()

    file.write_text("zebra.. kept")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert file.stat().st_size == before.st_size
    assert index.update().changed == ("project/keep.log",)


def test_new_files_come_and_deleted_ones_go(folder):
    """Also when a rule of git is what changed."""
    index = Index()
    index.add_folder("project")
    (folder / "new.txt").write_text("giraffe new")
    (folder / "keep.log").unlink()
    (folder / "src/.gitignore").write_text("generated.py\nonly_here.txt\n")

    changes = index.update()

    assert set(changes.added) == {"project/new.txt"}
    assert set(changes.removed) == {"project/keep.log", "project/src/only_here.txt", "project/src/noise.log"}
    assert "project/new.txt" in found(index)
    assert not set(changes.removed) & found(index)


def test_nothing_is_done_when_nothing_changed(folder):
    """An update that finds nothing is no change."""
    index = Index()
    index.add_folder("project")

    changes = index.update()

    assert not changes
    assert changes.unchanged == 6


def test_binary_and_huge_files_are_passed_over_and_told(folder):
    """A hundred megabytes are not even read; a text that becomes binary is forgotten."""
    (folder / "picture.txt").write_bytes(b"giraffe\0\1\2")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(100_000_000)
    index = Index()
    changes = index.add_folder("project")
    assert dict(changes.skipped) == {
        "project/huge.txt": "100,000,000 bytes; up to 2,000,000 are read",
        "project/picture.txt": "binary",
    }

    (folder / "keep.log").write_bytes(b"\0" * 10)
    (folder / "picture.txt").write_text("giraffe drawn")
    changes = index.update()

    assert changes.removed == ("project/keep.log",)
    assert changes.added == ("project/picture.txt",)
    assert "skipped" in str(changes)


def test_links_are_not_followed(folder, tmp_path):
    """Nothing outside of the folder is read, and no circle is walked."""
    (tmp_path / "outside.txt").write_text("giraffe outside")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    index = Index()
    index.add_folder("project")

    assert found(index) == WANTED


def test_texts_in_other_encodings_are_read(tmp_path):
    """By their mark, as UTF-8, else as Windows-1252; names of files may be of any script."""
    (tmp_path / "utf16.txt").write_bytes("жираф".encode("utf-16"))
    (tmp_path / "latin.txt").write_bytes("girafe à la crème".encode("cp1252"))
    (tmp_path / "キリン.md").write_text("キリン giraffe", encoding="utf-8")
    (tmp_path / "👩‍👧 a\u00a0b.md").write_text("famille", encoding="utf-8")
    (tmp_path / "two\nlines.md").write_text("nobody can cite this", encoding="utf-8")
    index = Index()
    index.add_folder(tmp_path)

    for query, name in [("жираф", "utf16.txt"), ("crème", "latin.txt"), ("キリン", "キリン.md"), ("famille", "b.md")]:
        assert index.search(query, mode="lexical")[0].path.endswith(name)


def test_the_folder_of_an_index_is_no_part_of_what_it_follows(folder):
    """It can lie inside, under any name."""
    with Index(folder / "my-index") as index:
        changes = index.add_folder("project")

        assert not [path for path, _ in changes.skipped if "my-index" in path]
        assert found(index) == WANTED


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """Before anything is noted."""
    index = Index()
    with pytest.raises(NothingThere):
        index.add_folder(tmp_path / "nowhere")
    assert index.follows() == []


def test_a_folder_that_went_away_keeps_its_documents(folder):
    """A drive that is not mounted is no reason to forget; what is missing is told, and found again later."""
    index = Index()
    index.add_folder("project")
    aside = folder.with_name("aside")
    folder.rename(aside)

    changes = index.update()
    assert changes.missing == (str(folder),)
    assert found(index) == WANTED

    aside.rename(folder)
    assert index.update().unchanged == 6


def test_a_single_file_and_two_folders_of_one_name(folder, tmp_path, monkeypatch):
    """A file can be added alone; where one name means two places, citations tell them apart."""
    other = tmp_path / "other"
    (other / "project").mkdir(parents=True)
    (other / "project/keep.log").write_text("zebra kept")
    index = Index()
    index.add_folder("project/keep.log")
    monkeypatch.chdir(other)
    index.add_folder("project")

    assert {hit.source for hit in index.search("kept")} == {"project/keep.log:1", f"{other}/project/keep.log:1"}


def test_an_index_follows_its_folders_when_it_is_opened_again(folder, tmp_path):
    """What was added is remembered with its patterns; nothing is read twice."""
    with Index(tmp_path / "i") as index:
        index.add_folder("project", include=["*.md"])
    (folder / "new.md").write_text("giraffe new")
    (folder / "new.txt").write_text("giraffe new")

    with Index(tmp_path / "i") as index:
        changes = index.update()

    assert (changes.added, changes.unchanged) == (("project/new.md",), 1)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable for this user")
def test_what_may_not_be_read_is_told(folder):
    """One file or folder without permission is no reason to stop."""
    (folder / "keep.log").chmod(0)
    (folder / "docs").chmod(0)
    index = Index()
    try:
        changes = index.add_folder("project")
    finally:
        (folder / "docs").chmod(0o755)
    assert dict(changes.skipped)["project/keep.log"]


def test_a_folder_deleted_while_it_is_open_elsewhere_leaves_a_usable_index(folder):
    """What was found is still found, and other documents can be added."""
    index = Index()
    index.add_folder("project")
    shutil.rmtree(folder)

    index.add([{"id": "more", "text": "another giraffe"}])

    assert "more" in {hit.id for hit in index.search("giraffe")}


def test_a_file_that_grows_between_the_look_and_the_reading_is_read_whole(tmp_path, monkeypatch):
    """And what was read is what counts at the next look."""
    note = tmp_path / "note.txt"
    note.write_text("one giraffe")
    walk = source.walk

    def growing(*args, **options):
        for found in walk(*args, **options):
            note.write_text("one giraffe, and then an okapi")
            yield found

    index = Index()
    with monkeypatch.context() as patched:
        patched.setattr(source, "walk", growing)
        index.add_folder(tmp_path)
    assert [hit.text for hit in index.search("okapi")] == ["one giraffe, and then an okapi"]
    assert not index.update()
    note.write_text("")
    assert index.update().changed
    assert not index.search("okapi")


def test_plain_files_and_notebooks_come_in_the_order_of_their_names(tmp_path):
    """Although they are cut in different ways; one that is no notebook is told."""
    (tmp_path / "a.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": "giraffes"}]}')
    (tmp_path / "b.txt").write_text("giraffes")
    (tmp_path / "c.ipynb").write_text("giraffes")
    changes = Index().add_folder(tmp_path)
    names = [id.rpartition("/")[2] for id in changes.added]
    assert names == ["a.ipynb", "b.txt"]
    assert [(id.rpartition("/")[2], why) for id, why in changes.skipped] == [("c.ipynb", "it is no notebook")]


def test_a_folder_that_is_most_of_an_index_is_searched_in_one_piece(tmp_path, monkeypatch):
    """However many writes brought it; a little more is left beside it."""
    monkeypatch.setattr(arms, "LEAST_TAIL", 4)
    folder = tmp_path / "code"
    folder.mkdir()
    for number in range(12):
        (folder / f"part_{number}.py").write_text(f"def part_{number}():\n    return {number}\n")
    with Index(tmp_path / "index") as index:
        index.add_folder(folder)
        whole = index._shelf.arms._lexical.stats()
        index.add([{"id": "more", "text": "a little more"}])
        beside = index._shelf.arms._lexical.stats()

    assert (whole.documents, whole.segments, whole.tail) == (12, 1, 0)
    assert (beside.documents, beside.tail) == (13, 1)
