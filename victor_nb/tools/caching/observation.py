"""An observation: what one call looked at while it ran, and what it did that cannot be seen through.

1. A thing is looked at when the call first does, before the call itself can: what is different at the end changed in
   between, and then nobody knows what the call saw.
2. What the call made itself is none of its inputs, and is no reason against it if it is gone at the end.
3. Safe comes before exact: one dependency too many costs a call, one too few would be a lie.
"""

from __future__ import annotations

import os
import site
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.util import source_from_cache
from pathlib import Path
from typing import Final, NamedTuple

from victor_nb.tools.caching.files import UNSETTLED, Seen, glance, is_same, look
from victor_nb.tools.caching.rules import Unseen

MOST_SEEN: Final = 20_000
"""A call that looks at more than this is done again instead: looking at it all again would take as long."""

_LIVE: Final = (b"/proc/", b"/sys/", b"/dev/")
_AT_REST: Final = (b"/dev/null", b"/dev/shm/")
_COMPILED: Final = b"__pycache__"
_OURS: Final = str(Path(__file__).parents[2])


class Report(NamedTuple):
    """What a call depended on.

    Attributes:
        seen: what its result was made from.
        reasons: why that is not all, by what would have to be trusted; empty if the result can be kept.
    """

    seen: tuple[Seen, ...]
    reasons: dict[str, str]


class Observation:
    """What happens in one call.

    Args:
        home: the folder of our own files, whose listings are nobody's data.
    """

    def __init__(self, home: Path) -> None:
        self._home = os.fsencode(home) + b"/"
        self._contents: dict[bytes, Seen] = {}
        self._others: dict[tuple[str, bytes], Seen] = {}
        self._reasons: dict[str, str] = {}
        self._existed: dict[bytes, bool] = {}  # what was changed, and whether it was there before
        self.is_over = False

    def read(self, path: bytes) -> None:
        """A file's content is about to be read."""
        path = _source_of(path)
        if path.startswith(_LIVE) and not path.startswith(_AT_REST):
            self.cannot_see("system", f"it read {os.fsdecode(path)!a}, which is never at rest")
        elif path not in self._contents and self._counts(path):
            self._contents[path] = glance(path)

    def asked(self, kind: str, path: bytes) -> None:
        """Something else than a file's content is about to be asked for; `kind` as in `files.LOOKS`."""
        if (kind, path) in self._others or not self._counts(path) or path.startswith(_LIVE):
            return
        if kind in ("names", "types", "entries") and (path + b"/").startswith(self._home):
            return
        self._others[kind, path] = look(kind, path)

    def changed(self, path: bytes) -> None:
        """A file or folder is about to be made, changed or removed."""
        if path not in self._existed and _COMPILED not in path and _is_data(path) and not path.startswith(_LIVE):
            self._existed[path] = os.path.lexists(path)

    def cannot_see(self, what: Unseen, reason: str) -> None:
        """The call did something whose outcome has unknown causes."""
        self._reasons.setdefault(what, reason)

    def include(self, inner: Report) -> None:
        """The call made another one, or used its result: what that one was made from, this one is, too."""
        for one in inner.seen:
            if one.kind == "content":
                self._contents.setdefault(one.path, one)
            else:
                self._others.setdefault((one.kind, one.path), one)
        for what, reason in inner.reasons.items():
            self._reasons.setdefault(what, reason)

    def finish(self) -> Report:
        """End the observation and say what it found."""
        self.is_over = True
        for path, existed in list(self._existed.items()):
            if existed or os.path.lexists(path):
                self.cannot_see("writes", f"it wrote {os.fsdecode(path)!a}")
        if len(self._contents) + len(self._others) > MOST_SEEN:
            self._reasons["changes"] = f"it looked at more than {MOST_SEEN:,} files"
            return Report((), self._reasons)
        return Report(tuple(self._settled()), self._reasons)

    def _settled(self) -> Iterator[Seen]:
        for first in [*self._contents.values(), *self._others.values()]:
            now = look(first.kind, first.path)
            if now.state == UNSETTLED or not is_same(first, now):
                self._reasons["changes"] = f"{now.shown} changed while it ran"
            yield now

    def _counts(self, path: bytes) -> bool:
        made = [one for one, existed in list(self._existed.items()) if not existed]
        return _is_data(path) and not any(path == one or path.startswith(one + b"/") for one in made)


def _is_data(path: bytes) -> bool:
    return not path.startswith(_INSTALLED)


def _source_of(path: bytes) -> bytes:
    """The source that a compiled module was made from; the path itself if it is none."""
    if not path.endswith(b".pyc"):
        return path
    try:
        return os.fsencode(source_from_cache(os.fsdecode(path)))
    except ValueError:
        return path


def _installed() -> tuple[bytes, ...]:
    """The folders of Python, of installed packages and of this one, as they are and with links followed."""
    folders: set[str] = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*_site_packages(), _OURS}
    both = {name for folder in folders for name in (folder, os.path.realpath(folder))}
    return tuple(os.fsencode(name.rstrip(os.sep) + os.sep) for name in sorted(both))


def _site_packages() -> Iterable[str]:
    return [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]


def is_installed(path: str) -> bool:
    """Whether a file belongs to Python or to an installed package, which have versions."""
    return os.fsencode(path).startswith(_INSTALLED)


_INSTALLED: Final = _installed()
