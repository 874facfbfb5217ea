"""The live view of a run: a widget while it runs, plain data in the notebook when it has ended.

1. `add` may be called from any thread and returns at once; the pump's thread folds and sends, in batches.
2. What the browser knows is a prefix of `_log`; every batch says where it starts, so that a reloaded page, a second
   view or a late one asks for the rest with "hello", and nothing is shown twice.
3. Only custom messages are used: the sync of traits is throttled by the front end, and can stall in a busy cell.
4. A decision counts once, and only with the nonce that went to the browser; see offers.py. A nonce is sent after the
   first hello only: where the kernel hears the browser too late to act on a click, no button is drawn.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import anywidget

from victor_nb.journal.events import FINAL_TYPES, Event
from victor_nb.views.closing import leave
from victor_nb.views.frozen import RunReport
from victor_nb.views.html import tag
from victor_nb.views.live import STATIC, OnAnswer, put, replace
from victor_nb.views.offers import Answer, Offer, Offers
from victor_nb.views.pump import INTERVAL_S, Pump
from victor_nb.views.state import RunSummary
from victor_nb.views.summary import advance
from victor_nb.views.wire import Load, WireEvent, coalesce, wire

_CHUNK: Final = 400


class RunView(anywidget.AnyWidget):
    """Shows a run while it happens.

    Args:
        run_id: the run; events of its inner runs are shown with it.
        on_answer: called for each valid answer, on whichever thread delivers messages; it may only hand the
            answer on (`loop.call_soon_threadsafe`), because a slow callback holds up every widget.
        load: `Journal.load`, so that tables and pictures are shown.

    Attributes:
        heard: set once a browser has said hello: it has buttons, and they work. Wait for it before relying on them.
    """

    _esm = STATIC / "run_view.js"
    _css = STATIC / "run_view.css"

    def __init__(
        self,
        run_id: str = "",
        *,
        on_answer: OnAnswer | None = None,
        load: Load | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        super().__init__()
        self.run_id = run_id
        self.heard = threading.Event()
        self._on_answer, self._load = on_answer, load
        self._summary, self._offers = RunSummary(), Offers()
        self._log: list[WireEvent] = []
        self._writing = threading.RLock()
        self._pump: Pump[Event] = Pump(self._take, interval_s)
        self._display_id = f"victor-{uuid4().hex}"
        self._shown = False
        self.on_msg(self._hear)

    def add(self, event: Event) -> None:
        """Show one more event; any thread, never blocks."""
        self._pump.put(event)

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Offer no buttons for this question, however late the browser is heard: it is asked elsewhere."""
        with self._writing:
            self._offers.withhold(call_id, call_hash)

    def summary_json(self) -> dict[str, object]:
        """What the view knows by now, as `RunSummary.to_json`."""
        with self._writing:
            return self._summary.to_json()

    def show(self) -> None:
        """Display the widget in the running cell, with a note for pages that have no kernel."""
        self._shown = True
        put(self._live_bundle(), raw=True, display_id=self._display_id)

    def freeze(self) -> RunReport:
        """Put the static report where the widget was, and close the widget; may be called twice."""
        self._pump.close()
        with self._writing:
            self._offers.withdraw_all()
            report = RunReport(self._summary)
        if self._shown:
            self._shown = False
            replace(report._repr_mimebundle_(), self._display_id)
        leave(self)
        return report

    def _live_bundle(self) -> dict[str, Any]:
        shown: Any = super()._repr_mimebundle_()
        data = dict(shown[0] if isinstance(shown, tuple) else shown)
        which, command = (
            (f"run {self.run_id}", f"victor show {self.run_id}") if self.run_id else ("a run", "victor runs")
        )
        words = f"{which} was still going on when this was saved; {command}"
        return data | {"text/plain": words, "text/html": tag("p", words)}

    # --- kernel to browser --------------------------------------------------------------------------

    def _take(self, batch: list[Event]) -> None:
        """Fold a batch and send it; runs on the pump's thread."""
        news = coalesce(wire(event, self._load) for event in batch)
        with self._writing:
            start = len(self._log)
            for event in news:
                self._log.append(event)
                advance(self._summary, event)
            asked = [offer for event in news if (offer := self._follow(event))]
            self._send_from(start)
            if asked and self.heard.is_set():
                self._send_offers(asked)

    def _follow(self, event: WireEvent) -> Offer | None:
        """Open or close the question that an event is about."""
        data = event["data"]
        if event["type"] in FINAL_TYPES:
            self._offers.withdraw_all()
        if event["type"] == "approval.decided":
            self._offers.withdraw(data.get("call_id", ""))
        if event["type"] != "approval.requested" or event["replayed"]:
            return None
        return self._offers.make(event["run_id"], data.get("call_id", ""), data.get("call_hash", ""))

    def _send_offers(self, offers: Sequence[Offer]) -> None:
        """Let the browser answer these questions; a list without any tells it that it was heard."""
        told = [{"call_id": one.call_id, "call_hash": one.call_hash, "nonce": one.nonce} for one in offers]
        self.send({"kind": "offers", "offers": told})

    def _send_from(self, start: int) -> None:
        for place in range(start, len(self._log), _CHUNK):
            self.send({"kind": "events", "from": place, "events": self._log[place : place + _CHUNK]})

    # --- browser to kernel --------------------------------------------------------------------------

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping):
            return
        if content.get("kind") == "hello":
            self._greet(content)
            return
        answer = self._answer(content)
        if answer is not None and self._on_answer is not None:
            self._on_answer(answer)

    def _greet(self, hello: Mapping[str, Any]) -> None:
        self.heard.set()
        have = hello.get("have", 0)
        with self._writing:
            self._send_from(have if isinstance(have, int) and have >= 0 else 0)
            self._send_offers(self._offers.waiting())

    def _answer(self, message: Mapping[str, Any]) -> Answer | None:
        with self._writing:
            if message.get("kind") != "stop":
                return self._offers.redeem(message)
            meant = self.run_id or self._summary.run_id
            return Answer("stop", meant) if meant and message.get("run_id") == meant else None
