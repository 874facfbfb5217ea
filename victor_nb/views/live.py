"""Which live view fits: the widget in a notebook, text at the end everywhere else.

1. The caller sees one protocol and never asks where it runs.
2. anywidget is imported only for the widget.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from victor_nb.journal.events import Event
from victor_nb.views.frozen import RunReport
from victor_nb.views.offers import Answer
from victor_nb.views.state import RunSummary
from victor_nb.views.summary import advance
from victor_nb.views.wire import Load, wire

STATIC: Final = Path(__file__).parent / "static"
"""Where the build puts the front end of the widgets."""

OnAnswer = Callable[[Answer], None]


class LiveView(Protocol):
    """A view that follows a run.

    Attributes:
        heard: set once somebody can press its buttons; it stays unset where there are none.
    """

    heard: threading.Event

    def add(self, event: Event) -> None:
        """Show one more event; any thread, never blocks."""

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Offer no buttons for this question: it is asked elsewhere."""

    def show(self) -> None:
        """Display the view in the running cell."""

    def freeze(self) -> RunReport:
        """Leave the static report in its place."""
        ...


class TextRunView:
    """Follows a run silently and shows the report at its end: for a terminal, or where the widget is not built."""

    def __init__(self, load: Load | None = None) -> None:
        self.heard = threading.Event()
        self._load, self._summary = load, RunSummary()
        self._writing = threading.Lock()
        self._shown = False

    def add(self, event: Event) -> None:
        """Fold one more event."""
        news = wire(event, self._load)
        with self._writing:
            advance(self._summary, news)

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Do nothing: text has no buttons."""

    def show(self) -> None:
        """Remember that somebody wants to see the report."""
        self._shown = True

    def freeze(self) -> RunReport:
        """Display the report, once."""
        with self._writing:
            report = RunReport(self._summary)
        if self._shown:
            self._shown = False
            put(report)
        return report


def live_view(run_id: str = "", *, on_answer: OnAnswer | None = None, load: Load | None = None) -> LiveView:
    """Return the widget where a kernel talks to a front end, else the view that shows text at the end."""
    if not (has_kernel() and _is_built()):
        return TextRunView(load)
    from victor_nb.views.run_view import RunView

    return RunView(run_id, on_answer=on_answer, load=load)


def put(shown: object, **how: object) -> None:
    """Display something in the running cell, as IPython's `display` does."""
    from IPython import display

    show: Any = display.display  # IPython gives it no types
    show(shown, **how)


def replace(data: Mapping[str, object], display_id: str) -> None:
    """Put data in the place of what was displayed under `display_id`, in whichever cell that was."""
    from IPython import display

    update: Any = display.update_display  # IPython gives it no types
    update(dict(data), raw=True, display_id=display_id)


def has_kernel() -> bool:
    """Whether IPython runs in a kernel; asks nothing of IPython if nobody has loaded it."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return getattr(shell, "kernel", None) is not None


def _is_built() -> bool:
    return (STATIC / "run_view.js").is_file()
