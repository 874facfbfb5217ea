"""The live display of a run in the cell that started it, and the words that its buttons send.

1. A display lives on the agent thread's loop; front ends call in from any thread and only hand their word on.
2. Buttons count as live once the front end said hello *while the cell runs*: that probe is right on every kernel
   and front end, where their versions are not.
3. It appears with the run's first event: no empty display, and what a page without a kernel shows names the run.
4. A word goes to the run's mailbox, like one from another process: one way in, checked in one place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from .routing import honour_front_end

if TYPE_CHECKING:
    from ..journal import Event
    from ..views.graph_live import LiveGraph
    from ..views.live import LiveView
    from ..views.offers import Answer

HELLO_S: Final = 1.5
"""How long after it is shown a display may take to say hello before something else is tried."""
_LOOK_S: Final = 0.02

Deliver = Callable[["Answer"], None]
Load = Callable[[Any], Any]
States = Callable[[str, int], Mapping[str, Any]]
"""Gives the state of a workflow's run after a superstep."""


class MakeView(Protocol):
    """`views.live_view`, or something like it in tests."""

    def __call__(self, run_id: str, *, on_answer: Deliver) -> LiveView | LiveGraph:
        """Make a live view of a run; its buttons call `on_answer`."""
        ...


class Display:
    """The place of one live view, in the cell in which it was made.

    Args:
        deliver: takes what a button said; called on the loop on which the display was made.
        make_graph: makes the view of a workflow's run; by default `make` does.

    Attributes:
        view: None until the first event.
    """

    def __init__(self, make: MakeView, deliver: Deliver, make_graph: MakeView | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._make, self._make_graph, self._deliver = make, make_graph or make, deliver
        self._cell = copy_context()  # a kernel finds the cell that an output belongs to in the context
        self.view: LiveView | LiveGraph | None = None
        self._shown_at = self._loop.time()

    def add(self, event: Event) -> None:
        """Show one more event, on the thread that runs the agent."""
        if self.view is None:
            self.view = self._cell.run(self._shown, event)
            self._shown_at = self._loop.time()
        self.view.add(event)

    def freeze(self) -> None:
        """Leave the static form behind, if anything was shown."""
        if self.view is not None:
            self.view.freeze()

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
        is_workflow = event.type == "workflow.graph" or event.data.get("kind") == "workflow"
        make = self._make_graph if is_workflow else self._make
        view = make(event.run_id, on_answer=self._hear)
        honour_front_end(view)
        view.show()
        return view

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

    def __init__(
        self, *, deliver: Deliver, load: Load | None = None, states: States | None = None, make: MakeView | None = None
    ) -> None:
        self._make, self._deliver = make or partial(_live_view, load=load), deliver
        self._make_graph = make or partial(_live_graph, load=load, states=states)
        self.recent: dict[str, None] = {}

    @contextlib.contextmanager
    def watch(self) -> Iterator[Callable[[Event], None]]:
        """Show a display while entered, from the first event on; leaves its static form behind."""
        display = Display(self._make, self._deliver, self._make_graph)
        token = current_display.set(display)
        try:
            yield lambda event: self._add(display, event)
        finally:
            current_display.reset(token)
            display.freeze()

    def _add(self, display: Display, event: Event) -> None:
        self.recent[event.run_id] = None
        display.add(event)


def _live_view(run_id: str, *, on_answer: Deliver, load: Load | None) -> Any:
    from ..views import live_view

    return live_view(run_id, on_answer=on_answer, load=load)


def _live_graph(run_id: str, *, on_answer: Deliver, load: Load | None, states: States | None) -> Any:
    from ..views import live_graph

    return live_graph(run_id, on_answer=on_answer, load=load, states=states)
