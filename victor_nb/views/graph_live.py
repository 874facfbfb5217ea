"""Which live view of a workflow fits: the graph in a notebook, a report at the end everywhere else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from victor_nb.journal.events import Event
from victor_nb.views.graph_fold import advance
from victor_nb.views.graph_report import GraphReport
from victor_nb.views.graph_state import GraphState
from victor_nb.views.live import STATIC, OnAnswer, has_kernel, put
from victor_nb.views.view import Picture
from victor_nb.views.wire import Load
from victor_nb.workflows.shape import GraphShape

if TYPE_CHECKING:
    from victor_nb.journal import Journal


class LiveGraph(Protocol):
    """A view that follows a workflow's run.

    Attributes:
        heard: set once somebody can answer questions with its buttons; it stays unset where there are none.
    """

    heard: threading.Event

    def add(self, event: Event) -> None:
        """Show one more event; any thread, never blocks."""

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Offer no buttons for this question: it is asked elsewhere."""

    def refuse(self, question_id: str, why: str) -> None:
        """Tell whoever answered that the answer does not count."""

    def show(self) -> None:
        """Display the view in the running cell."""

    def freeze(self) -> Picture:
        """Leave the static report in its place."""
        ...


class TextGraphView:
    """Follows a run silently and shows the report at its end.

    Attributes:
        heard: never set; there are no buttons.
    """

    def __init__(self, load: Load | None = None) -> None:
        self.heard = threading.Event()
        self._load, self._known = load, GraphState()
        self._writing = threading.Lock()
        self._shown = False

    def add(self, event: Event) -> None:
        """Fold one more event."""
        with self._writing:
            advance(self._known, event, self._load)

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Do nothing: there are no buttons."""

    def refuse(self, question_id: str, why: str) -> None:
        """Do nothing: nobody answers here."""

    def show(self) -> None:
        """Remember that somebody wants to see the report."""
        self._shown = True

    def freeze(self) -> GraphReport:
        """Display the report, once."""
        with self._writing:
            report = GraphReport(self._known)
        if self._shown:
            self._shown = False
            put(report)
        return report


def live_graph(
    run_id: str = "",
    *,
    shape: GraphShape | None = None,
    on_answer: OnAnswer | None = None,
    load: Load | None = None,
    states: Callable[[str, int], Mapping[str, object]] | None = None,
) -> LiveGraph:
    """Return the widget where a kernel talks to a front end, else the view that shows a report at the end."""
    if not has_widgets("graph_view"):
        return TextGraphView(load)
    from victor_nb.views.graph_view import GraphView

    return GraphView(shape, on_answer=on_answer, load=load, states=states)


def has_widgets(name: str) -> bool:
    """Whether a kernel talks to a front end, and the widget of that name is built."""
    return has_kernel() and (STATIC / f"{name}.js").is_file()


def states_of(journal: Journal) -> Callable[[str, int], Mapping[str, Any]]:
    """Return what gives the state of a run after a superstep."""
    from victor_nb.workflows.travel import WorkflowRun

    return lambda run_id, superstep: WorkflowRun(journal, run_id).state(superstep)


@contextmanager
def watching(journal: Journal | str | None = None) -> Iterator[Callable[[Event], None]]:
    """Show a workflow's graph in the running cell while it runs.

    What is yielded goes to `on_event` of a run: `with watching() as show: await workflow.run(…, on_event=show)`.

    Args:
        journal: that of the run or its URL, as the run takes it: long values, and what nodes were given, are in it.
    """
    from victor_nb.workflows.journals import journal_of

    where = journal_of(journal)
    view = live_graph(load=where.load, states=states_of(where))
    view.show()
    try:
        yield view.add
    finally:
        view.freeze()
