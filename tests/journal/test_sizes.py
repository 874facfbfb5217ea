"""Sizes of files that others write and remove meanwhile."""

from __future__ import annotations

import shutil
import threading

from victor_nb.journal.sizes import bytes_below, size_of


def test_all_files_below_a_folder_count(tmp_path):
    """Hidden ones and those in folders of folders, too."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one").write_bytes(b"1")
    (tmp_path / "a" / ".two").write_bytes(b"22")
    (tmp_path / "three").write_bytes(b"333")

    assert bytes_below(tmp_path) == 6
    assert size_of(tmp_path / "three") == 3


def test_what_is_not_there_takes_nothing(tmp_path):
    """Nor does a link that leads nowhere, as an editor leaves one beside a file that it has open."""
    (tmp_path / ".#open.py").symlink_to("somebody@somewhere.4711")

    assert size_of(tmp_path / "gone") == bytes_below(tmp_path / "gone") == bytes_below(tmp_path) == 0


def test_files_and_folders_that_go_meanwhile_are_no_failure(tmp_path):
    """Another process merges, cleans or collects while sizes are summed up."""
    (tmp_path / "stays").write_bytes(b"1")
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            folder = tmp_path / "comes" / "and"
            folder.mkdir(parents=True)
            (folder / "goes").write_bytes(b"22")
            shutil.rmtree(tmp_path / "comes")

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        seen = {bytes_below(tmp_path) for _ in range(3000)}
    finally:
        is_over.set()
        other.join()
    assert seen <= {1, 3}
