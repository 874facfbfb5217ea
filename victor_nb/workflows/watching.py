"""Watching a run from beside it: somebody, perhaps in another process, may ask it to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from victor_nb.errors import VictorError
from victor_nb.journal import JournalError, Run
from victor_nb.workflows.errors import WorkflowStopped

POLL_S: Final = 0.15


class _Watch:
    """Looks at the run's mail several times a second, and cancels a task when that says stop."""

    def __init__(self, run: Run, watched: asyncio.Task[object]) -> None:
        self._run, self._watched = run, watched
        self._loop = asyncio.get_running_loop()
        self.reason: VictorError | None = None
        self._next = self._loop.call_later(POLL_S, self._look)

    def _look(self) -> None:
        try:
            told = [data for name, data in self._run.take_signals() if name == "stop"]
        except JournalError:  # busy or failing: the next step will say so, a look must not end the run
            told = []
        if not told:
            self._next = self._loop.call_later(POLL_S, self._look)
            return
        why = told[0].get("what") or told[0].get("reason") or "somebody asked the workflow to stop"
        self.reason = WorkflowStopped(str(why), f"run {self._run.id}", f"victor resume {self._run.id}")
        self._watched.cancel()

    def end(self) -> None:
        self._next.cancel()


@asynccontextmanager
async def stoppable(run: Run) -> AsyncIterator[None]:
    """Have what is done inside be cancelled when somebody sends the run a "stop".

    Raises:
        WorkflowStopped: it was; nothing that was finished is lost.
    """
    task = asyncio.current_task()
    if task is None or run.mode == "strict":
        yield
        return
    watch = _Watch(run, task)
    try:
        yield
    except asyncio.CancelledError:
        if watch.reason is None:
            raise
        task.uncancel()
        raise watch.reason from None
    finally:
        watch.end()
