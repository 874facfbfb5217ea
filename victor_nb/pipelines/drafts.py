"""Files on their way: written beside their place, or in a folder for drafts, and put there at one stroke.

1. A draft is named after the process that writes it, so that what a killed process has left is known as such at once.
2. Of processes on other machines, or in other containers, only the age of a draft tells that nobody writes it any more.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from victor_nb.pipelines.globbing import globbed

ENDING: Final = ".part"
LEFT_AFTER_S: Final = 3600.0
"""A draft that was not changed for so long has been left, whoever wrote it."""


@contextmanager
def draft_of(target: Path, folder: Path | None = None) -> Iterator[Path]:
    """Give a path to write to; at the end it takes the target's place, or is removed if anything was raised.

    Args:
        folder: where it is written, on the same disk; by default beside the target.

    Raises: OSError if a folder cannot be made, or the target cannot be replaced.
    """
    place = folder or target.parent
    for needed in (target.parent, place):
        needed.mkdir(parents=True, exist_ok=True)
    draft = place / f".{uuid.uuid4().hex[:12]}.{_system()}.{os.getpid()}{ENDING}"
    try:
        yield draft
        os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def write_whole(path: Path, content: bytes, folder: Path | None = None) -> None:
    """Write a file so that nobody ever sees half of it, whoever else writes it and whenever this process ends."""
    with draft_of(path, folder) as draft:
        draft.write_bytes(content)


def sweep(folder: Path, pattern: str = "") -> int:
    """Remove the drafts in a folder that nobody writes any more; return how many bytes they had.

    Args:
        pattern: of folders below it that are looked into too, such as "**/".
    """
    freed = 0
    for path in globbed(folder, f"{pattern}.*{ENDING}"):
        with suppress(OSError):  # somebody else was faster
            found = path.stat()
            if _is_left(path.name, found.st_mtime):
                path.unlink()
                freed += found.st_size
    return freed


def _is_left(name: str, changed: float) -> bool:
    if changed < time.time() - LEFT_AFTER_S:
        return True
    match name.split("."):
        case ["", _, system, pid, _] if system == _system() and pid.isdecimal():
            return not _is_writing(int(pid), changed)
    return False


def _is_writing(pid: int, changed: float) -> bool:
    """Whether a process lives that was there when the draft was changed last: numbers are given again."""
    import psutil

    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= changed + 1)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


@cache
def _system() -> str:
    """Where the numbers of processes mean something: this machine, and in it this container."""
    try:
        inside = os.readlink("/proc/self/ns/pid")
    except OSError:
        inside = ""
    return blake2b(f"{platform.node()} {inside}".encode(), digest_size=6).hexdigest()
