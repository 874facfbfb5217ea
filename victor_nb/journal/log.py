"""The one writer of a run: numbers events in memory, commits them, and tells who listens.

1. An event is announced only after it was committed.
2. Events that are ready together are committed together: threads that wait for one another, and the tasks of one
   turn of an event loop. Alone, an event is committed where it stands, with no hop to another thread or task.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import msgspec

from .events import Event, Status
from .hub import Hub
from .store import Row, Store


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
        self._waiting: list[Entry] = []
        self._turns: dict[asyncio.AbstractEventLoop, list[tuple[Entry, asyncio.Future[None]]]] = {}

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
        self._waiting.append(entry)
        with self._lock:
            if not entry.is_committed and entry.failure is None:
                batch, self._waiting = self._waiting, []
                self._commit(batch)
        if entry.failure is not None:
            raise entry.failure

    async def write_with_turn(self, entry: Entry) -> None:
        """Commit an event together with all that this turn of the event loop brings."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if (turn := self._turns.get(loop)) is None:
            turn = self._turns[loop] = []
            loop.call_soon(self._end_turn, loop)
        turn.append((entry, done))
        await done

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn = self._turns.pop(loop)
        with self._lock:
            self._commit([entry for entry, _ in turn])
        for entry, done in turn:
            if done.cancelled():
                continue
            if entry.failure is None:
                done.set_result(None)
            else:
                done.set_exception(entry.failure)

    def _commit(self, batch: list[Entry]) -> None:
        now = self._clock()
        rows = [
            Row(self._seq + place, now, entry.type, entry.step_id, entry.parent_id, entry.raw)
            for place, entry in enumerate(batch, 1)
        ]
        whole = batch[0] if len(batch) == 1 else _together(batch)
        try:
            self._store.append(self._run_id, rows, whole.blobs, status=whole.status, power_safe=whole.power_safe)
        except BaseException as failure:
            for entry in batch:
                entry.failure = failure
            return
        self._seq += len(batch)
        for entry in batch:
            entry.is_committed = True
        if self._hub.is_heard(self._run_id):
            for row in rows:
                self._hub.publish(Event(self._run_id, *row))


def _together(batch: list[Entry]) -> Entry:
    """What a transaction of several entries needs besides their rows."""
    return Entry(
        type="",
        raw=b"",
        blobs={name: content for entry in batch for name, content in entry.blobs.items()},
        status=next((entry.status for entry in reversed(batch) if entry.status is not None), None),
        power_safe=any(entry.power_safe for entry in batch),
    )
