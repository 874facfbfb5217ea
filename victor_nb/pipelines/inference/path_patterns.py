"""Paths and globs as nodes declare them: brought to one form, compared with each other. No file is looked at.

A glob has `*` and `?` within a part of a path, `**` for any parts, and `[…]`. A path also stands for all that is below
it, so that a node which writes `models` writes what another reads as `models/ridge.pkl`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final, Generic, TypeVar

Owner = TypeVar("Owner")

ANY_PART: Final = "*"
ANY_PARTS: Final = "**"
_WILD: Final = re.compile(r"[*?\[]")
_PIECE: Final = re.compile(r"\[[^\]/]+\]|.", re.DOTALL)


def is_glob(path: str) -> bool:
    """Return whether a path stands for several."""
    return _WILD.search(path) is not None


def is_remote(path: str) -> bool:
    """Return whether a path is an address, such as s3://…, which is compared as it is written."""
    return "://" in path


def in_one_form(path: str, folder: Path) -> str:
    """Return a path as others are compared with it: relative to the folder where it is below it, with slashes."""
    if is_remote(path):
        return path
    written = path if "/" in path else PurePath(path).as_posix()  # a backslash is a slash on Windows only
    if posixpath.isabs(written):
        beginning = f"{posixpath.normpath(folder.absolute().as_posix())}/"
        written = posixpath.normpath(written)
        return written[len(beginning) :] if written.startswith(beginning) else written
    return posixpath.normpath(written)


def meet(one: str, other: str) -> bool:
    """Return whether there is a path that both stand for, or that one stands for and that lies below the other."""
    if not is_glob(one) and not is_glob(other):
        return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
    left, right = one.split("/"), other.split("/")
    return any(
        _meet(a, b, ANY_PARTS, _parts_meet)
        for a, b in ((left, right), ([*left, ANY_PARTS], right), (left, [*right, ANY_PARTS]))
    )


def is_same(one: str, other: str) -> bool:
    """Return whether both surely stand for one path: they are equal, or one is a path that the other stands for."""
    if one == other:
        return True
    if is_glob(one) and is_glob(other):
        return False
    return (is_glob(one) or is_glob(other)) and _meet(one.split("/"), other.split("/"), ANY_PARTS, _parts_meet)


def _parts_meet(one: str, other: str) -> bool:
    if not is_glob(one) and not is_glob(other):
        return one == other
    return _meet(_PIECE.findall(one), _PIECE.findall(other), ANY_PART, _characters_meet)


def _characters_meet(one: str, other: str) -> bool:
    if "?" in (one, other) or (len(one) > 1 and len(other) > 1):
        return True
    return fnmatchcase(one, other) if len(other) > 1 else fnmatchcase(other, one) if len(one) > 1 else one == other


def _meet(left: Sequence[str], right: Sequence[str], star: str, one_meets: Callable[[str, str], bool]) -> bool:
    """Return whether two patterns, in which `star` is any number of whatever, have something in common."""
    below = [all(piece == star for piece in right[column:]) for column in range(len(right) + 1)]
    for piece in reversed(left):
        row = [*([False] * len(right)), piece == star and below[-1]]
        for column in range(len(right) - 1, -1, -1):
            if star in (piece, right[column]):
                # Either the star ends here, or it takes what stands across from it.
                row[column] = below[column] or row[column + 1]
            else:
                row[column] = below[column + 1] and one_meets(piece, right[column])
        below = row
    return below[0]


class PathIndex(Generic[Owner]):
    """Who has which path: tells who has one that meets another, without comparing each with each."""

    def __init__(self) -> None:
        self._at: dict[str, list[tuple[Owner, str]]] = {}
        self._below: dict[str, list[tuple[Owner, str]]] = {}
        self._globs: list[tuple[Owner, str]] = []

    def add(self, path: str, owner: Owner) -> None:
        """Take one path in."""
        if is_glob(path):
            self._globs.append((owner, path))
            return
        self._at.setdefault(path, []).append((owner, path))
        for above in _above(path):
            self._below.setdefault(above, []).append((owner, path))

    def meeting(self, path: str) -> Iterator[tuple[Owner, str]]:
        """Yield the owners of paths that meet this one, each with its path."""
        if is_glob(path):
            yield from (one for all_at in self._at.values() for one in all_at if meet(one[1], path))
        else:
            for above in (path, *_above(path)):
                yield from self._at.get(above, ())
            yield from self._below.get(path, ())
        yield from (one for one in self._globs if meet(one[1], path))


def _above(path: str) -> Iterator[str]:
    while (cut := path.rfind("/")) > 0:
        path = path[:cut]
        yield path
