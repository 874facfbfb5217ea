"""Events of a run while it runs, as an async iterator; a replay looks the same, marked as replayed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Generic

from victor_nb.agents.results import AgentResult, Output_co
from victor_nb.journal import Event
from victor_nb.journal.events import LIVE_ONLY

EventSink = Callable[[Event], None]


def retold(event: Event) -> Iterator[Event]:
    """Yield an event from the record as its live reader saw it: with the text of an answer before its end."""
    if event.replayed and event.type == "step.finished" and (text := _answer_in(event.data)):
        yield Event.of(
            event.run_id,
            LIVE_ONLY,
            event.time,
            "model.delta",
            step_id=event.step_id,
            parent_id=event.parent_id,
            data={"text": text},
            replayed=True,
        )
    yield event


def _answer_in(data: dict[str, Any]) -> str:
    result = data.get("result")
    if data.get("kind") != "model" or not isinstance(result, dict):
        return ""
    return "".join(part.get("content", "") for part in result.get("parts", ()) if part.get("part_kind") == "text")


class AgentStream(Generic[Output_co]):
    """Iterate over the events of a run; leaving the loop early cancels the run, which can then be resumed.

    Args:
        start: begins the run, given what receives its events.
    """

    def __init__(self, start: Callable[[EventSink], Awaitable[AgentResult[Output_co]]]) -> None:
        self._start = start
        self._result: AgentResult[Output_co] | None = None
        self.run_id = ""

    @property
    def result(self) -> AgentResult[Output_co]:
        """What the run gave back.

        Raises:
            RuntimeError: the stream has not been read to its end.
        """
        if self._result is None:
            raise RuntimeError("the stream has no result before it was read to its end")
        return self._result

    async def __aiter__(self) -> AsyncIterator[Event]:
        loop, arrived = asyncio.get_running_loop(), asyncio.Queue[Event | None]()
        work = asyncio.ensure_future(
            self._start(lambda event: _put(loop, arrived, event))  # listeners may be called on any thread
        )
        work.add_done_callback(lambda _: _put(loop, arrived, None))
        try:
            while (event := await arrived.get()) is not None:
                self.run_id = self.run_id or event.run_id
                for shown in retold(event):
                    yield shown
            self._result = await work
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])


def _put(loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[Event | None], event: Event | None) -> None:
    loop.call_soon_threadsafe(arrived.put_nowait, event)
