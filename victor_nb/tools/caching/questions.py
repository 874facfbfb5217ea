"""Questions about files (is it there, how large is it, where does the link lead), of which Python tells no audit hook.

1. While somebody listens, and only then, `os.stat` and its like are functions of ours that tell, then do what they did.
2. Ending puts back the very functions that were there. One that somebody else replaced meanwhile is left alone.
3. Whether only the existence was asked for, the asker tells: a file's size and time are not part of that answer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from types import BuiltinFunctionType, FrameType
from typing import Any, Final

Listener = Callable[[str, Any, Any], None]
"""Is told the kind of question (a key of `files.LOOKS`), the path, and the descriptor of the folder it counts from."""

_ABOUT_EXISTENCE: Final = frozenset({
    "exists", "isfile", "isdir", "is_file", "is_dir", "lexists", "islink", "is_symlink", "ismount", "is_mount",
    "is_junction", "isjunction", "realpath", "_joinrealpath", "resolve", "samefile", "_exists", "_lexists", "_isdir",
    "rglob", "glob", "_iterate_directories", "_is_child_selector", "mkdir", "makedirs",
})  # fmt: skip
_ASKERS: Final = frozenset({"genericpath", "posixpath", "ntpath", "os", "pathlib", "pathlib._local", "pathlib._abc",
                            "pathlib.types", "glob", "tempfile"})  # fmt: skip
_SUPPORT: Final = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks", "supports_effective_ids")
_CALLS_UP: Final = 4


class Questions:
    """The functions of `os` that are asked about files, passing through a listener."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._replaced: list[tuple[Any, str, Any, Any]] = []

    def begin(self) -> None:
        """Begin to listen."""
        for place, name, kind_of in _ASKED:
            original = getattr(place, name, None)
            if original is not None:
                ours = self._telling(original, kind_of)
                setattr(place, name, ours)
                _support(original, ours)
                self._replaced.append((place, name, original, ours))

    def end(self) -> None:
        """Put back what was there."""
        while self._replaced:
            place, name, original, ours = self._replaced.pop()
            if getattr(place, name) is ours:
                setattr(place, name, original)
            for support in _SUPPORT:
                getattr(os, support, set()).discard(ours)

    def _telling(self, original: Callable[..., Any], kind_of: Callable[..., str]) -> Callable[..., Any]:
        listener = self._listener

        @wraps(original)
        def ask(path: Any, *args: Any, **kwargs: Any) -> Any:
            listener(kind_of(*args, **kwargs), path, kwargs.get("dir_fd"))
            return original(path, *args, **kwargs)

        return ask


def _support(original: Any, ours: Any) -> None:
    """Let `os.stat in os.supports_fd`, which `shutil` asks, be answered as before."""
    for name in _SUPPORT:
        supporting: set[Any] = getattr(os, name, set())
        if original in supporting:
            supporting.add(ours)


def _of_stat(*_: object, follow_symlinks: bool = True, **__: object) -> str:
    if _is_about_existence(sys._getframe(2)):
        return "there" if follow_symlinks else "link"
    return "status" if follow_symlinks else "link status"


def _of_lstat(*_: object, **__: object) -> str:
    return "link" if _is_about_existence(sys._getframe(2)) else "link status"


def _of_access(mode: int, **_: object) -> str:
    return f"may:{mode}"


def _is_about_existence(asker: FrameType | None) -> bool:
    for _ in range(_CALLS_UP):
        if asker is None or asker.f_globals.get("__name__") not in _ASKERS:
            return False
        if asker.f_code.co_name in _ABOUT_EXISTENCE:
            return True
        asker = asker.f_back
    return False


_ASKED: Final[list[tuple[Any, str, Callable[..., str]]]] = [
    (os, "stat", _of_stat),
    (os, "lstat", _of_lstat),
    (os, "fstat", lambda *_, **__: "status"),
    (os, "access", _of_access),
    (os, "readlink", lambda *_, **__: "link"),
    # Some of these are written in C, on some systems and in some versions, and ask nobody else.
    *(
        (os.path, name, lambda *_, kind=kind, **__: kind)
        for name, kind in (("exists", "there"), ("isfile", "there"), ("isdir", "there"), ("islink", "link"))
        if isinstance(getattr(os.path, name), BuiltinFunctionType)
    ),
]
