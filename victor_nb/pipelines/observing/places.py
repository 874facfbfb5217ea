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
        given = os.path.normpath(project.absolute())
        # Kernels know where they run by the folder's real path, whatever links lead to it.
        self.project = Path(os.path.realpath(given))
        self._below, self._alias = str(self.project) + os.sep, given + os.sep
        self._installed: set[str] = {str(Path(__file__).parents[2]) + os.sep}  # ours: it has a version
        home, temporary = str(Path.home()), os.path.realpath(tempfile.gettempdir())
        self._hidden_at_home = os.path.join(home, ".") if home != os.sep else os.devnull
        self._elsewhere = tuple(name + os.sep for name in (*_OF_THE_SYSTEM, temporary, tempfile.gettempdir()))
        self.counts = lru_cache(None)(self._counts)

    def add_installed(self, folders: Iterable[str]) -> None:
        """Take note of folders whose files belong to Python or to installed packages."""
        self._installed.update(folder.rstrip(os.sep) + os.sep for folder in folders)
        self.counts.cache_clear()

    def whole(self, path: str) -> str:
        """Return an absolute path without detours; links in the project are kept, what they lead to may change."""
        path = os.path.normpath(path)
        return self._below + path[len(self._alias) :] if path.startswith(self._alias) else path

    def shown(self, path: str) -> str:
        """Return a path as it is kept: relative to the project where it lies in it, and always a text that is one."""
        shown = Path(path).relative_to(self.project).as_posix() if self.is_below(path) else path
        return shown.encode("utf-8", "backslashreplace").decode()  # names of files may be any bytes

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
