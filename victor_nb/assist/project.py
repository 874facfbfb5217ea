"""The project's own code, prose and notebooks, in an index that stays in the project.

1. Brought up to date before a question, at most every few seconds: looking at every file takes longer than an answer.
2. A folder that is no project (a home, a disk) is not read, nor is one with more files than a person wrote.
3. Cells that ask the assistant, or an agent, are no answers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from victor_nb.assist.library import Candidate, candidates
from victor_nb.assist.shelves import reading
from victor_nb.assist.surroundings import imported_in
from victor_nb.retrieval.sources.folders import walk
from victor_nb.retrieval.sources.source import Changes, Source, follow, keep_source
from victor_nb.retrieval.storing.arms import CANDIDATES
from victor_nb.retrieval.storing.shelf import Shelf
from victor_nb.retrieval.storing.store import Chunk

READ: Final = ("*.py", "*.md", "*.rst", "*.ipynb")
MOST_FILES: Final = 5_000
LOOK_S: Final = 5.0
_LARGEST_BYTES: Final = 5_000_000
_ASKING: Final = ("%victor", "%%victor", "!victor")
_LOOK: Final = "look"


class Project:
    """A project.

    Args:
        root: its folder.
        folder: of the index.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root.resolve(), folder

    @contextmanager
    def opened(self) -> Iterator[OpenProject]:
        """Open it up to date, or as up to date as it is where another process is at it."""
        with reading(self.folder) as shelf:
            look = _looked(shelf)
            if not shelf.read_only and not 0 <= time.time() - look[0] < LOOK_S:
                look = self._look(shelf)
            yield OpenProject(shelf, frozenset(look[1]), look[2])

    def update(self) -> tuple[str, int]:
        """Look at every file now; return why nothing is read (or nothing), and how many passages there are."""
        with reading(self.folder) as shelf:
            look = _looked(shelf) if shelf.read_only else self._look(shelf)
            return look[2], shelf.documents.count()[1]

    def _look(self, shelf: Shelf) -> tuple[float, list[str], str]:
        looked_at, imports, refused = _looked(shelf)
        if not looked_at or refused:  # a project that was read once goes on being read: counting walks it twice
            refused = self._refused()
        changes = Changes()
        if not refused:
            source = Source("folder", str(self.root), "", READ, (), _LARGEST_BYTES)
            kept = shelf.write(lambda: keep_source(shelf.documents, source))
            changes = follow(shelf.documents, kept, shelf.write)
        if changes:
            imports = _imports(shelf)
        shelf.documents.note(**{_LOOK: [time.time(), imports, refused]})
        return time.time(), imports, refused

    def _refused(self) -> str:
        if self.root in (Path.home(), Path(self.root.anchor)):
            return f"{self.root} is no project; its files are not read"
        if sum(1 for _ in islice(walk(self.root, include=READ), MOST_FILES + 1)) > MOST_FILES:
            return f"the project has more than {MOST_FILES:,} files; its files are not read"
        return ""


class OpenProject:
    """A project's texts while a question is answered.

    Attributes:
        imports: what its code imports.
        refused: why nothing is read; empty if it is.
    """

    def __init__(self, shelf: Shelf, imports: frozenset[str], refused: str) -> None:
        self._shelf, self.imports, self.refused = shelf, imports, refused

    def search(self, query: str, most: int = CANDIDATES) -> list[Candidate]:
        """Return what fits a query best."""
        found = candidates(self._shelf, query, None, most)
        return [each for each in found if not each.chunk.text.lstrip().startswith(_ASKING)]

    def of(self, path: str) -> list[Chunk]:
        """Return the passages of a file."""
        return self._shelf.documents.chunks_of(path)

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return self._shelf.documents.count()[1]


def _looked(shelf: Shelf) -> tuple[float, list[str], str]:
    noted = shelf.documents.fact(_LOOK)
    if not isinstance(noted, list) or len(noted) != 3:
        return 0.0, [], ""
    return float(noted[0]), [str(each) for each in noted[1]], str(noted[2])


def _imports(shelf: Shelf) -> list[str]:
    found: set[str] = set()
    for (text,) in shelf.documents.database.run(
        "SELECT text FROM chunks WHERE kind = 'code' AND instr(text, 'import ') > 0"
    ):
        found |= imported_in(text)
    return sorted(found)
