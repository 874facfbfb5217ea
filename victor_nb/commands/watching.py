"""Running a workflow or a pipeline under the face's display.

Its agents ask the person that the face offers, and its questions can be answered where the display is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from victor_nb.agents.approvals import STANDING
from victor_nb.commands.asking import approver_for
from victor_nb.commands.session import EventSink, Session

if TYPE_CHECKING:
    from victor_nb.config import Settings
    from victor_nb.journal import Journal


class Result(Protocol):
    """What a run came to, as far as whoever watches it has to know."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def status(self) -> str:
        """ "waiting" if it goes on with an answer."""
        ...


R = TypeVar("R", bound=Result)


async def watched(
    session: Session,
    settings: Settings,
    journal: Journal,
    run: Callable[[EventSink], Awaitable[R]],
    go_on: Callable[[str, EventSink], Awaitable[R]],
) -> R:
    """Run something to its end; if that waits for an answer, the display stays as long as somebody can give one there.

    Args:
        journal: that of the run.
        run: begins it, or goes on with it; its events go to the sink.
        go_on: goes on with the run of that id, with the answers in its mailbox.
    """
    with session.watch(journal) as show:
        with _asking_the_person_of(session, settings):
            result = await run(show)
        if result.status == "waiting":

            async def onward(show: EventSink) -> bool:
                with _ended_with(session), _asking_the_person_of(session, settings):
                    return (await go_on(result.run_id, show)).status == "waiting"

            await session.keep_open(onward)
    session.run_ids.append(result.run_id)
    return result


@contextmanager
def _ended_with(session: Session) -> Iterator[None]:
    """Have the work at hand be ended when the session ends."""
    tasks = {task for task in (asyncio.current_task(),) if task is not None}
    session.tasks |= tasks
    try:
        yield
    finally:
        session.tasks -= tasks


@contextmanager
def _asking_the_person_of(session: Session, settings: Settings) -> Iterator[None]:
    """Have agents inside ask whoever the face offers."""
    token = STANDING.set(approver_for(session, settings))
    try:
        yield
    finally:
        STANDING.reset(token)
