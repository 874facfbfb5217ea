"""Snapshots: now and then the whole position is written, so that resuming a long run does not read all of its past.

1. What a superstep costs on disk is what it changed. A snapshot is written only when the changes since the last one
   are worth it: together with all snapshots a run never takes more than half again of its changes.
2. A long value is a blob named by its content: a value that did not change since the input, or since the last
   snapshot, is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from victor_nb.journal.codec import Writer
from victor_nb.journal.log import Entry
from victor_nb.workflows.control import NOTHING
from victor_nb.workflows.position import Position, to_json
from victor_nb.workflows.stored import Stored

SNAPSHOT: Final = "state.snapshot"
EVERY: Final = 1_000
"""Nodes after which a snapshot is worth while even of small changes."""
LEAST_BYTES: Final = 256 * 1024


class Snapshots:
    """Decides when a snapshot is due, and writes it down.

    Args:
        stored: the long values that are in the journal already.
        begin: the values that were written last: those of the input, or of the snapshot before.
        named: nodes after which the workflow asks for one.
        write: takes the snapshot's event.
    """

    def __init__(
        self,
        stored: Stored,
        begin: Mapping[str, Any],
        named: frozenset[str],
        write: Callable[[Sequence[Entry]], None],
    ) -> None:
        self._stored, self._written, self._named, self._write = stored, begin, named, write
        self._changes = self._bytes = 0
        self._next_bytes = LEAST_BYTES

    def committed(self, done: Position, position: Position, entries: Sequence[Entry]) -> None:
        """Write a snapshot of the position, if the events written since the last one are worth it.

        Args:
            done: the position before it, whose nodes have been run.
            entries: what was written of them.
        """
        if not entries:
            return
        self._changes += len(entries)
        for entry in entries:
            self._bytes += len(entry.raw)
            if entry.blobs:
                self._bytes += sum(map(len, entry.blobs.values()))
        name = self._wanted(done, position) if self._named else ""
        if not name and ((self._changes < EVERY and self._bytes < self._next_bytes) or not position.due):
            return
        size = self._size(position)
        self._next_bytes = max(LEAST_BYTES, 2 * size)
        self._changes = 0
        if not name and size > self._bytes // 2:
            return
        self._bytes, self._written = 0, position.values
        self._write((snapshot_of(self._stored, position, name),))

    def _wanted(self, done: Position, position: Position) -> str:
        """The step after which the workflow asks for a snapshot, if it does."""
        node = next((due.node for due in done.due if due.node in self._named), "")
        return f"{position.superstep}/{node}" if node else ""

    def _size(self, position: Position) -> int:
        """About how many bytes a snapshot would add: encoded without looking for secrets and tags, which is cheap."""
        new = {key: value for key, value in position.values.items() if value is not self._written.get(key, self)}
        return len(_roughly(new)) + len(_roughly([due.arg for due in position.due if due.arg is not NOTHING]))


_roughly: Final = msgspec.json.Encoder(enc_hook=repr).encode


def snapshot_of(stored: Stored, position: Position, name: str = "") -> Entry:
    """A snapshot of a position, whatever it is worth."""
    writer = Writer(stored.redactor)
    raw = writer.body({**to_json(position), "state": stored.state(position.values, writer)})
    return Entry(SNAPSHOT, raw, name, blobs=writer.blobs)
