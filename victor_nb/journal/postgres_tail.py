"""The tail of a run: its last events, kept here until the server has surely written them to its disk.

1. A step does not wait for the server's disk. When the server falls, it forgets the last moments of what it had
   acknowledged; whoever wrote that still has it here, and sends it again before anything else.
2. What must survive even the fall of both (intents of effects, beginnings and ends of runs) waits for the disk, and
   everything before it is on the disk then, too.
3. A tail is short: when it is full, the next append waits for the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from victor_nb.journal.errors import JournalSetBack
from victor_nb.journal.rows import Row

MOST_ROWS: Final = 256
MOST_BYTES: Final = 1024 * 1024


class Tail:
    """What one run's server may forget.

    Attributes:
        lock: held while something is appended to the run, or sent again.
        generation: the server's, when it last acknowledged something.
    """

    def __init__(self, generation: int) -> None:
        self.lock = threading.Lock()
        self.generation = generation
        self._rows: list[Row] = []
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether the next append should wait for the disk."""
        return len(self._rows) >= MOST_ROWS or self._bytes >= MOST_BYTES

    @property
    def newest_seq(self) -> int:
        """The number of the last event that may be forgotten; 0 if there is none."""
        return self._rows[-1].seq if self._rows else 0

    def add(self, rows: Sequence[Row]) -> None:
        """Note what was acknowledged and is not on the disk yet."""
        self._rows += rows
        self._bytes += sum(len(row.raw) for row in rows)

    def clear(self) -> None:
        """Note that everything is on the disk."""
        self._rows, self._bytes = [], 0

    def missing(self, newest_seq: int, last_seq: int, run_id: str) -> list[Row]:
        """Return the rows that a server which knows events up to `newest_seq` lacks, up to `last_seq`.

        Raises:
            JournalSetBack: some of them are not here.
        """
        rows = [row for row in self._rows if newest_seq < row.seq <= last_seq]
        if len(rows) < last_seq - newest_seq:
            raise JournalSetBack.of(run_id, newest_seq)
        return rows
