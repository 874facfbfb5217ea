"""Executed notebooks of pipeline runs that leave the journal: `.victor/pipelines/<pipeline>/runs/<run id>/`.

A folder is marked before its run is removed, with the journal that holds the run. So a clearance that was killed
between the two is gone on with, and a folder whose run stands in another journal is never touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from victor_nb.journal.sizes import bytes_below
from victor_nb.journal.store import Store
from victor_nb.pipelines.folders import PLACE

MARK: Final = ".leaving"


def folders_of(root: Path | None, run_ids: Iterable[str]) -> list[Path]:
    """Return the folders of some runs, below a project's root."""
    wanted = frozenset(run_ids)
    return [folder for folder in _folders(root) if folder.name in wanted]


def mark(folders: Iterable[Path], store: Store) -> None:
    """Note that the runs of these folders are about to leave a journal."""
    for folder in folders:
        with suppress(OSError):
            (folder / MARK).write_text(store.url, encoding="utf-8")


def remove_left(root: Path | None, store: Store) -> tuple[int, int]:
    """Remove the marked folders whose runs are gone, and the marks of the others; return how many, and their bytes."""
    count = size = 0
    for folder in _folders(root):
        if not _is_marked(folder, store):
            continue
        if store.run(folder.name) is not None:
            (folder / MARK).unlink(missing_ok=True)
            continue
        size += bytes_below(folder)
        count += 1
        # The mark goes last: what is left half removed is still known as such.
        with suppress(FileNotFoundError):  # another process collects too
            for path in folder.iterdir():
                if path.name != MARK:
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return count, size


def _is_marked(folder: Path, store: Store) -> bool:
    try:
        return (folder / MARK).read_text(encoding="utf-8") == store.url
    except OSError:
        return False


def _folders(root: Path | None) -> Iterator[Path]:
    if root is not None:
        yield from (folder for folder in (root / PLACE).glob("*/runs/*") if folder.is_dir())
