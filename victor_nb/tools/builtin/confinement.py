"""Confinement: paths that a model names, opened without leaving one folder.

1. A path is resolved first, symbolic links and all; what it resolves to must lie inside the root. A link inside
   the root to another place inside it is fine.
2. Then the resolved path is opened part by part from the root's own descriptor, following no link at all. If
   somebody swaps a folder for a link between the two, opening fails instead of escaping. (Where the system has
   no such calls, on Windows, the opened file's real place is compared once more.)
3. Hidden files and files that look like secrets do not exist here, under any name that leads to them.
4. Only regular files are read and written; a pipe or a device is refused without waiting for it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Final

from victor_nb.tools.errors import ToolArgumentError, ToolRefused

HAS_DIRECTORY_DESCRIPTORS: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

_SECRET: Final = re.compile(
    r"^(?:id_(?:rsa|dsa|ecdsa|ed25519).*|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|env)"
    r"|.*\.env\..*|env|.*credentials?(?:\..*)?|secrets?(?:\..*)?|.*[._-]secrets?(?:\..*)?|passwords?(?:\..*)?"
    r"|service[_-]account.*\.json|_?netrc|htpasswd)$",
    re.IGNORECASE,
)
_FLAGS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_ENTER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _FLAGS
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _FLAGS
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS


def is_private(part: str) -> bool:
    """Answer whether one part of a path is hidden or looks like a secret."""
    return part.startswith(".") or bool(_SECRET.match(part))


class Confined:
    """A folder, and the files below it."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser().resolve()

    def resolve(self, path: str) -> Path:
        """Return the real place of a path, relative or absolute; it need not exist.

        Raises:
            ToolRefused: it lies outside the root, or is hidden or secret.
            ToolArgumentError: it is no path.
        """
        if "\0" in path or not path.strip():
            raise ToolArgumentError.at("path", f"{path[:100]!r} is no path")
        try:
            real = (self.root / path).resolve()
        except (OSError, RuntimeError, ValueError) as failure:
            raise ToolArgumentError.at("path", f"{path[:200]!r} cannot be resolved: {failure}") from failure
        if not real.is_relative_to(self.root):
            raise ToolRefused(f"{path[:200]!r} lies outside the project folder", str(self.root), "use a path inside it")
        self._check_public(real, path)
        return real

    def _resolve_file(self, path: str) -> Path:
        real = self.resolve(path)
        if real == self.root:
            raise ToolRefused(f"{path[:200]!r} is the project folder itself", hint="name a file in it")
        return real

    def _check_public(self, real: Path, path: str) -> None:
        asked = (part for part in PurePath(path).parts if part not in ("..", "."))
        inside = asked if not PurePath(path).is_absolute() else iter(())
        for part in [*real.relative_to(self.root).parts, *inside]:
            if is_private(part):
                raise ToolRefused(
                    f"{path[:200]!r} is hidden or may hold secrets ({part!r})",
                    hint="such files are never opened by tools",
                )

    def relative(self, real: Path) -> str:
        """Return a path as it is shown: from the root, with forward slashes."""
        return real.relative_to(self.root).as_posix()

    @contextmanager
    def _folder(self, real: Path, *, create: bool = False) -> Iterator[int]:
        """Open a folder below the root part by part, following no link; make missing ones if asked to."""
        descriptor = os.open(self.root, _ENTER & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            for part in real.relative_to(self.root).parts:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=descriptor)
                inner = os.open(part, _ENTER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def open_file(self, path: str) -> int:
        """Return a descriptor for reading a regular file; the caller closes it.

        Raises:
            ToolRefused: the path leaves the root, is private, or is no regular file.
            ToolArgumentError: there is no such file, or it cannot be opened.
        """
        real = self._resolve_file(path)
        with _explained(path):
            if HAS_DIRECTORY_DESCRIPTORS:
                with self._folder(real.parent) as folder:
                    descriptor = os.open(real.name, _READ, dir_fd=folder)
            else:
                descriptor = os.open(real, _READ)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ToolRefused(f"{path[:200]!r} is no regular file")
            if not HAS_DIRECTORY_DESCRIPTORS:
                self._check_unmoved(real, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check_unmoved(self, real: Path, descriptor: int) -> None:
        if real.resolve() != real or not os.path.samestat(os.fstat(descriptor), os.stat(real)):
            raise ToolRefused(f"{self.relative(real)!r} was moved while it was opened")

    def write_file(self, path: str, content: bytes) -> bool:
        """Replace or create a file in one motion: readers see the old content or the new; True if it is new.

        Missing folders are made. An existing file keeps its permissions.

        Raises:
            ToolRefused: the path leaves the root, is private, or is no regular file.
            ToolArgumentError: it cannot be written.
        """
        real = self._resolve_file(path)
        with _explained(path):
            if not HAS_DIRECTORY_DESCRIPTORS:
                return self._write_by_path(real, content)
            with self._folder(real.parent, create=True) as folder:
                return _replace(folder, real.name, content, path)

    def _write_by_path(self, real: Path, content: bytes) -> bool:
        real.parent.mkdir(parents=True, exist_ok=True)
        if real.resolve() != real:
            raise ToolRefused(f"{self.relative(real)!r} was moved while it was opened")
        mode = _mode_of(real, None, str(real))
        draft = real.with_name(_draft_name(real.name))
        _write_new(os.open(draft, _CREATE, 0o666), content, mode)
        os.replace(draft, real)
        return mode is None


def _replace(folder: int, name: str, content: bytes, path: str) -> bool:
    """Write a draft beside the file and rename it over the file; the draft is gone whatever happens."""
    mode = _mode_of(name, folder, path)
    draft = _draft_name(name)
    descriptor = os.open(draft, _CREATE, 0o666, dir_fd=folder)
    try:
        _write_new(descriptor, content, mode)
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)
        raise
    return mode is None


def _mode_of(name: str | Path, folder: int | None, path: str) -> int | None:
    """Return the permissions of a file that will be replaced; None if there is none.

    Raises:
        ToolRefused: it is a folder, a pipe, a device.
    """
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ToolRefused(f"{path[:200]!r} is no regular file")
    return stat.S_IMODE(found.st_mode)


def _write_new(descriptor: int, content: bytes, mode: int | None) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), mode)


def _draft_name(name: str) -> str:
    return f".{name[:200]}.{secrets.token_hex(6)}.draft"


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Translate what the system says about a path into an error for whoever named it."""
    try:
        yield
    except OSError as failure:
        reason = os.strerror(failure.errno) if failure.errno else str(failure)
        raise ToolArgumentError.at(
            "path", f"{path[:200]!r}: {reason}", hint="list_files shows what there is"
        ) from failure
