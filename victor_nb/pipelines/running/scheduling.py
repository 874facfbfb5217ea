"""When a node begins: as soon as those that it needs are done and a worker is free, the longest way to the end first.

Nothing here knows what a node does; there is no barrier between branches.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from itertools import count


async def in_order_of_need(needs: Mapping[str, Collection[str]], perform: Callable[[str], Awaitable[None]]) -> None:
    """Perform every node once those that it needs were performed.

    Args:
        needs: for every node, the nodes that it needs; without cycles.

    Raises:
        BaseException: the first that `perform` raised; everything else is cancelled then.
    """
    done = {node: asyncio.Event() for node in needs}

    async def one(node: str) -> None:
        for needed in needs[node]:
            await done[needed].wait()
        await perform(node)
        done[node].set()

    tasks = [asyncio.ensure_future(one(node)) for node in needs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def ways_to_the_end(needs: Mapping[str, Collection[str]], seconds: Mapping[str, float]) -> dict[str, float]:
    """Return for every node how long it and the longest chain of nodes after it take.

    Args:
        seconds: how long each node takes; 1 where nothing is known.
    """
    followers: dict[str, list[str]] = {node: [] for node in needs}
    for node, needed in needs.items():
        for one in needed:
            followers[one].append(node)
    found: dict[str, float] = {}
    waiting = list(needs)
    while waiting:
        node = waiting[-1]
        if missing := [one for one in followers[node] if one not in found]:
            waiting += missing
            continue
        waiting.pop()
        found[node] = seconds.get(node, 1.0) + max((found[one] for one in followers[node]), default=0.0)
    return found


class Workers:
    """So many places to work at; who waits with the highest priority is next, of equals the first.

    Args:
        number: of places.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    @asynccontextmanager
    async def one(self, priority: float = 0.0) -> AsyncIterator[None]:
        """Hold a place for as long as the block lasts."""
        await self._taken(priority)
        try:
            yield
        finally:
            self._free += 1
            self._wake()

    async def _taken(self, priority: float) -> None:
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was given to somebody who has gone
                self._free += 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._free > 0 and self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
