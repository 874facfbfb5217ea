"""Installed packages and their versions, read from the folders that they lie in; for any environment, not only ours.

A folder is read again when it has changed: installing or removing a package changes it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_METADATA: Final = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-.*)?\.(?:dist|egg)-info")
_lock: Final = threading.Lock()
_read: Final[dict[tuple[str, int], Installed]] = {}


class Distribution(NamedTuple):
    """An installed distribution."""

    name: str
    version: str


class Installed:
    """The distributions of one folder (site-packages)."""

    def __init__(self, folder: Path) -> None:
        self._metadata: dict[str, tuple[Distribution, Path]] = {}
        for entry in sorted(folder.iterdir()):
            if found := _METADATA.fullmatch(entry.name):
                name = found["name"].replace("_", "-")
                self._metadata[_plain(name)] = (Distribution(name, found["version"]), entry)
        self._owners: dict[str, Distribution] | None = None

    @classmethod
    def of(cls, folder: Path) -> Installed | None:
        """Return what is installed in a folder; None if it cannot be read."""
        try:
            key = (str(folder), folder.stat().st_mtime_ns)
            with _lock:
                if key not in _read:
                    _read[key] = cls(folder)
                return _read[key]
        except OSError:
            return None

    def version(self, name: str) -> str:
        """Return the version of a distribution; empty if it is not there."""
        found = self._metadata.get(_plain(name))
        return found[0].version if found is not None else ""

    def owner(self, top: str) -> Distribution | None:
        """Return the distribution that a top-level module belongs to."""
        # Most have their module's name; only for the others all lists of files have to be read.
        if (found := self._metadata.get(_plain(top))) is not None:
            return found[0]
        if self._owners is None:
            self._owners = {name: one for one, folder in self._metadata.values() for name in _tops(folder)}
        return self._owners.get(top)


def _plain(name: str) -> str:
    """A name as packages are compared by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _tops(metadata: Path) -> Iterator[str]:
    """The top-level modules of a distribution, by its own list of them or of its files."""
    try:
        yield from (metadata / "top_level.txt").read_text(encoding="utf-8").split()
        return
    except (OSError, ValueError):
        pass
    try:
        recorded = (metadata / "RECORD").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    firsts = {line.partition(",")[0].split("/")[0] for line in recorded.splitlines()}
    yield from {first.partition(".")[0] for first in firsts if not first.endswith((".dist-info", ".data", ".."))}
