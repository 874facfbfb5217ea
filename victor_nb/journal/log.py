"""The one writer of a run: numbers events in memory, commits them, and tells who listens.

1. An event is announced only after it was committed.
2. Events that are ready together are committed together: threads that wait for one another, and the tasks of one
   turn of an event loop. Alone, an event is committed where it stands, with no hop to another thread or task.
3. An interrupt (Ctrl-C) can come at any instruction, also right after the store committed, and a connection can be lost
   with the answer: before the next event gets its number, the store is asked what it holds.
4. A run has one writer. A forked child is another process, and is refused before it can take a number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from victor_nb.errors import VictorError
from victor_nb.journal.errors import JournalUnreachable, LeaseLost
from victor_nb.journal.events import Event, Status
from victor_nb.journal.hub import Hub
from victor_nb.journal.rows import Row
from victor_nb.journal.store import Store


class Entry(msgspec.Struct, eq=False):
    """An event that waits to be numbered and committed."""

    type: str
    raw: bytes
    step_id: str = ""
    parent_id: str = ""
    blobs: dict[str, bytes] = {}
    status: Status | None = None
    power_safe: bool = False
    is_committed: bool = False
    failure: BaseException | None = None


class RunLog:
    """Appends to one run.

    Args:
        newest_seq: the number of the run's last event so far.
        clock: seconds since the epoch.
    """

    def __init__(self, store: Store, hub: Hub, run_id: str, newest_seq: int, clock: Callable[[], float]) -> None:
        self._store, self._hub, self._run_id, self._clock = store, hub, run_id, clock
        self._seq = newest_seq
        self._lock = threading.Lock()
        self._waiting: deque[Entry] = deque()
        self._unsure: tuple[list[Entry], list[Row]] | None = None
        self._turns: dict[asyncio.AbstractEventLoop, list[tuple[Entry, asyncio.Future[None]]]] = {}
        self._pid = os.getpid()

    @property
    def seq(self) -> int:
        """The number of the run's last event."""
        return self._seq

    def write(self, entry: Entry) -> None:
        """Commit an event, together with those that other threads brought meanwhile.

        Raises:
            LeaseLost: another process has taken over the run.
            JournalError: the store cannot take it.
        """
        if self._lock.locked():  # whoever holds it takes the event along
            self._waiting.append(entry)
        with self._lock:
            if self._unsure is not None:
                self._settle_before(entry)
            if not entry.is_committed and entry.failure is None:
                self._commit(self._drained(entry) if self._waiting else [entry])
        if entry.failure is not None:
            raise entry.failure

    def write_all(self, entries: Sequence[Entry]) -> None:
        """Commit several events, oldest first, in one transaction; raises as `write` does, and then none is there."""
        with self._lock:
            self._settle()
            self._commit([*self._drained(), *entries])
        for entry in entries:
            if entry.failure is not None:
                raise entry.failure

    def write_later(self, entry: Entry) -> None:
        """Leave an event to be committed, in its place, together with the next one that is written."""
        self._waiting.append(entry)

    def flush(self) -> None:
        """Commit what was left by `write_later`.

        Raises:
            LeaseLost, JournalError: as `write`.
        """
        with self._lock:
            waiting = self._drained()
            if waiting:
                try:
                    self._settle()
                except VictorError as failure:
                    self._fail(waiting, failure)
                else:
                    self._commit(waiting)
        for entry in waiting:
            if entry.failure is not None:
                raise entry.failure

    def _drained(self, own: Entry | None = None) -> list[Entry]:
        """Take everything that waits, from one queue for good: a list that is swapped could lose a late comer.

        `own` comes last, unless it waits already; an interrupted thread may have taken it, and not committed it.
        """
        batch = []
        while self._waiting:
            batch.append(self._waiting.popleft())
        if own is not None and all(entry is not own for entry in batch):
            batch.append(own)
        return batch

    async def write_with_turn(self, entry: Entry) -> None:
        """Commit an event together with all that this turn of the event loop brings.

        Cancelling the caller does not take the event back: what was done is recorded.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if (turn := self._turns.get(loop)) is None:
            turn = self._turns[loop] = []
            loop.call_soon(self._end_turn, loop)
        turn.append((entry, done))
        await done

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn = self._turns.pop(loop)
        entries = [entry for entry, _ in turn]
        with self._lock:
            try:
                self._settle()
            except VictorError as failure:
                self._fail(entries, failure)
            else:
                self._commit([*self._drained(), *entries])
        for entry, done in turn:
            if done.done():
                continue
            if entry.failure is None:
                done.set_result(None)
            else:
                done.set_exception(entry.failure)

    def _commit(self, batch: list[Entry]) -> None:
        """Number and store the entries; what goes wrong is left in each of them. The lock is held."""
        now, seq, rows = self._clock(), self._seq, list[Row]()
        for entry in batch:
            seq += 1
            rows.append(Row(seq, now, entry.type, entry.step_id, entry.parent_id, entry.raw))
        whole = batch[0] if len(batch) == 1 else _together(batch)
        self._unsure = (batch, rows)
        try:
            if os.getpid() != self._pid:
                raise LeaseLost.to_parent(self._run_id)
            self._store.append(self._run_id, rows, whole.blobs, status=whole.status, power_safe=whole.power_safe)
        except JournalUnreachable as failure:  # the store does not know whether it wrote them
            self._fail(batch, failure)
            self._unsure = (batch, rows)
            return
        except Exception as failure:  # the store says that it wrote nothing
            self._fail(batch, failure)
            return
        self._acknowledge(batch)
        if self._hub.is_heard(self._run_id):
            for row in rows:
                self._hub.publish(Event(self._run_id, *row))

    def _settle_before(self, entry: Entry) -> None:
        """Settle; if that fails, the entry is not left to be committed later, when nobody expects it any more."""
        try:
            self._settle()
        except BaseException:
            with contextlib.suppress(ValueError):  # a group may have taken it along already
                self._waiting.remove(entry)
            raise

    def _settle(self) -> None:
        """After an interrupt or a lost connection: find out whether the events that were on their way arrived."""
        if self._unsure is None:
            return
        batch, rows = self._unsure
        found = self._store.events(self._run_id, after=self._seq, through=None, types=None, last=None, bodies=True)
        if not found:
            self._unsure = None  # each thread that still waits brings its own event again
        elif [Row(e.seq, e.time, e.type, e.step_id, e.parent_id, e.raw) for e in found] == rows:
            self._acknowledge(batch)
        else:
            self._fail(batch, LeaseLost.to_another(self._run_id))

    def _acknowledge(self, batch: list[Entry]) -> None:
        for entry in batch:
            entry.is_committed = True
        self._seq += len(batch)
        self._unsure = None

    def _fail(self, batch: list[Entry], failure: Exception) -> None:
        for entry in batch:
            entry.failure = failure
        self._unsure = None


def _together(batch: list[Entry]) -> Entry:
    """What a transaction of several entries needs besides their rows."""
    return Entry(
        type="",
        raw=b"",
        blobs={name: content for entry in batch for name, content in entry.blobs.items()},
        status=next((entry.status for entry in reversed(batch) if entry.status is not None), None),
        power_safe=any(entry.power_safe for entry in batch),
    )
