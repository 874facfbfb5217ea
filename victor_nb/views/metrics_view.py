"""The live charts of a journal: they follow every run in it, of any process, until they are stopped.

1. A thread of its own looks at the journal once a second and sends what is to be drawn, whole: a page that comes late
   or again needs nothing else. Cells that run meanwhile are not waited for.
2. At the end, by the button, by `stop` or after an hour in which nothing happened, the picture takes its place.
3. A journal that cannot be read is told in the view, and tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final, Self
from uuid import uuid4

import anywidget

from victor_nb.errors import VictorError
from victor_nb.insight.charts import dashboard
from victor_nb.insight.frames import projection_of
from victor_nb.journal import Journal
from victor_nb.views.closing import leave
from victor_nb.views.live import STATIC, put, replace
from victor_nb.views.metrics_panel import Panel, panel
from victor_nb.views.metrics_report import MetricsReport
from victor_nb.views.view import TERMINAL_WIDTH

INTERVAL_S: Final = 1.0
SPAN_S: Final = 290.0
"""Nearly five minutes, in bars of five seconds."""

QUIET_S: Final = 3600.0


class MetricsView(anywidget.AnyWidget):
    """Shows the charts of a journal while runs go on; as a context manager it is shown until its block ends.

    Args:
        span_s: how far back the charts reach, in seconds.
        since: seconds since the epoch from which they reach instead.
        interval_s: seconds between two looks at the journal.
        quiet_s: seconds without any new event after which the view stops by itself.
    """

    _esm = STATIC / "metrics_view.js"
    _css = STATIC / "metrics_view.css"

    def __init__(
        self,
        journal: Journal,
        *,
        span_s: float = SPAN_S,
        since: float | None = None,
        interval_s: float = INTERVAL_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        super().__init__()
        self._journal, self._span_s, self._since = journal, span_s, since
        self._interval_s, self._quiet_s = interval_s, quiet_s
        self._ending = threading.Event()
        self._sending = threading.RLock()
        self._thread: threading.Thread | None = None
        self._display_id = f"victor-{uuid4().hex}"
        self._shown = False
        self._last: Panel | None = None
        self.on_msg(self._hear)

    def show(self) -> None:
        """Display the widget in the running cell, with what it shows now for pages that have no kernel."""
        self._shown = True
        shown: Any = super()._repr_mimebundle_()
        data = dict(shown[0] if isinstance(shown, tuple) else shown)
        put(data | self.report()._repr_mimebundle_(), raw=True, display_id=self._display_id)
        self._thread = threading.Thread(target=self._follow, name="victor-metrics", daemon=True)
        self._thread.start()

    def stop(self) -> MetricsReport:
        """Put the picture where the widget was; may be called twice."""
        self._ending.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        return self._freeze()

    def report(self) -> MetricsReport:
        """What the charts show now."""
        return MetricsReport(self._panel())

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """The report, as text."""
        return self.report().to_text(width)

    def to_markdown(self) -> str:
        """The report, as Markdown."""
        return self.report().to_markdown()

    def to_html(self) -> str:
        """The report, as HTML."""
        return self.report().to_html()

    def to_json(self) -> object:
        """The charts with their values."""
        return self.report().to_json()

    def __enter__(self) -> Self:
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ipython_display_(self) -> None:
        """Shown by its name at the end of a cell, it has a place of its own that can be replaced at the end."""
        self.show()

    def _panel(self) -> Panel:
        projection = projection_of(self._journal)
        projection.refresh()
        now = self._journal.clock()
        since = now - self._span_s if self._since is None else self._since
        self._last = panel(dashboard(projection, since=since, now=now))
        return self._last

    # --- kernel to browser --------------------------------------------------------------------------

    def _follow(self) -> None:
        """Look and send until the end; runs on the view's thread."""
        head, quiet_s = "", 0.0
        while not self._ending.wait(self._interval_s) and quiet_s < self._quiet_s:
            told = self._tell()
            quiet_s = 0.0 if told != head else quiet_s + self._interval_s
            head = told
        if not self._ending.is_set():
            self._freeze()

    def _tell(self) -> str:
        """Send the charts as they are now; returns their head, which changes with every event."""
        try:
            found = self._panel()
        except VictorError as error:
            self._say({"kind": "problem", "what": error.what, "hint": error.hint})
            return error.what
        self._say({"kind": "panel", "panel": found})
        return found["head"]

    def _say(self, message: Mapping[str, object]) -> None:
        with self._sending:
            if not self._ending.is_set():
                self.send(message)

    def _freeze(self) -> MetricsReport:
        report = self._last_report()
        with self._sending:
            self._ending.set()
            if self._shown:
                self._shown = False
                replace(report._repr_mimebundle_(), self._display_id)
            leave(self)
        return report

    def _last_report(self) -> MetricsReport:
        """What the charts show now; where the journal is closed or gone, what they showed last."""
        try:
            return self.report()
        except VictorError:
            if self._last is None:
                raise
            return MetricsReport(self._last)

    # --- browser to kernel --------------------------------------------------------------------------

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        kind = content.get("kind") if isinstance(content, Mapping) else None
        if self._ending.is_set():
            return
        if kind == "hello":
            self._tell()
        elif kind == "stop":
            self.stop()
