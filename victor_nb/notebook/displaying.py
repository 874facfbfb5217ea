"""The live display of a run in the cell that started it, and the words that its buttons send.

1. A display lives on the agent thread's loop; front ends call in from any thread and only hand their word on.
2. Buttons count as live once the front end said hello *while the cell runs*: that probe is right on every kernel
   and front end, where their versions are not.
3. It appears with the run's first event: no empty display, and what a page without a kernel shows names the run.
4. A word goes to the run's mailbox, like one from another process: one way in, checked in one place.
5. A workflow that waits for an answer keeps its live display after the cell, if the front end was heard: an answer goes
   on with the run there. Patience is bounded; then, or when the run is gone on with elsewhere, the display gets static.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final, Protocol

from victor_nb.errors import VictorError
from victor_nb.notebook.routing import honour_front_end

if TYPE_CHECKING:
    from victor_nb.commands.session import GoOn
    from victor_nb.journal import Event, Journal
    from victor_nb.views.graph_live import LiveGraph
    from victor_nb.views.live import LiveView
    from victor_nb.views.offers import Answer

HELLO_S: Final = 1.5
"""How long after it is shown a display may take to say hello before something else is tried."""
PATIENCE_S: Final = 3600.0
"""How long a display stays live for an answer after its cell has ended."""
_LOOK_S: Final = 0.02

Deliver = Callable[["Journal", "Answer"], None]
"""Takes a person's word about a run in that journal; raises a VictorError that says why it does not count."""


class MakeView(Protocol):
    """`live_view_of`, or something like it in tests."""

    def __call__(self, journal: Journal, event: Event, *, on_answer: Callable[[Answer], None]) -> LiveView | LiveGraph:
        """Make a live view of the run that begins with `event`; its buttons call `on_answer`."""
        ...


class Display:
    """The place of one live view, in the cell in which it was made.

    Args:
        journal: that of the run; it stays the same, wherever the settings point when somebody clicks.
        deliver: takes what a button said; called on the loop on which the display was made.

    Attributes:
        view: None until the first event.
        run_id: of the run that is shown; empty until the first event.
    """

    def __init__(self, journal: Journal, make: MakeView, deliver: Deliver) -> None:
        self._loop = asyncio.get_running_loop()
        self._journal, self._make, self._deliver = journal, make, deliver
        self._cell = copy_context()  # a kernel finds the cell that an output belongs to in the context
        self.view: LiveView | LiveGraph | None = None
        self.run_id = ""
        self._shown_at = self._loop.time()
        self._go_on: GoOn | None = None
        self._going_on: asyncio.Task[None] | None = None
        self._has_news = self._has_begun = False
        self._patience: asyncio.TimerHandle | None = None

    def add(self, event: Event) -> None:
        """Show one more event, on the thread that runs the agent."""
        if self.view is None:
            self.view, self.run_id = self._cell.run(self._shown, event), event.run_id
            self._shown_at = self._loop.time()
        self._has_begun |= not event.replayed
        self.view.add(event)

    def freeze(self) -> None:
        """Leave the static form behind, if anything was shown."""
        self._go_on = None
        if self._patience is not None:
            self._patience.cancel()
        if self.view is not None:
            self.view.freeze()

    async def keep_open(self, go_on: GoOn) -> None:
        """Stay live for answers, if the front end can be heard, and go on with the run when one comes."""
        if await self.is_live():
            self._go_on = go_on
            self._patience = self._loop.call_later(PATIENCE_S, self.freeze)

    @property
    def is_kept_open(self) -> bool:
        """Whether an answer is waited for."""
        return self._go_on is not None

    async def is_live(self, within_s: float = HELLO_S) -> bool:
        """Whether the front end said hello; waits for it until `within_s` after the display was shown."""
        # `heard` is an event of threads, and a display lives for one run: looking is simpler than a second event.
        while not self._is_heard() and self._loop.time() < self._shown_at + within_s:
            await asyncio.sleep(_LOOK_S)
        return self._is_heard()

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Show no buttons for this question: it is asked elsewhere."""
        if self.view is not None:
            self.view.withhold(call_id, call_hash)

    def _is_heard(self) -> bool:
        return self.view is not None and self.view.heard.is_set()

    def _shown(self, event: Event) -> LiveView | LiveGraph:
        view = self._make(self._journal, event, on_answer=self._hear)
        honour_front_end(view)
        view.show()
        return view

    def _hear(self, answer: Answer) -> None:
        """Any thread: hand on and return, because a slow callback holds up every widget."""
        with contextlib.suppress(RuntimeError):  # a late click, after the loop has closed
            self._loop.call_soon_threadsafe(self._take, answer)

    def _take(self, answer: Answer) -> None:
        """Deliver a word; an answer has the run go on where it waits."""
        try:
            self._deliver(self._journal, answer)
        except VictorError as refusal:
            self._refuse(answer.call_id, refusal)
            return
        if answer.kind != "answer" or self._go_on is None:
            return
        self._has_news = True
        if self._going_on is None:
            work = self._answered(self._go_on, answer.call_id)
            self._going_on = self._loop.create_task(work, context=self._cell.copy())

    async def _answered(self, go_on: GoOn, question_id: str) -> None:
        """Go on with the run as long as answers come; then leave its static form, unless it waits again."""
        token = current_display.set(self)
        self._has_begun, waits = False, False
        try:
            while self._has_news:
                self._has_news = False
                waits = await go_on(self.add)
        except VictorError as refusal:
            waits = not self._has_begun  # else the events told already how it ended
            self._refuse(question_id, refusal)
        finally:
            current_display.reset(token)
            self._going_on = None
            if not waits:
                self.freeze()

    def _refuse(self, question_id: str, refusal: VictorError) -> None:
        refuse = getattr(self.view, "refuse", None)  # of a run of an agent, whose late words the run itself ignores
        if refuse is not None:
            refuse(question_id, str(refusal))


current_display: ContextVar[Display | None] = ContextVar("victor_current_display", default=None)
"""The display of the run at work; inner runs and tasks inherit it."""


class Displays:
    """Opens displays: the `watch` of a session.

    Attributes:
        recent: the runs that were shown, oldest first, as keys.
    """

    def __init__(self, deliver: Deliver, make: MakeView | None = None) -> None:
        self._deliver, self._make = deliver, make or live_view_of
        self.recent: dict[str, None] = {}
        self._kept: dict[str, Display] = {}

    async def keep_open(self, go_on: GoOn) -> None:
        """Keep the display of the run at work open for an answer; the `keep_open` of a session."""
        if (display := current_display.get()) is not None:
            await display.keep_open(go_on)

    def close(self) -> None:
        """Leave the static form of every display that waits for an answer."""
        while self._kept:
            self._kept.popitem()[1].freeze()

    @contextlib.contextmanager
    def watch(self, journal: Journal) -> Iterator[Callable[[Event], None]]:
        """Show a display while entered, from the first event on; leaves its static form behind."""
        display = Display(journal, self._make, self._deliver)
        token = current_display.set(display)
        try:
            yield lambda event: self._add(display, event)
        finally:
            current_display.reset(token)
            if display.is_kept_open:
                self._kept[display.run_id] = display
            else:
                display.freeze()

    def _add(self, display: Display, event: Event) -> None:
        self.recent[event.run_id] = None
        if (kept := self._kept.pop(event.run_id, None)) is not None:  # the run is gone on with in another cell
            kept.freeze()
        display.add(event)


def live_view_of(journal: Journal, event: Event, *, on_answer: Callable[[Answer], None]) -> LiveView | LiveGraph:
    """Return the view that fits the run: that of a pipeline, of a workflow or of an agent."""
    from victor_nb.views.graph_live import live_graph, states_of
    from victor_nb.views.live import live_view
    from victor_nb.views.pipeline_live import live_pipeline

    kind = event.data.get("kind")
    if kind == "pipeline":
        return live_pipeline(event.run_id, on_answer=on_answer, load=journal.load)
    if event.type == "workflow.graph" or kind == "workflow":
        return live_graph(event.run_id, on_answer=on_answer, load=journal.load, states=states_of(journal))
    return live_view(event.run_id, on_answer=on_answer, load=journal.load)
