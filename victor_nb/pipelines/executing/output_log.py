"""The log of outputs beside a notebook that is being executed: what the file on disk does not hold yet.

1. Every output is appended the moment it comes; a kill of the runner loses none that was appended.
2. A log belongs to one state of the file, by number: log n holds what came after the n-th time the notebook was saved.
   Whoever finds notebook n applies the logs n, n+1, … and has everything, at whatever instant the writer was killed.
3. Entries begin with the end of a line, so one that a full disk cut short does not spoil the next.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

Entry = list[Any]
"""What is done to a cell: [verb, index of the cell, …], as `cell_outputs.apply` reads it."""

OBSERVED = "observed.jsonl"
"""The file beside the log in which the kernel's observer writes down what it sees."""

MARK = "victor_nb"
"""The key of the notebook's metadata that holds its number while it is being executed."""


class OutputLog:
    """Appends entries.

    Args:
        folder: made with the first entry.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0
        self._file: int | None = None
        self._is_dirty = False

    def append(self, entry: Entry) -> None:
        """Append an entry.

        Raises: OSError.
        """
        line = b"\n" + msgspec.json.encode(entry)
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._is_dirty = True
        if os.write(self._file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def start(self, number: int) -> None:
        """Go on in the log of the notebook's next state."""
        self.close()
        self._number = number

    def sync(self) -> None:
        """Have the disk keep what was appended."""
        if self._file is not None and self._is_dirty:
            self._is_dirty = False
            os.fsync(self._file)

    @property
    def is_gone(self) -> bool:
        """Whether somebody has removed the file that is appended to."""
        return self._file is not None and os.fstat(self._file).st_nlink == 0

    def drop_before(self, number: int) -> None:
        """Remove the logs of states that nobody finds any more."""
        for path, found in _logs(self.folder):
            if found < number:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def remove(self) -> None:
        """Remove all logs, and the folder if nothing else is in it."""
        self.close()
        for path, _ in _logs(self.folder):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    @property
    def _path(self) -> Path:
        return self.folder / f"log-{self._number}.jsonl"


def entries_after(folder: Path, number: int) -> Iterator[Entry]:
    """Yield what came after the n-th state of a notebook, oldest first; an entry that was cut short is left out.

    A log that its writer drops meanwhile is left out too: the notebook has another state by then.
    """
    for path, found in sorted(_logs(folder), key=lambda each: each[1]):
        if found < number:
            continue
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            continue
        for line in lines:
            with suppress(msgspec.DecodeError):
                if line:
                    yield msgspec.json.decode(line, type=list)


def _logs(folder: Path) -> list[tuple[Path, int]]:
    return [(path, int(path.stem[4:])) for path in folder.glob("log-*.jsonl") if path.stem[4:].isdigit()]


def folder_of(output: Path) -> Path:
    """Return the folder beside a notebook for what does not belong, or not yet, into the notebook."""
    return output.with_name(f"{output.stem}.outputs")
