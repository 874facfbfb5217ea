"""A notebook saved while it is executed: outputs at once to a log, the whole file at cell ends where that is worth it.

1. A save holds up nothing: it is made of a copy, in a thread of its own, and there is one at a time.
2. Saving takes a twentieth of the time at most: a hundred cells of a megabyte each cost little more than saving once.
3. A disk that is full or a folder that is gone does not end the notebook. Every save tries anew; only the last has to
   succeed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from victor_nb.pipelines.executing.cell_outputs import UNBOUNDED, CellOutputs, apply
from victor_nb.pipelines.executing.notebook_files import (
    NotebookNotSaved,
    draft_of,
    is_local,
    notebook_bytes,
    read_notebook,
    write_whole,
)
from victor_nb.pipelines.executing.output_log import MARK, OBSERVED, Entry, OutputLog, entries_after, folder_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

SHORTEST_PAUSE_S: Final = 1.0
SHARE: Final = 20
"""Saving may take one part in so many of the time."""


def is_due(since_s: float, took_s: float) -> bool:
    """Whether a notebook is worth saving, `since_s` seconds after the last save began, which took `took_s` seconds."""
    return since_s >= max(SHORTEST_PAUSE_S, SHARE * took_s)


class SavedNotebook:
    """The file of a notebook that is being executed.

    Args:
        output: a local path, or whatever papermill writes to.
        folder: beside it, for the log and for what does not fit into it.
        clock: in seconds.
    """

    def __init__(
        self, notebook: NotebookNode, output: str, folder: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.notebook = notebook
        self.output = output
        self.folder = folder
        self.problem: OSError | None = None
        self._path = Path(output).absolute() if is_local(output) else None
        self._log = OutputLog(self.folder)
        self._clock = clock
        self._number = 0
        self._began_at, self._took_s = clock(), 0.0
        self._saving: threading.Thread | None = None
        self._has_begun = False

    def begin(self) -> None:
        """Write the notebook as it is before its first cell.

        Raises:
            NotebookNotSaved: it cannot be written there at all.
        """
        self._log.remove()
        for spilled in self.folder.glob("cell-*.txt"):
            spilled.unlink(missing_ok=True)
        if self._path is not None:
            self._attempt(notebook_bytes(self._copy(self._number)))
            if self.problem is not None:
                raise self._not_saved(self.problem)
        self._has_begun = True

    def note(self, entry: Entry) -> None:
        """Keep what is done to a cell until the notebook is saved with it."""
        try:
            self._log.append(entry)
        except OSError as problem:
            self.problem = problem

    def sync(self) -> None:
        """Have the disk keep what was noted."""
        try:
            self._log.sync()
        except OSError as problem:
            self.problem = problem

    def save_if_due(self) -> None:
        """Save the notebook in the background if that is worth it by now."""
        if not self._has_begun or self._path is None or (self._saving is not None and self._saving.is_alive()):
            return
        if self._log.is_gone or is_due(self._clock() - self._began_at, self._took_s):
            self._number += 1
            self._began_at = self._clock()
            self._log.start(self._number)
            number, content = self._number, self._copy(self._number)
            self._saving = threading.Thread(target=self._save, args=(number, content), name="victor-saving")
            self._saving.start()

    def finish(self) -> None:
        """Write the notebook as it is at its end, and remove what was noted.

        Raises:
            NotebookNotSaved: it cannot be written; what was noted stays.
        """
        self.wait()
        content = notebook_bytes(self._copy(None))
        try:
            if self._path is not None:
                write_whole(self._path, content)
            else:
                self._write_remotely(content)
        except Exception as problem:  # each of papermill's handlers has errors of its own
            self.sync()
            self._log.close()
            raise self._not_saved(problem) from problem
        self._log.remove()

    def wait(self) -> None:
        """Wait until nothing is being saved."""
        if self._saving is not None:
            self._saving.join()

    def tidy(self) -> None:
        """Remove the folder beside the notebook if nothing is in it."""
        with suppress(OSError):
            self.folder.rmdir()

    def _write_remotely(self, content: Iterable[bytes]) -> None:
        from papermill.iorw import papermill_io

        papermill_io.write(b"".join(content).decode(), self.output)

    def _save(self, number: int, content: dict[str, Any]) -> None:
        began = self._clock()
        self._attempt(notebook_bytes(content))
        self._took_s = self._clock() - began
        if self.problem is None:
            self._log.drop_before(number)

    def _attempt(self, content: Iterable[bytes]) -> None:
        assert self._path is not None
        try:
            write_whole(self._path, content)
            self.problem = None
        except OSError as problem:
            self.problem = problem

    def _copy(self, number: int | None) -> dict[str, Any]:
        """Copy what can change while it is written; texts cannot."""
        metadata = {key: value for key, value in self.notebook["metadata"].items() if key != MARK}
        if "papermill" in metadata:
            metadata["papermill"] = dict(metadata["papermill"])
        if number is not None:
            metadata[MARK] = {"saved": number}
        return {**self.notebook, "metadata": metadata, "cells": [_copied(cell) for cell in self.notebook["cells"]]}

    def _not_saved(self, problem: Exception) -> NotebookNotSaved:
        reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
        kept = f"; its outputs so far are in {self.folder}" if self.folder.exists() else ""
        return NotebookNotSaved(
            f"the executed notebook cannot be saved: {reason}{kept}",
            self.output,
            "make room or give it another folder, then run it again",
        )


def recovered(output: str | Path) -> NotebookNode | None:
    """Return a notebook whose runner was killed, with every output that came; None if there is no such file.

    The cell that ran when the runner was killed has failed; what never ran is pending. Of a runner that is alive, it
    returns what came so far.
    """
    path = Path(output).absolute()
    version = _version_of(path)
    while version is not None:
        notebook = read_notebook(path)
        mark = notebook.metadata.pop(MARK, None)
        entries = [] if mark is None else list(entries_after(folder_of(path), int(mark["saved"])))
        read, version = version, _version_of(path)
        # A runner replaces the notebook and then drops the logs that the earlier one needs.
        if version == read:
            _replay(notebook, folder_of(path), entries)
            return notebook
    return None


def _version_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_mtime_ns


def fold(output: str | Path) -> NotebookNode | None:
    """Make the file of a killed runner whole on disk, as `recovered` returns it."""
    path = Path(output).absolute()
    notebook = recovered(path)
    if notebook is not None:
        write_whole(path, notebook_bytes(notebook))
        draft_of(Path(path).resolve()).unlink(missing_ok=True)
        (folder_of(path) / OBSERVED).unlink(missing_ok=True)
        OutputLog(folder_of(path)).remove()
    return notebook


def _replay(notebook: NotebookNode, folder: Path, entries: Iterable[Entry]) -> None:
    import nbformat

    cells: dict[int, CellOutputs] = {}
    for entry in entries:
        index = int(entry[1])
        if index >= len(notebook.cells):
            continue
        cell = notebook.cells[index]
        if entry[0] == "cell":
            cell.metadata["papermill"] = nbformat.from_dict(entry[2])
            cell.execution_count = entry[3]
            continue
        if index not in cells:
            cells[index] = CellOutputs(cell.outputs, UNBOUNDED, folder / spill_name(index))
        apply(entry, cells[index])
    for index, outputs in cells.items():
        outputs.close()
        notebook.cells[index].outputs = nbformat.from_dict(outputs.outputs)
    for cell in notebook.cells:
        told = cell.metadata.get("papermill", {})
        if told.get("status") == "running":
            told.update(status="failed", exception=True)
            notebook.metadata["papermill"]["exception"] = True


def spill_name(index: int) -> str:
    """Return the name of the file for what a cell's notebook does not hold."""
    return f"cell-{index + 1}.txt"


def _copied(cell: dict[str, Any]) -> dict[str, Any]:
    copy = {**cell, "metadata": {**cell["metadata"]}}
    if "papermill" in copy["metadata"]:
        copy["metadata"]["papermill"] = dict(copy["metadata"]["papermill"])
    if "outputs" in cell:
        copy["outputs"] = [dict(output) for output in cell["outputs"]]
    return copy
