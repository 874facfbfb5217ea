"""A reader's own view of one run's stream: what was, then what is, once each and in order.

Events of this process arrive at once, live ones among them; those of other processes when the store tells of them,
or by asking it often enough that they are seen within a quarter of a second. What was there before the reader came is
marked replayed.
No event falls between the past and the present, because listening begins before the past is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Final, Self

from victor_nb.journal.events import FINAL_TYPES, LIVE_ONLY, Event

if TYPE_CHECKING:
    from victor_nb.journal.journal import Journal
    from victor_nb.journal.store import Watch

POLL_S: Final = 0.1
RARE_POLL_S: Final = 2.0
"""How often the store is asked where it tells of itself, or where every event is heard anyway."""


class Subscription:
    """Iterates over a run's events until the run ends; `for` and `async for` both work.

    Args:
        after: number of the last event that the reader has seen already.
    """

    def __init__(self, journal: Journal, run_id: str, after: int = 0) -> None:
        self._journal, self._run_id = journal, run_id
        self._seen = after
        self._arrived: deque[Event] = deque()
        self._something = threading.Event()
        self._wakers: list[Callable[[], None]] = []
        self._is_closed = False
        self._watch: Watch | None = None
        self._disconnect = journal.hub.connect(run_id, self._hear)
        self._ready: deque[Event] = deque(event.as_replayed() for event in self._stored())

    def _hear(self, event: Event) -> None:
        self._arrived.append(event)
        self._wake()

    def _wake(self) -> None:
        self._something.set()
        for wake in tuple(self._wakers):
            wake()

    def _stored(self) -> list[Event]:
        found = self._journal.events(self._run_id, after=self._seen)
        if found:
            self._seen = found[-1].seq
        return found

    def _gather(self) -> None:
        """Move what arrived, or what others stored, to where the reader takes it."""
        self._something.clear()
        while self._arrived:
            event = self._arrived.popleft()
            if event.seq == LIVE_ONLY:
                self._ready.append(event)
            elif event.seq > self._seen:
                self._ready.extend(self._stored() if event.seq > self._seen + 1 else [event])
                self._seen = max(self._seen, event.seq)
        if not self._ready:
            self._ready.extend(self._stored())

    def next(self, timeout_s: float | None = None) -> Event | None:
        """Return the next event; None when `timeout_s` passed or the subscription was closed."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._is_closed:
            if not self._ready:
                self._gather()
            if self._ready:
                return self._ready.popleft()
            poll_s = self._poll_s()
            left = poll_s if deadline is None else min(poll_s, deadline - time.monotonic())
            if left <= 0:
                return None
            self._something.wait(left)
        return None

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event
            if self._is_last(event):
                return

    async def __aiter__(self) -> AsyncIterator[Event]:
        while not self._is_closed:
            if not self._ready:
                self._gather()
            while self._ready:
                event = self._ready.popleft()
                yield event
                if self._is_last(event):
                    return
            await self._turn()

    async def _turn(self) -> None:
        """Sleep until something arrives, at most as long as a poll."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the reader's loop was closed while it waited
                loop.call_soon_threadsafe(arrived.set)

        self._wakers.append(wake)
        try:
            if not (self._something.is_set() or self._is_closed):
                await asyncio.wait_for(arrived.wait(), self._poll_s())
        except TimeoutError:
            return
        finally:
            self._wakers.remove(wake)

    def _poll_s(self) -> float:
        """How long to wait before the store is asked again, in seconds."""
        if self._journal.executes(self._run_id):
            return RARE_POLL_S  # every event is heard as it is committed; a watch would make its writer slower
        if self._watch is None:
            self._watch = self._journal.store.watch(self._run_id, self._wake)
        return RARE_POLL_S if self._watch is not None and self._watch.is_live else POLL_S

    def _is_last(self, event: Event) -> bool:
        """Whether the run has ended with this event and nobody has resumed it since."""
        if event.type not in FINAL_TYPES:
            return False
        return event.seq == LIVE_ONLY or event.seq >= self._journal.store.newest_seq(self._run_id)

    def close(self) -> None:
        """Stop listening; a reader that waits is let go."""
        self._is_closed = True
        self._disconnect()
        if self._watch is not None:
            self._watch.close()
        self._wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
