"""From the events of a workflow's run to what is known of it.

1. Plain data in, plain data out; nothing here draws, sends or waits.
2. Which node a step belongs to follows from the steps around it; steps inside a node are told as its events.
3. What is kept of a node is bounded: its last events, and values cut to what a person can look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from victor_nb.errors import VictorError
from victor_nb.journal.events import Event
from victor_nb.views.graph_asks import QUESTION, call_of, question_of
from victor_nb.views.graph_state import GraphState, NodeState
from victor_nb.views.values import shrink
from victor_nb.views.wire import Load
from victor_nb.views.wording import duration, preview
from victor_nb.workflows.shape import GraphShape

EVENTS: Final = 24
"""Events kept of each node: the newest."""
_VALUE_LENGTH: Final = 1_500
_KEPT_APART: Final = (b'"$table"', b'"$json"', b'"blob"')
"""What stands in an event for a value that the journal keeps elsewhere."""
_PAUSED_BEFORE: Final = frozenset({"run.resumed", "run.forked", "state.edited"})
_ENDED: Final = {"run.finished": "finished", "run.failed": "failed", "run.stopped": "stopped"}


def folded(events: Iterable[Event], load: Load | None = None) -> GraphState:
    """Return what the events of a run tell, oldest first."""
    known = GraphState()
    for event in events:
        advance(known, event, load)
    return known


def advance(known: GraphState, event: Event, load: Load | None = None) -> None:
    """Take one more event in; one that was seen before changes nothing."""
    if not is_news(known, event):
        return
    if take := _TAKES.get(event.type):
        take(known, event, load if any(mark in event.raw for mark in _KEPT_APART) else None)


def is_news(known: GraphState, event: Event) -> bool:
    """Note an event and its time; False for one that was seen before."""
    key = (event.run_id, event.seq)
    if event.seq and key in known._seen:
        return False
    known._seen.add(key)
    if event.type in _PAUSED_BEFORE and known.updated:
        known.idle += max(0.0, event.time - known.updated)
    known.started = known.started or event.time
    known.updated = max(known.updated, event.time)
    return True


# --- one kind of event after the other -------------------------------------------------------------------------------


def _graph(known: GraphState, event: Event, load: Load | None) -> None:
    written = loaded(event.data.get("shape"), load)
    # That of a large graph is kept apart, and cannot be read without the journal.
    if not event.step_id and isinstance(written, dict) and "nodes" in written:
        known.shape = GraphShape.from_json(written)


def _run_began(known: GraphState, event: Event, load: Load | None) -> None:
    if event.step_id:
        return
    known.run_id, known.state, known.error = event.run_id, "running", None
    known.name = str(event.data.get("name") or known.name)
    for node in known.nodes.values():
        if node.state in {"waiting", "unfinished"}:
            _become(known, node, "idle" if not node.runs else "done")


def _run_ended(known: GraphState, event: Event, load: Load | None) -> None:
    if event.run_id != known.run_id:
        return
    known.state = _ENDED[event.type]
    known.error, known.result = event.data.get("error"), said_of(event.data.get("result"), load)
    for node in known.nodes.values():
        asks = known.state == "stopped" and any(ask.kind == QUESTION for ask in node.asks)
        if asks or node.state in {"running", "retrying", "waiting"}:
            node.open = 0
            _become(known, node, "waiting" if asks else "unfinished")
    if known.count("waiting"):
        known.state = "waiting"


def _step_began(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    node = _node(known, event, data)
    if node is None:
        return
    node.open += 1
    node.began, node.replayed = event.time, event.replayed
    node.error = None
    if data.get("inputs") is not None:
        node.inputs = said_of(data["inputs"], load)
    _become(known, node, "running")
    _tell(known, node, event, "began")


def _step_finished(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    node = _node(known, event, data)
    if node is None:
        _inner(known, event, data)
        return
    node.open = max(0, node.open - 1)
    node.runs += 1
    node.ms += float(data.get("ms") or 0.0)
    node.attempts = max(node.attempts, int(data.get("attempts") or 1))
    node.result, node.error, node.replayed = said_of(data.get("result"), load), None, event.replayed
    if not event.parent_id:
        known.superstep = max(known.superstep, int(data.get("superstep") or 0))
    _become(known, node, "running" if node.open else "done")
    _tell(known, node, event, f"finished in {duration(float(data.get('ms') or 0.0) / 1000)}")


def _step_failed(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    node = _node(known, event, data)
    if node is None:
        _inner(known, event, data)
        return
    node.open = max(0, node.open - 1)
    error = data.get("error")
    node.error = error if isinstance(error, dict) else {"what": str(error or "")}
    _become(known, node, "failed")
    _tell(known, node, event, f"failed: {_what(node.error)}")


def _retried(known: GraphState, event: Event, load: Load | None) -> None:
    node = _known_node(known, event.step_id)
    if node is None:
        return
    data = event.data
    node.attempts = max(node.attempts, int(data.get("attempt") or 1) + 1)
    _become(known, node, "retrying")
    wait = duration(float(data.get("wait_s") or 0.0))
    _tell(known, node, event, f"attempt {data.get('attempt')} failed, again after {wait}: {_what(data.get('error'))}")


def _asked(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    node = _known_node(known, event.step_id) or _known_node(known, str(data.get("node") or ""))
    if node is None:
        return
    ask = question_of(event, loaded(data.get("value"), load))
    node.closed(ask.id)
    node.asks.append(ask)
    node.open = 0
    _become(known, node, "waiting")
    _tell(known, node, event, f"asks: {preview(ask.shown)}")


def _answered(known: GraphState, event: Event, load: Load | None) -> None:
    for node in known.nodes.values():
        if node.closed(str(event.data.get("id"))):
            _tell(known, node, event, f"was answered: {preview(said_of(event.data.get('value'), load))}")
            if not node.asks and node.state == "waiting":
                _become(known, node, "idle" if not node.runs else "done")


def _edited(known: GraphState, event: Event, load: Load | None) -> None:
    """An edit has the nodes that wait asked anew."""
    for node in known.nodes.values():
        node.asks = [ask for ask in node.asks if ask.kind != QUESTION]
        if node.state == "waiting" and not node.asks:
            _become(known, node, "idle" if not node.runs else "done")


def _call_asked(known: GraphState, event: Event, load: Load | None) -> None:
    node = _known_node(known, event.parent_id)
    if node is None:
        return
    ask = call_of(event)
    node.closed(ask.id)
    node.asks.append(ask)
    _become(known, node, "waiting")
    _tell(known, node, event, f"asks to run {ask.tool}")


def _call_decided(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    is_open = data.get("by") == "policy" and not data.get("approved")  # nobody was there; a word can still follow
    for node in known.nodes.values():
        if not is_open and node.closed(str(data.get("call_id"))):
            said = "approved" if data.get("approved") else "denied"
            _tell(known, node, event, f"{said} by {data.get('by') or 'somebody'}")
            if not node.asks and node.state == "waiting":
                _become(known, node, "running")


def _custom(known: GraphState, event: Event, load: Load | None) -> None:
    if node := _known_node(known, event.step_id):
        _tell(known, node, event, preview(shrink(event.data.get("data"), length=_VALUE_LENGTH)))


_TAKES: Final[dict[str, Callable[[GraphState, Event, Load | None], None]]] = {
    "workflow.graph": _graph,
    "run.started": _run_began,
    "run.resumed": _run_began,
    "run.finished": _run_ended,
    "run.failed": _run_ended,
    "run.stopped": _run_ended,
    "step.started": _step_began,
    "step.finished": _step_finished,
    "step.failed": _step_failed,
    "node.retried": _retried,
    "interrupt.requested": _asked,
    "interrupt.answered": _answered,
    "approval.requested": _call_asked,
    "approval.decided": _call_decided,
    "state.edited": _edited,
    "custom": _custom,
}


def _node(known: GraphState, event: Event, data: dict[str, Any]) -> NodeState | None:
    """The node that a step is an execution of; None for the steps inside of nodes."""
    if data.get("kind") != "node":
        return None
    around = path_of(known, event.parent_id) if event.parent_id else ""
    path = f"{around}/{data['name']}" if around else str(data["name"])
    known._paths[event.step_id] = path
    node = known.nodes.setdefault(path, NodeState(path))
    number = event.step_id.rpartition(":")[2].partition("/")[0]
    node.superstep = int(number) if number.isdigit() else node.superstep
    return node


def path_of(known: GraphState, step_id: str) -> str:
    """The path of the node that a step belongs to: known, or read from its id ("1/review:2/judge#0")."""
    if step_id in known._paths:
        return known._paths[step_id]
    parts = [part.partition("/")[2].partition("#")[0] for part in step_id.split(":")]
    return "/".join(part for part in parts if part)


def _known_node(known: GraphState, step_id: str) -> NodeState | None:
    if not step_id:
        return None
    path = step_id if step_id in known.nodes else path_of(known, step_id)
    return known.nodes.setdefault(path, NodeState(path)) if path else None


def _inner(known: GraphState, event: Event, data: dict[str, Any]) -> None:
    """A step inside a node: a model request, a tool call, a step of the user's own."""
    if not event.parent_id or event.parent_id not in known._paths:
        return
    node = known.nodes[known._paths[event.parent_id]]
    ended = "failed" if event.type == "step.failed" else duration(float(data.get("ms") or 0.0) / 1000)
    _tell(known, node, event, f"{data.get('kind', 'step')} {data.get('name', '')}: {ended}")


def _become(known: GraphState, node: NodeState, state: str) -> None:
    node.state = state
    known.changed[node.path] = None


def _tell(known: GraphState, node: NodeState, event: Event, words: str) -> None:
    at = max(0.0, event.time - known.started - known.idle)
    node.events.append({"at": round(at, 3), "type": event.type, "words": words})
    del node.events[:-EVENTS]
    known.changed[node.path] = None


def said_of(value: Any, load: Load | None) -> Any:
    """The value, loaded and cut to what a person can look at."""
    return shrink(loaded(value, load), text_length=_VALUE_LENGTH, length=2 * _VALUE_LENGTH)


def loaded(value: Any, load: Load | None) -> Any:
    """The value with what the journal keeps apart; shown as it is stored if that is lost or its class is gone."""
    if load is None:
        return value
    try:
        return load(value)
    except (VictorError, LookupError, TypeError, ValueError, ImportError):
        return value


def _what(error: Any) -> str:
    return str(error.get("what") or error.get("message") or "") if isinstance(error, dict) else str(error or "")
