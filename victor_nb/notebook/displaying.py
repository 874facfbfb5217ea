"""The live display of a run in the cell that started it, and the answers that its buttons give.

1. A display lives on the agent thread's loop; front ends call in from any thread and only hand their word on.
2. Buttons count as live once the front end said hello *while the cell runs*: that probe is right on every kernel
   and front end, where their versions are not.
3. A word about a question counts only if it came while buttons were offered for it; a word that comes before
   anybody waits for it is kept, because front ends learn of a question before the approver does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from .routing import honour_front_end

if TYPE_CHECKING:
    from ..agents.approvals import ApprovalRequest
    from ..journal import Event
    from ..views.live import LiveView
    from ..views.offers import Answer

HELLO_S: Final = 1.5
"""How long after it is shown a display may take to say hello before something else is tried."""
_LOOK_S: Final = 0.02


class MakeView(Protocol):
    """`views.live_view`, or something like it in tests."""

    def __call__(self, *, on_answer: Callable[[Answer], None]) -> LiveView:
        """Make a live view whose buttons call `on_answer`."""
        ...


class Display:
    """One live view, with the questions that its buttons may answer.

    Args:
        stop: called on the agent thread with the id of the run that a person wants stopped.
    """

    def __init__(self, make: MakeView, stop: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = stop
        self._questions: dict[tuple[str, str], asyncio.Future[Answer]] = {}
        self.view = make(on_answer=self._hear)
        honour_front_end(self.view)
        self.view.show()
        self._shown_at = self._loop.time()

    def add(self, event: Event) -> None:
        """Show one more event."""
        self.view.add(event)

    async def answer_to(self, request: ApprovalRequest) -> Answer:
        """Wait until a button answers exactly this call."""
        return await self._question(request.call_id, request.call_hash)

    async def is_live(self, within_s: float = HELLO_S) -> bool:
        """Whether the front end said hello; waits for it until `within_s` after the display was shown."""
        # `heard` is an event of threads, and a display lives for one run: looking is simpler than a second event.
        while not self.view.heard.is_set() and self._loop.time() < self._shown_at + within_s:
            await asyncio.sleep(_LOOK_S)
        return self.view.heard.is_set()

    def _hear(self, answer: Answer) -> None:
        """Any thread. The run may have ended, and its loop with it, when a late click arrives."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, answer)

    def _take(self, answer: Answer) -> None:
        if answer.kind == "stop":
            self._stop(answer.run_id)
            return
        question = self._question(answer.call_id, answer.call_hash)
        if not question.done():
            question.set_result(answer)

    def _question(self, call_id: str, call_hash: str) -> asyncio.Future[Answer]:
        key = (call_id, call_hash)
        if key not in self._questions:
            self._questions[key] = self._loop.create_future()
        return self._questions[key]


current_display: ContextVar[Display | None] = ContextVar("victor_current_display", default=None)
"""The display of the run at work; inner runs and tasks inherit it."""


class Displays:
    """Opens displays: the `watch` of a session."""

    def __init__(self, make: MakeView | None = None, stop: Callable[[str], None] = lambda run_id: None) -> None:
        self._make, self._stop = make or _live_view, stop
        self.recent: dict[str, None] = {}

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[Event], None]]:
        """Show a display while entered; leaves its static form behind."""
        display = Display(self._make, self._stop)
        token = current_display.set(display)
        try:
            yield lambda event: self._add(display, event)
        finally:
            current_display.reset(token)
            display.view.freeze()

    def _add(self, display: Display, event: Event) -> None:
        self.recent[event.run_id] = None  # what completion offers; a dict keeps the order and drops repeats
        display.add(event)


def _live_view(*, on_answer: Callable[[Answer], None]) -> Any:
    from ..views import live_view

    return live_view(on_answer=on_answer)
