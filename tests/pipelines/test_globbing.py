"""What globs name: the same in every Python, and while folders come and go."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from victor_nb.pipelines.globbing import globbed


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with files in folders."""
    for name in ("a/b/one.csv", "a/two.csv", "a/.hidden/three.csv", "four.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.txt", ["four.txt"]),
        ("a/*.csv", ["a/two.csv"]),
        ("**/*.csv", ["a/.hidden/three.csv", "a/b/one.csv", "a/two.csv"]),
        ("a/**", ["a/.hidden/three.csv", "a/b/one.csv", "a/two.csv"]),
        ("**", ["a/.hidden/three.csv", "a/b/one.csv", "a/two.csv", "four.txt"]),
        ("a**/b**/***.csv", ["a/b/one.csv"]),
        ("gone/**/*", []),
    ],
)
def test_a_glob_names_files(tree: Path, pattern: str, names: list[str]) -> None:
    """`**` stands for any number of folders, and at the end for all that is in them."""
    assert [path.relative_to(tree).as_posix() for path in globbed(tree, pattern) if path.is_file()] == names


def test_folders_that_come_and_go_hide_nothing(tree: Path) -> None:
    """A step's neighbour clears up while the step's files are looked for."""
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            (tree / "a" / "c" / "d").mkdir(parents=True)
            shutil.rmtree(tree / "a" / "c")

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        looks = [globbed(tree, "**/*.csv") for _ in range(1000)]
    finally:
        is_over.set()
        other.join()
    assert {len(found) for found in looks} == {3}
