"""The live display of a run in the cell that started it, and the words that its buttons send.

1. A display lives on the agent thread's loop; front ends call in from any thread and only hand their word on.
2. Buttons count as live once the front end said hello *while the cell runs*: that probe is right on every kernel
   and front end, where their versions are not.
3. A word goes to the run's mailbox, like one from another process: one way in, checked in one place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from .routing import honour_front_end

if TYPE_CHECKING:
    from ..journal import Event
    from ..views.live import LiveView
    from ..views.offers import Answer

HELLO_S: Final = 1.5
"""How long after it is shown a display may take to say hello before something else is tried."""
_LOOK_S: Final = 0.02

Deliver = Callable[["Answer"], None]
Load = Callable[[Any], Any]


class MakeView(Protocol):
    """`views.live_view`, or something like it in tests."""

    def __call__(self, *, on_answer: Deliver) -> LiveView:
        """Make a live view whose buttons call `on_answer`."""
        ...


class Display:
    """One live view.

    Args:
        deliver: takes what a button said; called on the loop on which the display was made.
    """

    def __init__(self, make: MakeView, deliver: Deliver) -> None:
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self.view = make(on_answer=self._hear)
        honour_front_end(self.view)
        self.view.show()
        self._shown_at = self._loop.time()

    async def is_live(self, within_s: float = HELLO_S) -> bool:
        """Whether the front end said hello; waits for it until `within_s` after the display was shown."""
        # `heard` is an event of threads, and a display lives for one run: looking is simpler than a second event.
        while not self.view.heard.is_set() and self._loop.time() < self._shown_at + within_s:
            await asyncio.sleep(_LOOK_S)
        return self.view.heard.is_set()

    def _hear(self, answer: Answer) -> None:
        """Any thread: hand on and return, because a slow callback holds up every widget."""
        with contextlib.suppress(RuntimeError):  # a late click, after the loop has closed
            self._loop.call_soon_threadsafe(self._deliver, answer)


current_display: ContextVar[Display | None] = ContextVar("victor_current_display", default=None)
"""The display of the run at work; inner runs and tasks inherit it."""


class Displays:
    """Opens displays: the `watch` of a session.

    Attributes:
        recent: the runs that were shown, oldest first, as keys.
    """

    def __init__(self, *, deliver: Deliver, load: Load | None = None, make: MakeView | None = None) -> None:
        self._make, self._deliver = make or partial(_live_view, load=load), deliver
        self.recent: dict[str, None] = {}

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[Event], None]]:
        """Show a display while entered; leaves its static form behind."""
        display = Display(self._make, self._deliver)
        token = current_display.set(display)
        try:
            yield lambda event: self._add(display, event)
        finally:
            current_display.reset(token)
            display.view.freeze()

    def _add(self, display: Display, event: Event) -> None:
        self.recent[event.run_id] = None
        display.view.add(event)


def _live_view(*, on_answer: Deliver, load: Load | None) -> Any:
    from ..views import live_view

    return live_view(on_answer=on_answer, load=load)
