"""How long a notebook may go on: until time runs out, or somebody asks it to stop."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Literal

LOOK_S: Final = 0.1
"""So often it is seen whether somebody has asked to stop."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Why something is not waited for any longer."""

    reason: Literal["timeout", "stopped"]
    text: str
    hint: str


STOPPED: Final = Cut("stopped", "the notebook was stopped", "run it again")


def cell_cut(limit_s: float) -> Cut:
    """Say that a cell took too long."""
    hint = "give cells more time (cell_timeout_s), or look at what it printed last: it may hang"
    return Cut("timeout", f"the cell took longer than {limit_s:g} s", hint)


def notebook_cut(limit_s: float) -> Cut:
    """Say that a notebook took too long."""
    return Cut("timeout", f"the notebook took longer than {limit_s:g} s", "give the notebook more time (timeout_s)")


class Limits:
    """The limits of one notebook.

    Args:
        began: when it began, by the monotonic clock.
        notebook_s, cell_s: None where there is no limit.
        stop: somebody sets it, in any thread.
    """

    def __init__(
        self, began: float, notebook_s: float | None, cell_s: float | None, stop: threading.Event | None
    ) -> None:
        self._notebook_s, self._cell_s, self._stop = notebook_s, cell_s, stop
        self._end = math.inf if notebook_s is None else began + notebook_s

    async def cut(self, work: asyncio.Future[Any], *, is_cell: bool) -> Cut | None:
        """Wait for work to be done; return why it should be waited for no longer, None if it is done."""
        cell_end = time.monotonic() + self._cell_s if is_cell and self._cell_s is not None else math.inf
        end = min(cell_end, self._end)
        while not work.done():
            if self._stop is not None and self._stop.is_set():
                return STOPPED
            left_s = end - time.monotonic()
            if left_s <= 0:
                is_of_cell = self._cell_s is not None and cell_end < self._end
                return cell_cut(self._cell_s or 0.0) if is_of_cell else notebook_cut(self._notebook_s or 0.0)
            await asyncio.wait((work,), timeout=self._pause(left_s))
        return None

    def _pause(self, left_s: float) -> float | None:
        if self._stop is not None:
            return min(left_s, LOOK_S)
        return None if left_s == math.inf else left_s
