"""The live view of a workflow's run: its graph, drawn once, and the states of its nodes as they change.

1. `add` may be called from any thread and returns at once; the pump's thread folds and sends, in batches.
2. What the browser knows is counted in versions; a message says from which one it leads to which. A page that was
   reloaded, or that missed one, says "hello" and gets everything.
3. Only the nodes that changed are sent. Places come from the same layout as the static drawing.
4. A live graph without a run shows the workflow itself.
5. A person's word counts once, and only with the nonce that went to the browser; see offers.py. A nonce is sent after
   the first hello only: where the kernel hears the browser too late, the view names the command instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final
from uuid import uuid4

import anywidget

from victor_nb.errors import VictorError
from victor_nb.journal.events import FINAL_TYPES, Event
from victor_nb.views.checkpoint_state import shown
from victor_nb.views.closing import leave
from victor_nb.views.graph_asks import QUESTION, command_for
from victor_nb.views.graph_fold import advance
from victor_nb.views.graph_report import GraphReport
from victor_nb.views.graph_state import GraphState
from victor_nb.views.graph_wire import drawn, node_json, run_json
from victor_nb.views.html import tag
from victor_nb.views.live import STATIC, OnAnswer, put, replace
from victor_nb.views.offers import ANSWERS, DECISIONS, Answer, Offer, Offers
from victor_nb.views.pump import INTERVAL_S, Pump
from victor_nb.views.view import Picture
from victor_nb.views.wire import Load
from victor_nb.workflows.drawing import picture_layout
from victor_nb.workflows.shape import GraphShape

States = Callable[[str, int], Mapping[str, Any]]
_GREETINGS_S: Final = (0.3, 0.6, 1.2, 2.4, 4.8)


class GraphView(anywidget.AnyWidget):
    """Shows a workflow while it runs.

    Args:
        shape: the graph, if it is known before the run says it.
        on_answer: called for each valid word of a person, on whichever thread delivers messages; may only hand it on.
            Without it there are no buttons.
        load: `Journal.load`, so that tables and pictures are shown.
        states: gives the state of a run after a superstep; what nodes were given is read from it when somebody looks.

    Attributes:
        greeted: set once a browser has said hello.
        heard: set once a browser has said hello and somebody takes its words: its buttons work.
    """

    _esm = STATIC / "graph_view.js"
    _css = STATIC / "graph_view.css"
    _kind: ClassVar[str] = "workflow"

    def __init__(
        self,
        shape: GraphShape | None = None,
        *,
        on_answer: OnAnswer | None = None,
        load: Load | None = None,
        states: States | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        super().__init__()
        self.greeted, self.heard = threading.Event(), threading.Event()
        self._known = self._nothing_known(shape)
        self._drawn: tuple[GraphShape, dict[str, Any]] | None = None
        self._version = 0
        self._offers, self._said, self._is_answered = Offers(), set[tuple[str, str]](), False
        self._on_answer, self._load, self._states = on_answer, load, states
        self._writing = threading.RLock()
        self._pump: Pump[Event] = Pump(self._take, interval_s)
        self._display_id = f"victor-{uuid4().hex}"
        self._shown = False
        self.on_msg(self._hear)

    @classmethod
    def of(cls, events: Iterable[Event], load: Load | None = None) -> GraphView:
        """A view of a run that has happened."""
        view = cls(load=load)
        view._take(list(events))
        return view

    # --- what the view of another kind of run does otherwise ----------------------------------------

    def _nothing_known(self, shape: GraphShape | None) -> GraphState:
        return GraphState(name=shape.name if shape else "", shape=shape)

    def _advance(self, event: Event) -> None:
        advance(self._known, event, self._load)

    def _report(self) -> Picture:
        return GraphReport(self._known, with_result=self._is_answered)

    def _run_json(self) -> dict[str, Any]:
        return run_json(self._known) | {"command": command_for(self._known.run_id, self._known.asks)}

    # --- showing ------------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Show one more event; any thread, never blocks."""
        self._pump.put(event)

    def show(self) -> None:
        """Display the widget in the running cell, with a drawing for pages that have no kernel."""
        self._shown = True
        put(self._repr_mimebundle_()[0], raw=True, display_id=self._display_id)
        threading.Thread(target=self._greet, name="victor-greeting", daemon=True).start()

    def withhold(self, call_id: str, call_hash: str) -> None:
        """Offer no buttons for this call, however late the browser is heard: it is asked elsewhere."""
        with self._writing:
            self._offers.withhold(call_id, call_hash)

    def refuse(self, question_id: str, why: str) -> None:
        """Tell whoever answered that the answer does not count, and why."""
        with self._writing:
            self._offers.withdraw(question_id)
        self._say_no(question_id, why)

    def _say_no(self, question_id: str, why: str) -> None:
        self.send({"kind": "refused", "call_id": question_id, "why": why})

    def _greet(self) -> None:
        """Send everything again until the browser was heard: a kernel that works in a cell cannot hear it."""
        for wait_s in _GREETINGS_S:
            if self.greeted.wait(wait_s) or self.comm is None:
                return
            with self._writing:
                self._send_all()

    def freeze(self) -> Picture:
        """Put the static report where the widget was, and close the widget; may be called twice."""
        self._pump.close()
        with self._writing:
            self._offers.withdraw_all()
            report = self._report()
        if self._shown:
            self._shown = False
            replace(report._repr_mimebundle_(), self._display_id)
        leave(self)
        return report

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
        live: Any = super()._repr_mimebundle_(**kwargs)
        data = dict(live[0] if isinstance(live, tuple) else live)
        with self._writing:
            report = self._report()
            still = "" if self._known.is_over else ", still running when saved"
        words = f"{self._kind} {self._known.name}{still}"
        data |= {"text/plain": words, "text/html": tag("p", words), "image/svg+xml": report.to_svg()}
        return data, {}

    # --- kernel to browser --------------------------------------------------------------------------

    def _take(self, batch: list[Event]) -> None:
        """Fold a batch and send what changed; runs on the pump's thread."""
        with self._writing:
            for event in batch:
                self._advance(event)
            asked = self._asked(any(event.type in FINAL_TYPES for event in batch))
            changed = list(self._known.changed)
            self._known.changed.clear()
            before, self._version = self._version, self._version + 1
            if self._known.shape is not None and (self._drawn is None or self._drawn[0] is not self._known.shape):
                self._send_all()
            else:
                self._send_nodes(before, changed)
            if asked and self.heard.is_set():
                self._send_offers(asked)

    def _asked(self, has_ended: bool) -> list[Offer]:
        """Open an offer for each new question, and close those of questions that are no more."""
        run_id = self._known.run_id
        asks = [ask for ask in self._known.asks if ask.kind == QUESTION or not (has_ended or self._known.is_over)]
        known = {(offer.call_id, offer.call_hash) for offer in self._offers.waiting()}
        for gone in known - {(ask.id, ask.call_hash) for ask in asks}:
            self._offers.withdraw(*gone)
        self._said &= {(ask.id, ask.call_hash) for ask in self._known.asks}
        made = [
            self._offers.make(run_id, ask.id, ask.call_hash, ANSWERS if ask.kind == QUESTION else DECISIONS)
            for ask in asks
            if (ask.id, ask.call_hash) not in known | self._said
        ]
        return [offer for offer in made if offer is not None]

    def _send_offers(self, offers: Iterable[Offer]) -> None:
        """Let the browser answer these questions; a list without any tells it that it was heard."""
        told = [{"call_id": one.call_id, "call_hash": one.call_hash, "nonce": one.nonce} for one in offers]
        self.send({"kind": "offers", "offers": told})

    def _send_nodes(self, start: int, paths: Iterable[str]) -> None:
        nodes = [node_json(self._known.nodes[path]) for path in paths]
        run = self._run_json()
        self.send({"kind": "nodes", "from": start, "to": self._version, "run": run, "nodes": nodes})

    def _send_all(self) -> None:
        shape = self._known.shape
        if shape is None:
            return
        if self._drawn is None or self._drawn[0] is not shape:
            self._drawn = (shape, drawn(picture_layout(shape)))
        self.send({"kind": "graph", "graph": self._drawn[1]})
        self._send_nodes(0, self._known.nodes)

    # --- browser to kernel --------------------------------------------------------------------------

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        if not isinstance(content, Mapping):
            return
        kind, run_id = content.get("kind"), self._known.run_id
        if kind == "hello":
            self._meet()
        if kind == "look":
            self._look(str(content.get("path")))
        if kind == "stop" and run_id and content.get("run_id") == run_id and self._on_answer:
            self._on_answer(Answer("stop", run_id))
        if kind in DECISIONS | ANSWERS:
            self._take_word(content)

    def _meet(self) -> None:
        """Send everything to a page that came, or came back."""
        self.greeted.set()
        if self._on_answer is not None:
            self.heard.set()
        with self._writing:
            self._send_all()
            self._send_offers(self._offers.waiting() if self.heard.is_set() else ())

    def _take_word(self, message: Mapping[str, Any]) -> None:
        """Hand a person's word on, once; a late, double or foreign one is refused."""
        with self._writing:
            answer = self._offers.redeem(message)
            if answer is not None:
                self._said.add((answer.call_id, answer.call_hash))
                self._is_answered |= answer.kind == "answer"
        if answer is None or self._on_answer is None:
            self._say_no(str(message.get("call_id") or ""), "This question is not open any more; nothing was changed.")
        else:
            self._on_answer(answer)

    def _look(self, path: str) -> None:
        """Send what a node of the outermost graph was given: the state before its superstep."""
        with self._writing:
            node, run_id = self._known.nodes.get(path), self._known.run_id
            if node is None or self._states is None or "/" in path or not node.superstep:
                return
            superstep = node.superstep - 1
        try:
            inputs = shown(self._states(run_id, superstep))
        except VictorError:  # a superstep that is not in the journal yet; the next look will find it
            return
        self.send({"kind": "inputs", "path": path, "inputs": inputs})
