"""Joined runs: work that is a run of its own when it stands alone, and a part of a run when it is called inside one.

1. What a joined run does is recorded in the outer run, below the step inside which it was joined.
2. Its end is not the outer run's end: finishing, failing and stopping it write nothing.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from victor_nb.journal.effects import OnDoubt
from victor_nb.journal.log import RunLog
from victor_nb.journal.run import Run

RUN: Final[ContextVar[Run | None]] = ContextVar("victor_run", default=None)


def current_run() -> Run | None:
    """The run inside which this code works, where its engine says so; None outside of any."""
    return RUN.get()


class JoinedRun(Run):
    """A part of another run.

    Args:
        on_doubt: what the part does about doubts; where it says "ask", the outer run's word counts.
    """

    def __init__(self, outer: Run, on_doubt: OnDoubt = "ask") -> None:
        self._outer = outer
        super().__init__(
            outer._journal,
            outer.info,
            outer._past,
            None,
            mode=outer.mode,
            on_doubt=on_doubt if on_doubt != "ask" else outer.on_doubt,
            recording=outer._recording,
        )
        self._ids, self._answered, self._mail = outer._ids, outer._answered, outer._mail

    @property
    def _log(self) -> RunLog | None:
        return self._outer._log

    @_log.setter
    def _log(self, log: RunLog | None) -> None:
        """The log is the outer run's."""

    def _writer(self) -> RunLog:
        return self._outer._writer()

    def _end(self, *_: Any) -> None:
        self.is_ended = True
