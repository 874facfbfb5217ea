"""Watching a run from beside it: signals from other processes and the time limit, four or more times a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from victor_nb.agents.approvals import Mailbox
from victor_nb.agents.budget import Ledger
from victor_nb.agents.errors import BudgetExceeded, RunStopped
from victor_nb.errors import VictorError
from victor_nb.journal import JournalError

if TYPE_CHECKING:
    from victor_nb.journal import Run

POLL_S: Final = 0.15


class Watch:
    """Cancels the task it was made in when somebody asks the run to stop or its time is up.

    Attributes:
        reason: why the task was cancelled; None while nobody but the caller did.
    """

    def __init__(self, run: Run, mailbox: Mailbox, ledger: Ledger) -> None:
        self._run, self._mailbox, self._ledger = run, mailbox, ledger
        self._watched = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self.reason: VictorError | None = None

    async def __aenter__(self) -> Watch:
        self._watching = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _look(self) -> None:
        while self.reason is None:
            await asyncio.sleep(POLL_S)
            self.reason = self._find_reason()
        if self._watched is not None:
            self._watched.cancel()

    def _find_reason(self) -> VictorError | None:
        try:
            self._ledger.check_time()
            wish = self._mailbox.deliver(self._run.take_signals())
        except BudgetExceeded as exceeded:
            return exceeded
        except JournalError:  # a busy or failing journal: the next step will say so, a look must not end the run
            return None
        if wish is None:
            return None
        return RunStopped(wish.what, f"run {self._run.id}", f"victor resume {self._run.id}")
