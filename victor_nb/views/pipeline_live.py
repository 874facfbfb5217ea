"""Which live view of a pipeline fits: the graph with its cells in a notebook, a report at the end everywhere else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from victor_nb.journal.events import Event
from victor_nb.views.graph_live import LiveGraph, has_widgets
from victor_nb.views.live import OnAnswer, put
from victor_nb.views.pipeline_fold import advance
from victor_nb.views.pipeline_report import PipelineReport
from victor_nb.views.pipeline_state import PipelineState
from victor_nb.views.wire import Load

if TYPE_CHECKING:
    from victor_nb.journal import Journal


class TextPipelineView:
    """Follows a run silently and shows the report at its end.

    Attributes:
        heard: never set; there are no buttons.
    """

    def __init__(self, load: Load | None = None) -> None:
        self.heard = threading.Event()
        self._load, self._known = load, PipelineState()
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

    def freeze(self) -> PipelineReport:
        """Display the report, once."""
        with self._writing:
            report = PipelineReport(self._known)
        if self._shown:
            self._shown = False
            put(report)
        return report


def live_pipeline(run_id: str = "", *, on_answer: OnAnswer | None = None, load: Load | None = None) -> LiveGraph:
    """Return the widget where a kernel talks to a front end, else the view that shows a report at the end."""
    if not has_widgets("pipeline_view"):
        return TextPipelineView(load)
    from victor_nb.views.pipeline_view import PipelineView

    return PipelineView(on_answer=on_answer, load=load)


@contextmanager
def watching_pipeline(journal: Journal | str | None = None) -> Iterator[Callable[[Event], None]]:
    """Show a pipeline in the running cell while it runs.

    What is yielded goes to `on_event` of a run: `with watching_pipeline() as show: await p.run({}, on_event=show)`.

    Args:
        journal: that of the run or its URL, as the run takes it: values are in it.
    """
    from victor_nb.workflows.journals import journal_of

    view = live_pipeline(load=journal_of(journal).load)
    view.show()
    try:
        yield view.add
    finally:
        view.freeze()
