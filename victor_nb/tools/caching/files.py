"""What a call saw of a file or folder, and whether it would see the same now.

1. A file is the same while size, inode, device and both of its times are, if it was at rest when it was looked at.
   Else, and always where these marks prove nothing, its content is compared.
2. At rest is what was changed more than `REST_NS` before: a change within one tick of the clock leaves no trace.
   Putting `mtime` back leaves one in `ctime`, which nobody can set.
3. Looking never raises: what cannot be looked at is a state like any other.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from victor_nb.journal.filesystem import is_network

REST_NS: Final = 2_000_000_000  # the coarsest clock of a file system in use (FAT)
ABSENT: Final = "absent"
FOLDER: Final = "a folder"
UNSETTLED: Final = ""
"""The state of what changed while it was looked at; equal to no other."""

OWN_FOLDERS: Final = frozenset({".victor", "__pycache__"})
"""Their own marks do not count where a folder is listed: we and Python write there."""

_CHUNK: Final = 1 << 20
_MOST_NAMES: Final = 1_000_000

Marks = tuple[int, ...]

# The functions of the moment this module is imported: those of `os` tell the observer who asks.
_stat, _lstat, _access, _readlink = os.stat, os.lstat, os.access, os.readlink


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a result depends on.

    Attributes:
        kind: what was looked at; a key of `LOOKS`, after ":" its argument.
        path: absolute, in the file system's own bytes.
        state: what was found.
        marks: of a file whose content is `state` as long as it has them; empty if they prove nothing.
    """

    kind: str
    path: bytes
    state: str
    marks: Marks = ()

    @property
    def shown(self) -> str:
        """The path as a text, whatever its bytes."""
        return self.path.decode("utf-8", "backslashreplace")


def look(kind: str, path: bytes) -> Seen:
    """Look at a path now."""
    if kind == "content":
        return _content(path)
    name, _, argument = kind.partition(":")
    return Seen(kind, path, _state_of(lambda: LOOKS[name](path, argument)))


def look_again(then: Seen) -> Seen:
    """Return the same as it is now; equal states say that nothing changed."""
    if then.marks and _marks_of(then.path) == then.marks:
        return then
    return look(then.kind, then.path)


def glance(path: bytes) -> Seen:
    """Look at a file's content, without reading it if its marks will tell whether it changes."""
    try:
        found = _stat(path)
    except OSError as failure:
        return Seen("content", path, _failed(failure))
    is_file = stat.S_ISREG(found.st_mode)
    return Seen("content", path, UNSETTLED, _marks(found)) if is_file and _is_at_rest(found) else _content(path)


def is_same(glanced: Seen, now: Seen) -> bool:
    """Whether what was looked or glanced at is still what it was."""
    if glanced.state != UNSETTLED:
        return glanced.state == now.state
    return bool(glanced.marks) and glanced.marks == now.marks and now.state != UNSETTLED


def _content(path: bytes) -> Seen:
    try:
        before = _stat(path)
        if not stat.S_ISREG(before.st_mode):
            return Seen("content", path, FOLDER if stat.S_ISDIR(before.st_mode) else f"mode {before.st_mode:o}")
        is_at_rest = _is_at_rest(before)
        state, marks = _hash(path), _marks(before)
        if _marks(_stat(path)) != marks:
            return Seen("content", path, UNSETTLED)
        return Seen("content", path, state, marks if is_at_rest else ())
    except OSError as failure:
        return Seen("content", path, _failed(failure))


def _hash(path: bytes) -> str:
    made = blake2b(digest_size=16)
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            made.update(chunk)
    return made.hexdigest()


def _marks_of(path: bytes) -> Marks:
    try:
        return _marks(_stat(path))
    except OSError:
        return ()


def _marks(found: os.stat_result) -> Marks:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def _is_at_rest(found: os.stat_result) -> bool:
    # On Windows `ctime` is when a file was made; elsewhere it is out of everybody's hands.
    is_old = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > REST_NS
    return is_old and os.name == "posix" and not _is_far(found.st_dev)


@lru_cache(64)
def _is_far(device: int) -> bool:
    """Whether a device is a network's, whose clock is not ours."""
    import psutil

    for mount in psutil.disk_partitions(all=True):
        try:
            if _stat(mount.mountpoint).st_dev == device:
                return is_network(Path(mount.mountpoint))
        except OSError:
            continue
    return False


def _state_of(looking: Callable[[], str]) -> str:
    try:
        return looking()
    except OSError as failure:
        return _failed(failure)
    except ValueError:  # a path with a NUL in it
        return ABSENT


def _failed(failure: OSError) -> str:
    if failure.errno in (errno.ENOENT, errno.ENOTDIR):
        return ABSENT
    return f"error {errno.errorcode.get(failure.errno or 0, 'unknown')}"


def _there(path: bytes, _: str) -> str:
    return _type_of(_stat(path).st_mode)


def _link(path: bytes, _: str) -> str:
    mode = _lstat(path).st_mode
    return f"a link to {os.fsdecode(_readlink(path))!a}" if stat.S_ISLNK(mode) else _type_of(mode)


def _status(path: bytes, _: str) -> str:
    return _told(_stat(path))


def _link_status(path: bytes, _: str) -> str:
    return f"{_link(path, '')} {_told(_lstat(path))}"


def _may(path: bytes, mode: str) -> str:
    return "yes" if _access(path, int(mode)) else "no"


def _names(path: bytes, _: str) -> str:
    return _hashed(os.fsencode(name) for name in os.listdir(path))


def _types(path: bytes, _: str) -> str:
    with os.scandir(path) as entries:
        return _hashed(entry.name + b"\0" + _type_of_entry(entry) for entry in entries)


def _entries(path: bytes, _: str) -> str:
    with os.scandir(path) as entries:
        return _hashed(entry.name + b"\0" + _type_of_entry(entry) + _marks_of_entry(entry) for entry in entries)


def _found(pattern: bytes, _: str) -> str:
    return _hashed(glob.iglob(pattern, recursive=True))


def _told(found: os.stat_result) -> str:
    return f"{found.st_mode:o} {found.st_size} {found.st_mtime_ns}"


def _type_of(mode: int) -> str:
    return "a file" if stat.S_ISREG(mode) else FOLDER if stat.S_ISDIR(mode) else f"mode {stat.S_IFMT(mode):o}"


def _type_of_entry(entry: os.DirEntry[bytes]) -> bytes:
    return _asked(lambda: b"%d" % entry.is_symlink()) + _asked(lambda: b"%d%d" % (entry.is_dir(), entry.is_file()))


def _marks_of_entry(entry: os.DirEntry[bytes]) -> bytes:
    if os.fsdecode(entry.name) in OWN_FOLDERS:
        return b""
    own = _asked(lambda: _told(entry.stat(follow_symlinks=False)).encode())
    return b"%b %b" % (own, _asked(lambda: _told(entry.stat()).encode()) if entry.is_symlink() else b"")


def _asked(question: Callable[[], bytes]) -> bytes:
    try:
        return question()
    except OSError:
        return b"?"


def _hashed(names: Iterable[bytes]) -> str:
    kept = sorted(name for name, _ in zip(names, range(_MOST_NAMES), strict=False))
    return blake2b(b"\n\0".join(kept), digest_size=16).hexdigest() if len(kept) < _MOST_NAMES else UNSETTLED


LOOKS: Final[dict[str, Callable[[bytes, str], str]]] = {
    "there": _there,
    "link": _link,
    "status": _status,
    "link status": _link_status,
    "may": _may,
    "names": _names,
    "types": _types,
    "entries": _entries,
    "found": _found,
}
"""What else than content can be looked at: whether something is there, a link, size and time, a permission, a listing
by names, by types, by sizes and times too, and what a pattern finds."""
