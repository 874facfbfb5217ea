"""What can end a cell, beyond the errors of the verb that it ran.

KeyboardInterrupt
 └── CellInterrupted    the kernel was interrupted while a cell waited; the run can be resumed
VictorError
 └── UsageError
      ├── LineUnreadable    the words after %victor have a quote that nobody closed
      └── CannotAwait       code with a top-level await, where the main thread cannot await
"""

from __future__ import annotations

from victor_nb.errors import UsageError


def rendered(name: str, text: str) -> list[str]:
    """Write an error without a traceback, as IPython takes it."""
    return [f"{name}: {text}"]


class CellInterrupted(KeyboardInterrupt):
    """The kernel was interrupted; the work has been cancelled and what it finished is in the journal.

    A KeyboardInterrupt, so that notebooks and papermill treat it as one and `except Exception` lets it pass.
    """

    def __init__(self, what: str = "interrupted; what was done is kept: %victor resume last") -> None:
        super().__init__(what)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the frames of a waiting cell are ours and tell nothing."""
        return rendered(type(self).__name__, str(self))


class LineUnreadable(UsageError):
    """The line of a magic cannot be split into words."""


class CannotAwait(UsageError):
    """Code awaits at its top level, and the cell that waits for it blocks the event loop."""
