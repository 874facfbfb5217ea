"""Searches for files: folders that were listed and patterns that were looked for, as what they found.

A new file in a folder that a notebook goes through is as good as a changed one. What the run made itself is left out.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Container, Iterable
from typing import Final

from victor_nb.pipelines.caching.source import text_hash
from victor_nb.pipelines.observing.places import Places

MOST_NAMES: Final = 100_000
_SEPARATOR: Final = "\t"


class Searches:
    """What was searched in one run."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lists: dict[str, str] = {}  # folder -> "list" or "scan"
        self._globs: dict[tuple[str, str], None] = {}

    def add(self, kind: str, folder: str, pattern: str = "") -> None:
        """Take note of a search; those outside of what counts are dropped."""
        folder = self._places.whole(os.path.join(folder, _fixed(pattern)))
        if not self._places.counts(os.path.join(folder, "x")):
            return
        if kind == "glob":
            self._globs[folder, pattern[len(_fixed(pattern)) :]] = None
        elif self._lists.get(folder) != "list":
            self._lists[folder] = kind

    def found(self, written: Iterable[str]) -> dict[str, str]:
        """Return each search with the hash of what it finds now."""
        own = frozenset(written)
        names = [_name(self._places, folder, pattern) for folder, pattern in self._globs]
        for folder, kind in self._lists.items():
            # A search by pattern looks into folders, which is not asked for by itself.
            if kind == "list" or not any(_is_in(folder, base) for base, _ in self._globs):
                names.append(_name(self._places, folder, ""))
        return {name: search_again(name, self._places, own) for name in sorted(names)}


def search_again(name: str, places: Places, own: Container[str]) -> str:
    """Return the hash of what a search finds now, without files of `own`; empty if the folder is gone."""
    folder, _, pattern = name.partition(_SEPARATOR)
    whole = os.path.join(places.project, folder)
    try:
        found = glob.glob(pattern, root_dir=whole, recursive=True) if pattern else os.listdir(whole)
    except OSError:
        return ""
    kept = [
        one
        for one in found[:MOST_NAMES]
        if places.counts(path := places.whole(os.path.join(whole, one))) and places.shown(path) not in own
    ]
    return text_hash("\n".join(sorted(one for one in kept if not one.startswith("."))))


def shown_search(name: str) -> str:
    """Return a search in words: "data/" or "data/*.csv"."""
    folder, _, pattern = name.partition(_SEPARATOR)
    return f"{folder.rstrip('/')}/{pattern}" if folder != "." else pattern or "./"


def _name(places: Places, folder: str, pattern: str) -> str:
    shown = "." if folder == str(places.project) else places.shown(folder)
    return f"{shown}{_SEPARATOR}{pattern}" if pattern else shown


def _fixed(pattern: str) -> str:
    """The folders at the beginning of a pattern that are no pattern."""
    parts = pattern.split("/")
    fixed = 0
    while fixed < len(parts) - 1 and not glob.has_magic(parts[fixed]):
        fixed += 1
    return "/".join(parts[:fixed]) + "/" if fixed else ""


def _is_in(folder: str, base: str) -> bool:
    return folder == base or folder.startswith(base.rstrip(os.sep) + os.sep)
