"""Confinement: no path leaves the folder, whatever links, dots and races are tried."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb.tools import ToolArgumentError, ToolError, ToolRefused
from victor_nb.tools.builtin import confinement
from victor_nb.tools.builtin.confinement import Confined, is_private

SECRET = b"outside secret"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A root with files and links of every kind, beside a folder with a secret."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "data" / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "plain.txt").write_bytes(SECRET)
    (outside / "inner").mkdir()
    (outside / "inner" / "plain.txt").write_bytes(SECRET)
    (root / "a.txt").write_bytes(b"inside")
    (root / "data" / "b.txt").write_bytes(b"inside")
    (root / ".env").write_bytes(b"KEY=1")
    links = {
        "file_out": outside / "plain.txt",
        "folder_out": outside,
        "data/up": Path("../.."),
        "data/deep/chain": root / "folder_out",
        "absolute_root": Path("/"),
        "loop": root / "loop",
        "to_env": root / ".env",
        "inside": root / "data",
        "file_inside": root / "a.txt",
        "dangling": outside / "new.txt",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    return root


def read(root: Path, path: str) -> bytes:
    with os.fdopen(Confined(root).open_file(path), "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    "path", ["a.txt", "./a.txt", "data/b.txt", "data/../a.txt", "inside/b.txt", "file_inside", "data//b.txt"]
)
def test_paths_inside_are_opened(place, path):
    """Also through links that stay inside."""
    assert read(place, path) == b"inside"
    assert read(place, str(place / "a.txt")) == b"inside"


@pytest.mark.parametrize(
    "path",
    [
        "../outside/plain.txt",
        "data/../../outside/plain.txt",
        "/etc/passwd",
        "~/x",
        "file_out",
        "folder_out/plain.txt",
        "folder_out/inner/plain.txt",
        "data/up/outside/plain.txt",
        "data/deep/chain/plain.txt",
        "absolute_root/etc/passwd",
        "inside/../../outside/plain.txt",
        "a.txt/../../outside/plain.txt",
        ".env",
        "to_env",
        "data/../.env",
        ".git/config",
        ".victor/victor.db",
        "id_rsa",
        "server.pem",
        "config/prod.env",
        "credentials.json",
        "",
        "  ",
        "a\0b",
        "loop",
        "none.txt",
        "data",
        ".",
        "x" * 5000,
    ],
)
def test_every_other_path_is_refused(place, path):
    """Traversal, links out, hidden files, secrets, folders, nothing at all: an error, and no content."""
    with pytest.raises((ToolRefused, ToolArgumentError)):
        read(place, path)


parts = st.sampled_from(
    [
        "..", ".", "", "a.txt", "data", "deep", "up", "chain", "file_out", "folder_out", "absolute_root",
        "loop", "to_env", "inside", "file_inside", "dangling", "plain.txt", "inner", "outside", "root", "etc",
        "passwd", "new", ".env", "~", "…",
    ]
)  # fmt: skip


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(parts, max_size=8), absolute=st.booleans(), write=st.booleans())
def test_no_path_escapes(place, names, absolute, write):
    """Whatever parts are put together, nothing outside is read or written, and no other exception comes."""
    path = ("/" if absolute else "") + "/".join(names)
    outside = place.parent / "outside"
    with contextlib.suppress(ToolError):
        if write:
            Confined(place).write_file(path, b"inside")
        else:
            assert read(place, path) == b"inside"
    files = sorted(str(f.relative_to(outside)) for f in outside.rglob("*") if f.is_file())
    assert files == ["inner/plain.txt", "plain.txt"]
    assert all((outside / f).read_bytes() == SECRET for f in files)
    assert (place / ".env").read_bytes() == b"KEY=1"
    assert sorted(f.name for f in place.parent.iterdir()) == ["outside", "root"]


@pytest.mark.parametrize("write", [False, True])
def test_a_folder_swapped_for_a_link_after_the_check_does_not_lead_out(place, monkeypatch, write):
    """Between resolving and opening, a folder becomes a link to outside: opening fails."""
    confined = Confined(place)
    real = confined.resolve("data/b.txt")

    def swap(path):
        (place / "data").rename(place / "moved")
        (place / "data").symlink_to(place.parent / "outside" / "inner")
        return real.with_name("plain.txt")

    monkeypatch.setattr(Confined, "resolve", lambda self, path: swap(path))
    act = partial(confined.write_file, content=b"overwritten") if write else confined.open_file
    with pytest.raises(ToolArgumentError):
        act("data/plain.txt")
    assert (place.parent / "outside" / "inner" / "plain.txt").read_bytes() == SECRET


@pytest.mark.slow
def test_a_race_between_links_and_readers_never_leaks(place):
    """A thread swaps a folder and a link as fast as it can while another reads: only inside bytes are seen."""
    stop = threading.Event()
    target = place / "flip"
    target.mkdir()
    (target / "plain.txt").write_bytes(b"inside")
    link = place / "link"
    link.symlink_to(place.parent / "outside" / "inner")

    def swap():
        while not stop.is_set():
            os.rename(target, place / "aside")
            os.rename(link, target)
            os.rename(target, link)
            os.rename(place / "aside", target)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        for _ in range(2000):
            try:
                seen.add(read(place, "flip/plain.txt"))
            except ToolError:
                seen.add(b"refused")
    finally:
        stop.set()
        swapper.join()
    assert seen <= {b"inside", b"refused"}
    assert b"inside" in seen


def test_a_pipe_or_device_is_refused_without_waiting(place):
    """Opening a pipe that nobody writes to would block for ever."""
    os.mkfifo(place / "pipe")
    with pytest.raises(ToolRefused, match="no regular file"):
        read(place, "pipe")
    with pytest.raises(ToolRefused, match="no regular file"):
        Confined(place).write_file("pipe", b"x")


def test_writing_is_atomic_and_keeps_permissions(place):
    """Readers hold the old content or find the new; the draft is gone."""
    confined = Confined(place)
    script = place / "run.sh"
    script.write_bytes(b"old")
    script.chmod(0o750)
    with script.open("rb") as reader:
        assert confined.write_file("run.sh", b"new") is False
        assert reader.read() == b"old"
    assert script.read_bytes() == b"new"
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert confined.write_file("fresh/folder/x.txt", b"x") is True
    assert not list(place.rglob("*.draft"))


def test_writing_through_a_link_inside_changes_what_it_points_to(place):
    """The link stays a link."""
    Confined(place).write_file("file_inside", b"changed")
    assert (place / "file_inside").is_symlink()
    assert (place / "a.txt").read_bytes() == b"changed"


def test_a_failed_write_leaves_the_old_file_and_no_draft(place, monkeypatch):
    """A full disk loses nothing."""

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(confinement.os, "fsync", full)
    with pytest.raises(ToolArgumentError, match="No space left"):
        Confined(place).write_file("a.txt", b"new")
    assert (place / "a.txt").read_bytes() == b"inside"
    assert not [f for f in place.iterdir() if f.name.endswith(".draft")]


@pytest.mark.parametrize("path", [".", "data", "dangling", "file_out", "../x", ".env", "data/new.pem"])
def test_what_cannot_be_written_is_refused(place, path):
    """Folders, links out, hidden files and secrets."""
    with pytest.raises((ToolRefused, ToolArgumentError)):
        Confined(place).write_file(path, b"x")
    assert not (place.parent / "outside" / "new.txt").exists()


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".ssh", ".victor", "prod.env", "app.env.local", "id_rsa", "id_ed25519.pub", "x.pem", "X.KEY",
        "store.p12", "credentials", "aws_credentials.json", "secrets.yaml", "app.secrets.toml", "my-secret",
        "passwords.txt", "service-account-prod.json", "netrc", "_netrc", "vault.kdbx",
    ],
)  # fmt: skip
def test_secret_names_are_private(name):
    """By the names that secrets usually have."""
    assert is_private(name)


@pytest.mark.parametrize(
    "name", ["environment.yml", "keys.csv", "keyboard.py", "secretary.txt", "token.py", "README.md", "env.py"]
)
def test_ordinary_names_are_not(name):
    """A word in a name is not enough."""
    assert not is_private(name)


def test_where_there_are_no_directory_descriptors_the_opened_file_is_checked_again(place, monkeypatch):
    """The way of Windows: read, write and refuse as elsewhere."""
    monkeypatch.setattr(confinement, "HAS_DIRECTORY_DESCRIPTORS", False)
    confined = Confined(place)
    assert read(place, "data/b.txt") == b"inside"
    assert confined.write_file("new/c.txt", b"c") is True
    assert read(place, "new/c.txt") == b"c"
    with pytest.raises(ToolRefused):
        read(place, "file_out")
    real = confined.resolve("data/b.txt")
    (place / "data").rename(place / "moved")
    (place / "data").symlink_to(place.parent / "outside")
    (place.parent / "outside" / "b.txt").write_bytes(SECRET)
    monkeypatch.setattr(Confined, "resolve", lambda self, path: real)
    with pytest.raises(ToolRefused, match="moved"):
        confined.open_file("data/b.txt")
    with pytest.raises(ToolRefused, match="moved"):
        confined.write_file("data/b.txt", b"x")
    assert (place.parent / "outside" / "b.txt").read_bytes() == SECRET
