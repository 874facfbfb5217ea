"""Snapshots: now and then the whole position is written, so that resuming a long run does not read all of its past.

1. What a superstep costs on disk is what it changed. A snapshot is written only when the changes since the last one
   are worth it: together with all snapshots a run never takes more than half again of its changes.
2. A long value is a blob named by its content: a value that did not change since the input, or since the last
   snapshot, is not written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ..journal import Redactor
from ..journal.codec import Writer
from ..journal.log import Entry
from .position import Position, to_json

SNAPSHOT: Final = "state.snapshot"
EVERY: Final = 1_000
"""Nodes after which a snapshot is worth while even of small changes."""
LEAST_BYTES: Final = 256 * 1024


class Snapshots:
    """Decides when a snapshot is due, and writes it down.

    Args:
        raw_request: of the run; the long values that it refers to are there already.
    """

    def __init__(self, redactor: Redactor, raw_request: bytes = b"") -> None:
        self._redactor = redactor
        self._known = raw_request
        self._changes = self._bytes = 0
        self._next_bytes = LEAST_BYTES

    def after(self, position: Position, entries: Sequence[Entry], name: str = "") -> Entry | None:
        """Return a snapshot of the position, if the events written since the last one are worth it.

        Args:
            name: the step after which the workflow asks for one.
        """
        self._changes += len(entries)
        for entry in entries:
            self._bytes += len(entry.raw)
            for content in entry.blobs.values():
                self._bytes += len(content)
        if not name and ((self._changes < EVERY and self._bytes < self._next_bytes) or not position.due):
            return None
        writer = Writer(self._redactor)
        written: dict[str, Any] = {**to_json(position), "state": shared(writer, position.values)}
        raw = writer.body(written)
        size = len(raw) + sum(
            len(content) for known, content in writer.blobs.items() if known.encode() not in self._known
        )
        if not name and size > self._bytes // 2:
            self._changes, self._next_bytes = 0, 2 * size
            return None
        self._changes = self._bytes = 0
        self._next_bytes = max(LEAST_BYTES, 2 * size)
        return Entry(SNAPSHOT, raw, name, blobs=writer.blobs)


def snapshot_of(redactor: Redactor, position: Position) -> Entry:
    """A snapshot of a position, whatever it is worth."""
    writer = Writer(redactor)
    raw = writer.body({**to_json(position), "state": shared(writer, position.values)})
    return Entry(SNAPSHOT, raw, blobs=writer.blobs)


def shared(writer: Writer, values: Mapping[str, Any]) -> msgspec.Raw:
    """Values as the journal keeps them, each long one as a blob of its own; their order is kept.

    Raises:
        Unstorable: one of them cannot be written down.
    """
    return msgspec.Raw(writer.body(dict(values)))
