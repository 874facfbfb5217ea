"""Which files count as a notebook's inputs, by where they lie, and how their paths are shown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import source_from_cache
from pathlib import Path
from typing import Final

_OF_THE_SYSTEM: Final = (
    "/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/cache",
    "/Library", "/System", "C:\\Windows", "C:\\Program Files",
)  # fmt: skip
_OF_TOOLS: Final = frozenset({".git", ".ipynb_checkpoints", ".victor", "__pycache__"})


class Places:
    """Where the project lies, and what lies elsewhere.

    Args:
        project: the pipeline's folder.
    """

    def __init__(self, project: Path) -> None:
        self.project = Path(os.path.normpath(project.absolute()))
        self._below = str(self.project) + os.sep
        self._installed: set[str] = {str(Path(__file__).parents[1]) + os.sep}  # ours: it has a version
        home, temporary = str(Path.home()), os.path.realpath(tempfile.gettempdir())
        self._hidden_at_home = os.path.join(home, ".") if home != os.sep else os.devnull
        self._elsewhere = tuple(name + os.sep for name in (*_OF_THE_SYSTEM, temporary, tempfile.gettempdir()))
        self.counts = lru_cache(None)(self._counts)

    def add_installed(self, folders: Iterable[str]) -> None:
        """Take note of folders whose files belong to Python or to installed packages."""
        self._installed.update(folder.rstrip(os.sep) + os.sep for folder in folders)
        self.counts.cache_clear()

    def whole(self, path: str) -> str:
        """Return an absolute path without detours; links are kept, because what they lead to may change."""
        return os.path.normpath(path)

    def shown(self, path: str) -> str:
        """Return a path as it is kept: relative to the project where it lies in it."""
        return Path(path).relative_to(self.project).as_posix() if self.is_below(path) else path

    def is_below(self, path: str) -> bool:
        """Whether a file lies in the project."""
        return path.startswith(self._below)

    def source_of(self, path: str) -> tuple[str, bool]:
        """Return the source of a compiled module, else the path itself; and whether it is a module."""
        if path.endswith(".pyc"):
            try:
                return source_from_cache(path), True
            except ValueError:
                return path, False
        return path, path.endswith((".py", ".pyw"))

    def _counts(self, path: str) -> bool:
        if path.startswith(tuple(self._installed)):
            return False
        if self.is_below(path):
            return _OF_TOOLS.isdisjoint(path[len(self._below) :].split(os.sep))
        return not path.startswith((*self._elsewhere, self._hidden_at_home))
