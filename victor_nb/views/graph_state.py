"""What is known of a workflow's run, node by node, as plain data; graph_fold.py fills it from the run's events.

1. A node is named by its path in the drawing: "review/judge" is `judge` inside the sub-workflow `review`.
2. How a node fares is said in the same words everywhere; `widgets/graph_view/words.ts` says the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from victor_nb.views.graph_asks import Ask
from victor_nb.views.wording import duration, plural
from victor_nb.workflows.drawing import Mark
from victor_nb.workflows.shape import GraphShape


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
        asks: what it asks a person and nobody has answered.
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
    asks: list[Ask] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    replayed: bool = False

    def closed(self, ask_id: str) -> bool:
        """Take a question away; tells whether it was this node's."""
        before = len(self.asks)
        self.asks = [ask for ask in self.asks if ask.id != ask_id]
        return len(self.asks) < before


@dataclass(slots=True)
class GraphState:
    """What is known of a workflow's run after some of its events.

    Attributes:
        state: "" before the first event, then running, waiting, finished, failed or stopped.
        seconds: from the first event to the last, times in between two executions left out.
        superstep: the last one of which a node finished.
        result: what the run came to.
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
    result: Any = None
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

    @property
    def asks(self) -> list[Ask]:
        """What a person is asked, oldest node first."""
        return [ask for node in self.nodes.values() for ask in node.asks]

    def count(self, *states: str) -> int:
        """How many nodes are in one of these states."""
        return sum(node.state in states for node in self.nodes.values())


def mark_of(node: NodeState) -> Mark | None:
    """What a drawing says of a node; None before it has begun. `widgets/graph_view/words.ts` says the same."""
    tone = tone_of(node)
    return Mark(tone, words_of(node)) if tone else None


def tone_of(node: NodeState) -> str | None:
    """How a state is coloured; None before the node has begun."""
    return _TONES.get(node.state)


def words_of(node: NodeState) -> str:
    """How a node fares, in a few words."""
    tries = f" · {node.attempts} attempts" if node.attempts > 1 else ""
    times = f"{plural(node.runs, 'time')} · " if node.runs > 1 else ""
    if node.state == "done":
        return f"{times}{duration(node.ms / 1000)}{tries}"
    return _WORDS.get(node.state, node.state) + tries


def marks(known: GraphState) -> dict[str, Mark]:
    """What a drawing says of all nodes, by path."""
    found = {path: mark_of(node) for path, node in known.nodes.items()}
    return {path: mark for path, mark in found.items() if mark}


_TONES: Final[dict[str, str]] = {
    "running": "busy",
    "retrying": "busy",
    "waiting": "ask",
    "done": "good",
    "failed": "bad",
    "unfinished": "faint",
    "cached": "good",
    "killed": "bad",
    "skipped": "faint",
}
_WORDS: Final = {"waiting": "waiting for an answer", "unfinished": "did not finish", "cached": "from the cache"}
