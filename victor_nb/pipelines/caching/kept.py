"""Contents kept by their hash: outputs of nodes, and values too long for an entry.

1. A content is stored once, whoever stores it and however often; it is whole or not there.
2. A copy is kept, never a link: what a notebook does to its output later must not reach what is kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from victor_nb.errors import VictorError
from victor_nb.journal.sizes import bytes_below
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.drafts import draft_of, sweep, write_whole
from victor_nb.pipelines.folders import DRAFTS


class KeptLost(VictorError):
    """What was kept is gone or damaged."""


class Kept:
    """A folder of contents."""

    def __init__(self, folder: Path, hashes: Hashes) -> None:
        self._folder, self._hashes, self._drafts = folder, hashes, folder / DRAFTS

    def path(self, digest: str) -> Path:
        """Where a content is, or would be."""
        return self._folder / digest[:2] / digest

    def keep(self, source: Path) -> str:
        """Keep a copy of a file; return its hash.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        digest = self._hashes.content(source)
        if not self._is_kept_anew(digest):
            _copied(source, self.path(digest), self._drafts)
        return digest

    def put(self, content: bytes) -> str:
        """Keep bytes; return their hash."""
        digest = blake2b(content, digest_size=16).hexdigest()
        if not self._is_kept_anew(digest):
            write_whole(self.path(digest), content, self._drafts)
        return digest

    def _is_kept_anew(self, digest: str) -> bool:
        """Whether a content is here already; then it counts as kept just now, so that nobody sweeps it away."""
        if not self.is_whole(digest):
            return False
        with suppress(OSError):  # another user's, who may not let us
            os.utime(self.path(digest))
        return self.path(digest).exists()

    def get(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            KeptLost: it is gone, or is not what was kept.
        """
        try:
            content = self.path(digest).read_bytes()
        except OSError as failure:
            raise KeptLost(f"the kept content {digest} is gone", str(self._folder)) from failure
        if blake2b(content, digest_size=16).hexdigest() != digest:
            raise KeptLost(f"the kept content {digest} is damaged", str(self._folder))
        return content

    def is_whole(self, digest: str) -> bool:
        """Whether a content is here, and is what was kept."""
        return self.is_content_of(self.path(digest), digest)

    def is_content_of(self, path: Path, digest: str) -> bool:
        """Whether a file has a content."""
        try:
            return self._hashes.content(path) == digest
        except OSError:
            return False

    def restore(self, digest: str, target: Path) -> None:
        """Make `target` a file with a kept content; where it is a link, what it leads to.

        Raises:
            KeptLost: the content is gone, or is not what was kept.
            OSError: it cannot be written.
        """
        source = self.path(digest)
        if not self.is_whole(digest):
            raise KeptLost(f"the kept content {digest} is gone or damaged", str(self._folder))
        place = Path(os.path.realpath(target))
        if place.parent.is_dir():
            sweep(place.parent)  # of an attempt that was killed
        try:
            _copied(source, place)
        except FileNotFoundError as failure:
            if source.exists():
                raise
            raise KeptLost(f"the kept content {digest} is gone", str(self._folder)) from failure

    def bytes(self) -> int:
        """How many bytes are kept."""
        return bytes_below(self._folder)

    def sweep(self, used: Container[str], before: float) -> int:
        """Delete what is not in use; return how many bytes that were.

        Args:
            before: seconds since the epoch; what was kept later stays, because its entry may be on its way.
        """
        freed = 0
        for path in list(self._paths()):
            if path.name not in used:
                freed += removed(path, before)
        return freed

    def _paths(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from self._folder.glob("[0-9a-f][0-9a-f]/[!.]*")


def removed(path: Path, before: float) -> int:
    """Delete a file that was last changed before a time; return how many bytes it had, 0 for one that stays."""
    try:
        stat = path.stat()
        if stat.st_mtime >= before:
            return 0
        path.unlink()
    except FileNotFoundError:  # somebody else was faster
        return 0
    return stat.st_size


def _copied(source: Path, target: Path, drafts: Path | None = None) -> None:
    with draft_of(target, drafts) as draft:
        shutil.copyfile(source, draft)
        shutil.copymode(source, draft)
