"""Project files: list, read, search, write."""

from __future__ import annotations

import codecs
import os

import pytest

from tests.tools.calling import call
from victor_nb.tools import ToolArgumentError, ToolRefused, project_files
from victor_nb.tools.builtin import project_files as module


@pytest.fixture
def root(tmp_path):
    """A small project."""
    (tmp_path / "src").mkdir()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.md").write_text("# Notes\nOne line\nanother LINE\n")
    (tmp_path / "src" / "main.py").write_text("print('line')\n")
    (tmp_path / "src" / "data.bin").write_bytes(b"line\0\1\2")
    (tmp_path / "latin.txt").write_bytes("Größe line".encode("cp1252"))
    (tmp_path / ".git" / "config").write_text("line")
    (tmp_path / ".env").write_text("line")
    (tmp_path / "node_modules" / "x.js").write_text("line")
    (tmp_path / "link.md").symlink_to(tmp_path / "notes.md")
    return tmp_path


def test_listing_shows_public_files_in_order(root):
    """Hidden files, secrets, links and packages are not there."""
    listed = call(project_files(root), "list_files")
    assert [f["path"] for f in listed["files"]] == ["latin.txt", "notes.md", "src/data.bin", "src/main.py"]
    assert listed["files"][1]["bytes"] == 30
    assert listed["more"] is False


def test_listing_is_narrowed_by_pattern_and_folder(root):
    """By the file's name or its path."""
    tools = project_files(root)
    assert [f["path"] for f in call(tools, "list_files", pattern="*.py")["files"]] == ["src/main.py"]
    assert len(call(tools, "list_files", pattern="src/*")["files"]) == 2
    assert len(call(tools, "list_files", folder="src")["files"]) == 2


def test_listing_stops_at_a_limit(root, monkeypatch):
    """A folder of a million files gives a bounded answer that says so."""
    monkeypatch.setattr(module, "MOST_FILES_LISTED", 2)
    listed = call(project_files(root), "list_files")
    assert (len(listed["files"]), listed["more"]) == (2, True)


@pytest.mark.parametrize("folder", ["nothing", "notes.md", "../", ".git", "/"])
def test_only_folders_of_the_project_are_listed(root, folder):
    """Anything else is refused."""
    with pytest.raises((ToolArgumentError, ToolRefused)):
        call(project_files(root), "list_files", folder=folder)


def test_a_folder_that_may_not_be_read_is_passed_over(root, monkeypatch):
    """One closed door does not hide the rest."""
    real = os.scandir

    def closed(path):
        if str(path).endswith("src"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(module.os, "scandir", closed)
    assert [f["path"] for f in call(project_files(root), "list_files")["files"]] == ["latin.txt", "notes.md"]


def test_reading_gives_text_and_where_it_is(root):
    """The lines asked for, of how many."""
    tools = project_files(root)
    whole = call(tools, "read_file", path="notes.md")
    assert whole == {
        "path": "notes.md",
        "lines": "1-3 of 3",
        "encoding": "utf-8",
        "cut": False,
        "text": "# Notes\nOne line\nanother LINE",
    }
    part = call(tools, "read_file", path="notes.md", start_line=2, lines=1)
    assert (part["lines"], part["text"]) == ("2-2 of 3", "One line")
    with pytest.raises(ToolArgumentError, match="has 3 lines"):
        call(tools, "read_file", path="notes.md", start_line=9)


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        ("Größe".encode(), "Größe", "utf-8"),
        ("Größe".encode("cp1252"), "Größe", "cp1252"),
        (codecs.BOM_UTF8 + "Größe".encode(), "Größe", "utf-8-sig"),
        ("Größe".encode("utf-16"), "Größe", "utf-16"),
        ("Größe".encode("utf-32"), "Größe", "utf-32"),
        (b"a\x81b", "a\ufffdb", "cp1252"),
        (b"", "", "utf-8"),
    ],
)
def test_any_encoding_is_read_and_named(root, content, text, encoding):
    """UTF-8 first, then by mark, else Windows-1252."""
    (root / "x.txt").write_bytes(content)
    read = call(project_files(root), "read_file", path="x.txt")
    assert (read["text"], read["encoding"]) == (text, encoding)


def test_binary_files_are_no_text(root):
    """A model is never sent bytes that mean nothing to it."""
    with pytest.raises(ToolRefused, match=r"'src/data.bin' is a binary file of 7 bytes"):
        call(project_files(root), "read_file", path="src/data.bin")


def test_reading_is_limited(root):
    """A huge file is refused, a huge line is cut, a huge text is cut and says so."""
    with (root / "huge.txt").open("wb") as file:
        file.truncate(30_000_000)
    (root / "long.txt").write_text("x" * 1_000_000)
    (root / "many.txt").write_text(("y" * 1900 + "\n") * 500)
    tools = project_files(root)
    with pytest.raises(ToolRefused, match="30,000,000 bytes; 20,000,000 are allowed"):
        call(tools, "read_file", path="huge.txt")
    assert len(call(tools, "read_file", path="long.txt")["text"]) == 2000
    many = call(tools, "read_file", path="many.txt")
    assert (len(many["text"]), many["cut"]) == (200_000, True)


def test_searching_finds_lines_in_any_case(root):
    """In text files of any encoding; not in binary, hidden or linked ones."""
    found = call(project_files(root), "search_files", text="LINE")
    assert [(m["path"], m["line"]) for m in found["matches"]] == [
        ("latin.txt", 1),
        ("notes.md", 2),
        ("notes.md", 3),
        ("src/main.py", 1),
    ]
    assert found["matches"][1]["text"] == "One line"
    assert not found["more"]


def test_searching_is_narrowed_and_limited(root, monkeypatch):
    """By pattern and folder, and by a number of matches."""
    tools = project_files(root)
    assert len(call(tools, "search_files", text="line", pattern="*.md")["matches"]) == 2
    assert len(call(tools, "search_files", text="line", folder="src")["matches"]) == 1
    assert call(tools, "search_files", text="(.*)+$")["matches"] == []
    monkeypatch.setattr(module, "MOST_MATCHES", 2)
    found = call(tools, "search_files", text="line")
    assert (len(found["matches"]), found["more"]) == (2, True)
    monkeypatch.setattr(module, "LARGEST_SEARCHED", 5)
    assert call(tools, "search_files", text="line")["matches"] == []
    with pytest.raises(ToolArgumentError, match="no text to search"):
        call(tools, "search_files", text="  ")


def test_a_file_that_cannot_be_opened_is_passed_over(root, monkeypatch):
    """A file that vanishes while searching does not end the search."""
    (root / "a_pipe").mkdir()
    tools = project_files(root)
    real = module.ProjectFiles.content

    def vanishing(self, path, largest):
        if path == "notes.md":
            (root / "notes.md").unlink()
        return real(self, path, largest)

    monkeypatch.setattr(module.ProjectFiles, "content", vanishing)
    assert [m["path"] for m in call(tools, "search_files", text="line")["matches"]] == ["latin.txt", "src/main.py"]


def test_writing_creates_and_replaces(root):
    """Missing folders are made; the answer says what happened."""
    tools = project_files(root)
    assert call(tools, "write_file", path="out/report.md", content="Größe\n") == {
        "path": "out/report.md",
        "bytes": 8,
        "created": True,
    }
    assert (root / "out" / "report.md").read_bytes() == "Größe\n".encode()
    assert call(tools, "write_file", path="out/report.md", content="")["created"] is False


def test_writing_is_limited(root):
    """Secrets, huge texts and texts that are no Unicode are refused, and nothing is written."""
    tools = project_files(root)
    for path in (".env", "../x.txt", "link/../../x"):
        with pytest.raises(ToolRefused):
            call(tools, "write_file", path=path, content="x")
    with pytest.raises(ToolRefused, match="bytes"):
        call(tools, "write_file", path="big.txt", content="x" * 6_000_000)
    with pytest.raises(ToolArgumentError):
        call(tools, "write_file", path="bad.txt", content="\ud800")
    assert not (root / "bad.txt").exists()
    assert (root / ".env").read_text() == "line"
