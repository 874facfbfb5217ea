"""What is known of a workflow's run, node by node: a fold over its events.

1. Plain data in, plain data out; nothing here draws, sends or waits.
2. A node is named by its path in the drawing: "review/judge" is `judge` inside the sub-workflow `review`. Which node a
   step belongs to follows from the steps around it; steps inside a node are told as its events.
3. What is kept of a node is bounded: its last events, and values cut to what a person can look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.errors import VictorError
from victor_nb.journal.events import Event
from victor_nb.views.values import shrink
from victor_nb.views.wire import Load
from victor_nb.views.wording import duration, plural, preview
from victor_nb.workflows.drawing import Mark
from victor_nb.workflows.shape import GraphShape

EVENTS: Final = 24
"""Events kept of each node: the newest."""
_VALUE_LENGTH: Final = 1_500
_KEPT_APART: Final = (b'"$table"', b'"$json"', b'"blob"')
"""What stands in an event for a value that the journal keeps elsewhere."""
_PAUSED_BEFORE: Final = frozenset({"run.resumed", "run.forked", "state.edited"})
_ENDED: Final = {"run.finished": "finished", "run.failed": "failed", "run.stopped": "stopped"}


@dataclass(slots=True)
class NodeState:
    """How a node fares.

    Attributes:
        state: idle, running, retrying, waiting (for a person), done, failed or unfinished.
        superstep: the last one in which it began or finished; of the graph that it is in.
        runs: how often it has finished.
        open: how many of its tasks have begun and not ended.
        began: when the last task began, in seconds since the Unix epoch.
        ms: how long its finished tasks took, together.
        attempts: of the task that needed most.
        question: what it asks a person.
        events: `{"at", "type", "words"}` each, `at` in seconds since the run began.
        replayed: whether its last answer came from the record.
    """

    path: str
    state: str = "idle"
    superstep: int = 0
    runs: int = 0
    open: int = 0
    began: float = 0.0
    ms: float = 0.0
    attempts: int = 1
    inputs: Any = None
    result: Any = None
    error: dict[str, Any] | None = None
    question: Any = None
    events: list[dict[str, Any]] = field(default_factory=list)
    replayed: bool = False


@dataclass(slots=True)
class GraphState:
    """What is known of a workflow's run after some of its events.

    Attributes:
        state: "" before the first event, then running, waiting, finished, failed or stopped.
        seconds: from the first event to the last, times in between two executions left out.
        superstep: the last one of which a node finished.
        changed: paths of nodes that have changed since somebody last cleared it.
    """

    run_id: str = ""
    name: str = ""
    shape: GraphShape | None = None
    state: str = ""
    started: float = 0.0
    updated: float = 0.0
    idle: float = 0.0
    superstep: int = 0
    error: dict[str, Any] | None = None
    nodes: dict[str, NodeState] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict, repr=False)
    _seen: set[tuple[str, int]] = field(default_factory=set, repr=False)

    @property
    def seconds(self) -> float:
        return max(0.0, self.updated - self.started - self.idle)

    @property
    def is_over(self) -> bool:
        """Whether the run has ended; one that failed, was stopped or waits may be resumed later."""
        return self.state in {"finished", "failed", "stopped", "waiting"}

    def count(self, *states: str) -> int:
        """How many nodes are in one of these states."""
        return sum(node.state in states for node in self.nodes.values())


def folded(events: Iterable[Event], load: Load | None = None) -> GraphState:
    """Return what the events of a run tell, oldest first."""
    known = GraphState()
    for event in events:
        advance(known, event, load)
    return known


def advance(known: GraphState, event: Event, load: Load | None = None) -> None:
    """Take one more event in; one that was seen before changes nothing."""
    key = (event.run_id, event.seq)
    if event.seq and key in known._seen:
        return
    known._seen.add(key)
    if event.type in _PAUSED_BEFORE and known.updated:
        known.idle += max(0.0, event.time - known.updated)
    known.started = known.started or event.time
    known.updated = max(known.updated, event.time)
    if take := _TAKES.get(event.type):
        take(known, event, load if any(mark in event.raw for mark in _KEPT_APART) else None)


def mark_of(node: NodeState) -> Mark | None:
    """What a drawing says of a node; None before it has begun. `widgets/graph_view/words.ts` says the same."""
    tone = _TONES.get(node.state)
    return Mark(tone, words_of(node)) if tone else None


def words_of(node: NodeState) -> str:
    """How a node fares, in a few words."""
    tries = f" · {node.attempts} attempts" if node.attempts > 1 else ""
    times = f"{plural(node.runs, 'time')} · " if node.runs > 1 else ""
    if node.state == "done":
        return f"{times}{duration(node.ms / 1000)}{tries}"
    return {"waiting": "waiting for an answer", "unfinished": "did not finish"}.get(node.state, node.state) + tries


def marks(known: GraphState) -> dict[str, Mark]:
    """What a drawing says of all nodes, by path."""
    found = {path: mark_of(node) for path, node in known.nodes.items()}
    return {path: mark for path, mark in found.items() if mark}


_TONES: Final = {
    "running": "busy",
    "retrying": "busy",
    "waiting": "ask",
    "done": "good",
    "failed": "bad",
    "unfinished": "faint",
}


# --- one kind of event after the other -------------------------------------------------------------------------------


def _graph(known: GraphState, event: Event, load: Load | None) -> None:
    written = _loaded(event.data.get("shape"), load)
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
    known.error = event.data.get("error")
    asks = known.count("waiting") > 0
    for node in known.nodes.values():
        if node.state in {"running", "retrying"}:
            node.open = 0
            _become(known, node, "unfinished")
    if known.state == "stopped" and asks:
        known.state = "waiting"


def _step_began(known: GraphState, event: Event, load: Load | None) -> None:
    data = event.data
    node = _node(known, event, data)
    if node is None:
        return
    node.open += 1
    node.began, node.replayed = event.time, event.replayed
    node.error = node.question = None
    if data.get("inputs") is not None:
        node.inputs = _value(data["inputs"], load)
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
    node.result, node.error, node.replayed = _value(data.get("result"), load), None, event.replayed
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
    node.question = _value(data.get("value"), load)
    node.open = 0
    _become(known, node, "waiting")
    _tell(known, node, event, f"asks: {preview(node.question)}")


def _answered(known: GraphState, event: Event, load: Load | None) -> None:
    for node in known.nodes.values():
        if node.state == "waiting":
            _become(known, node, "idle" if not node.runs else "done")


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


def _value(value: Any, load: Load | None) -> Any:
    return shrink(_loaded(value, load), text_length=_VALUE_LENGTH, length=2 * _VALUE_LENGTH)


def _loaded(value: Any, load: Load | None) -> Any:
    """The value with what the journal keeps apart; shown as it is stored if that is lost or its class is gone."""
    if load is None:
        return value
    try:
        return load(value)
    except (VictorError, LookupError, TypeError, ValueError, ImportError):
        return value


def _what(error: Any) -> str:
    return str(error.get("what") or error.get("message") or "") if isinstance(error, dict) else str(error or "")
