"""The terminal: shows a run while it goes on, on standard error, and asks the person for approvals.

1. Standard output gets the result and nothing else, so that `victor ask … > answer.txt` and pipes work.
2. The live display vanishes at the end; where no terminal is, one line names the run instead, and a pipeline's nodes
   have a line each.
3. A question stands where the display was: it is put away while somebody answers.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.live import Live

    from victor_nb.cli.approving import TerminalApprover
    from victor_nb.cli.pipeline_lines import PipelineLines
    from victor_nb.commands import EventSink
    from victor_nb.journal import Event, Journal
    from victor_nb.views.pipeline_state import PipelineState

_REFRESHES_A_SECOND = 8


class Terminal:
    """What a session needs from a terminal.

    Args:
        live: whether to draw a display that moves.
        ask: whether a person can be asked.

    Attributes:
        run_id: the run that was shown last; empty before the first.
        person: who is asked for approvals; None where nobody is there.
    """

    def __init__(self, *, live: bool, ask: bool) -> None:
        self.run_id = ""
        self._lines: PipelineLines | None = None
        self._began = time.time()
        self._is_live = live
        self._live: Live | None = None
        self.person: TerminalApprover | None = None
        if ask:
            from victor_nb.cli.approving import TerminalApprover

            self.person = TerminalApprover(self.aside)

    @contextlib.contextmanager
    def watch(self, journal: Journal) -> Iterator[EventSink]:
        """Show a run while entered."""
        if not self._is_live:
            yield lambda event: self._name_run(journal, event)
            return
        from rich.console import Console
        from rich.live import Live

        screen = Screen(self)
        self._live = Live(
            get_renderable=screen.drawn,
            console=Console(stderr=True),
            refresh_per_second=_REFRESHES_A_SECOND,
            transient=True,
        )
        try:
            with self._live:
                yield screen.add
        finally:
            self._live = None

    def _name_run(self, journal: Journal, event: Event) -> None:
        if self.run_id != event.run_id:
            self.run_id = event.run_id
            print(f"run {event.run_id}", file=sys.stderr, flush=True)
        if event.type == "pipeline.graph" and self._lines is None:
            from victor_nb.cli.pipeline_lines import PipelineLines

            self._lines = PipelineLines(journal.load, self._began)
        if self._lines is not None and (line := self._lines.take(event)):
            print(line, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Put the display away while entered."""
        live = self._live
        if live is None:
            yield
            return
        live.stop()
        try:
            yield
        finally:
            live.start(refresh=True)


class Screen:
    """What the live display shows: the report of the run so far, its end if it is longer than the screen.

    Of a pipeline it is the report on its nodes and cells, with the beginning where that is too long.
    """

    def __init__(self, terminal: Terminal) -> None:
        from victor_nb.views import RunSummary

        self._terminal, self._summary = terminal, RunSummary()
        self._pipeline: PipelineState | None = None
        self._writing = threading.Lock()

    def add(self, event: Event) -> None:
        """Take in one event; drawing happens on the display's own thread."""
        from victor_nb.views.summary import advance
        from victor_nb.views.wire import wire

        self._terminal.run_id = self._terminal.run_id or event.run_id
        if event.type == "run.started" and event.data.get("kind") == "pipeline":
            from victor_nb.views.pipeline_state import PipelineState

            self._pipeline = PipelineState()
        if self._pipeline is None:
            advance(self._summary, wire(event))
            return
        from victor_nb.views.pipeline_fold import advance as advance_pipeline

        with self._writing:
            advance_pipeline(self._pipeline, event)

    def drawn(self) -> Any:
        """Return the lines to show now."""
        from rich.text import Text

        from victor_nb.views import RunReport

        columns, rows = shutil.get_terminal_size()
        if self._pipeline is not None:
            return Text("\n".join(self._pipeline_lines(columns)[: max(4, rows - 2)]), no_wrap=True, overflow="ellipsis")
        lines = RunReport(self._summary).to_text(columns).splitlines()
        return Text("\n".join(lines[-max(4, rows - 2) :]), no_wrap=True, overflow="ellipsis")

    def _pipeline_lines(self, columns: int) -> list[str]:
        """The report as it stands now: what runs says how long it has still to go."""
        from victor_nb.views import PipelineReport

        assert self._pipeline is not None
        with self._writing:
            return PipelineReport(self._pipeline, time.time()).to_text(columns).splitlines()
