"""Hashes of files that are remembered, so that a large file that nobody touched is not read again.

1. A file is the same while its size, inode and both of its times are: `touch` and `cp -p` are noticed, and cost one
   reading.
2. What was changed less than `REST_NS` before it was read is not remembered: a second change within one tick of the
   clock would have the same times.
3. The memory is a convenience: damaged, gone or written by two processes at once, it only costs time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from victor_nb.pipelines.caching.source import code_hash, normalised_cell, text_hash
from victor_nb.pipelines.drafts import sweep, write_whole
from victor_nb.pipelines.parameters.cell_syntax import code_cells, language_of, source_of, tags_of

REST_NS: Final = 2_000_000_000  # the coarsest clock of a file system in use (FAT)
MOST_REMEMBERED: Final = 50_000
PLACE: Final = Path(".victor", "pipelines", "hashes.json")
_CHUNK: Final = 1 << 20

Kind: TypeAlias = Literal["content", "module", "notebook"]
_Remembered: TypeAlias = tuple[int, int, int, int, str]


class Hashes:
    """Hashes of contents, of Python modules by their code, and of notebooks by theirs.

    Args:
        memory: a file to remember them in from process to process; None remembers them in this object.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[str, _Remembered] = _read(memory) if memory is not None else {}
        self._is_changed = False

    @classmethod
    def beside(cls, project: Path) -> Hashes:
        """Return those of a project; the same object for the same project."""
        place = project.absolute() / PLACE
        with _opening:
            if place not in _opened:
                _opened[place] = cls(place)
            return _opened[place]

    def content(self, path: Path) -> str:
        """Return 32 hex digits of BLAKE2b over a file. Raises: OSError."""
        return self._of("content", path, _content_hash)

    def module(self, path: Path) -> str:
        """Return a hash of a Python file's code: comments and formatting do not count. Raises: OSError."""
        return self._of("module", path, _module_hash)

    def notebook(self, path: Path) -> str:
        """Return a hash of the code of a notebook that another one runs. Raises: OSError."""
        return self._of("notebook", path, _notebook_hash)

    def code(self, notebook: Mapping[str, object]) -> str:
        """Return `source.code_hash` of a notebook that is in memory; its cells are parsed once only."""
        cells = [(source_of(cell), sorted(tags_of(cell))) for _, cell in code_cells(notebook)]
        name = f"code:{text_hash(repr((language_of(notebook), cells)))}"
        if (known := self._known.get(name)) is None:
            known = (0, 0, 0, 0, code_hash(notebook))
            with self._lock:
                self._known[name] = known
                self._is_changed = True
        return known[4]

    def save(self) -> None:
        """Write what is remembered; nothing happens if it cannot be written."""
        if self._memory is None or not self._is_changed:
            return
        with self._lock:
            self._known = dict(list((_read(self._memory) | self._known).items())[-MOST_REMEMBERED:])
            content = msgspec.json.encode({name: seen for name, seen in self._known.items() if _is_text(name)})
            self._is_changed = False
        with suppress(OSError):
            write_whole(self._memory, content)
            sweep(self._memory.parent)

    def _of(self, kind: Kind, path: Path, work: Callable[[Path], str]) -> str:
        before = path.stat()
        name = f"{kind}:{path.absolute()}"
        marks = (before.st_size, before.st_ino, before.st_mtime_ns, before.st_ctime_ns)
        known = self._known.get(name)
        if known is not None and tuple(known[:4]) == marks:
            return known[4]
        made = work(path)
        after = path.stat()
        is_at_rest = time.time_ns() - max(before.st_mtime_ns, before.st_ctime_ns) > REST_NS
        if is_at_rest and (after.st_size, after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == marks:
            with self._lock:
                self._known[name] = (*marks, made)
                self._is_changed = True
        return made


_opened: Final[dict[Path, Hashes]] = {}
_opening: Final = threading.Lock()


def _content_hash(path: Path) -> str:
    made = blake2b(digest_size=16)
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            made.update(chunk)
    return made.hexdigest()


def _module_hash(path: Path) -> str:
    if path.suffix not in (".py", ".pyw"):
        return _content_hash(path)
    try:
        return text_hash(normalised_cell(path.read_text(encoding="utf-8")))
    except UnicodeDecodeError:
        return _content_hash(path)


def _notebook_hash(path: Path) -> str:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # no UTF-8, or no JSON
        return _content_hash(path)
    cells = found.get("cells") if isinstance(found, dict) else None
    is_notebook = isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells)
    return code_hash(found) if is_notebook else _content_hash(path)


def _is_text(name: str) -> bool:
    """Whether a path can be written down: of names that are no UTF-8, Linux takes any."""
    return name.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in name)


def _read(memory: Path) -> dict[str, _Remembered]:
    try:
        return msgspec.json.decode(memory.read_bytes(), type=dict[str, _Remembered])
    except (OSError, msgspec.MsgspecError):
        return {}
