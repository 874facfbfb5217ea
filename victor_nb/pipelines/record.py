"""The record of a run, folded from its events into what became of each node; live or long after, and without the code.

1. The journal is the truth about what ran; nothing here looks at a notebook.
2. `NodeFold` takes events one by one, so that a view can follow a run with the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from victor_nb.errors import VictorError
from victor_nb.journal import Event, Journal
from victor_nb.pipelines.gluing import import_modules
from victor_nb.pipelines.results import Because, NodeResult, NodeStatus, PipelineResult
from victor_nb.pipelines.spec import NodeKind

if TYPE_CHECKING:
    from victor_nb.workflows.control import Interrupt

KIND: Final = "pipeline"
"""Of runs."""

PIPELINE_GRAPH: Final = "pipeline.graph"
MEMBERS: Final = "node.members"
SKIPPED: Final = "node.skipped"
WHY: Final = "node.why"
KINDS: Final = frozenset(get_args(NodeKind))
"""Of the steps of nodes; those inside of them have other kinds, or a parent that is a node."""

TYPES: Final = (
    *(PIPELINE_GRAPH, MEMBERS, SKIPPED, WHY),
    *("step.started", "step.finished", "step.failed"),
    *("run.started", "run.resumed", "run.finished", "run.failed", "run.stopped"),
)

Load = Callable[[Any], Any]


class NodeFold:
    """What became of each node so far.

    Args:
        load: brings tagged values to life; `Journal.load`.

    Attributes:
        status: of the run.
        graph: the newest `pipeline.graph`.
    """

    def __init__(self, load: Load) -> None:
        self.status, self.graph = "running", cast("dict[str, Any]", {})
        self._load = load
        self._kinds: dict[str, str] = {}
        self._members: dict[str, dict[str, NodeResult]] = {}
        self._answered: dict[str, dict[str, Any]] = {}  # what the journal answers for members that finished once
        self._outer = ""

    @property
    def nodes(self) -> tuple[NodeResult, ...]:
        """Every member of every node, in the order of the pipeline."""
        return tuple(one for members in self._members.values() for one in members.values())

    def take(self, event: Event) -> None:
        """Take one event; those that say nothing of nodes change nothing."""
        if (taken := _TAKING.get(event.type)) is not None:
            taken(self, event)

    def _graph(self, event: Event) -> None:
        self.graph = self._load(event.data)
        known = {one.id: one for one in self.nodes}
        self._kinds = {one["id"]: one["kind"] for one in self.graph["nodes"]}
        self._members = {
            node: {one.id: one for one in known.values() if one.node == node} or {node: NodeResult(node, node, kind)}
            for node, kind in self._kinds.items()
        }

    def _expanded(self, event: Event) -> None:
        data = self._load(event.data)
        node = data["node"]
        known = self._members.get(node, {})
        self._members[node] = {
            one["id"]: known.get(one["id"]) or NodeResult(one["id"], node, self._kinds[node], matrix=one["values"])
            for one in data["members"]
        }

    def _change(self, member: str, **changes: Any) -> None:
        node = member.partition("[")[0]
        if node not in self._members:
            return
        members = self._members[node]
        one = members.get(member) or NodeResult(member, node, self._kinds[node])
        members[member] = replace(one, **changes)

    def _started(self, event: Event) -> None:
        if self._is_of_node(event):
            self._answered.pop(event.step_id, None)
            self._change(event.step_id, status="running", error=None, because="", seconds=None)

    def _finished(self, event: Event) -> None:
        if not self._is_of_node(event):
            return
        body = event.data
        self._answered[event.step_id] = {
            "status": cast(NodeStatus, body["status"]),
            "why": body.get("why", ""),
            "because": cast(Because, body.get("because", "")),
            "seconds": body["seconds"],
            "notebook": body.get("notebook", ""),
            "outputs": body.get("outputs", {}),
            "error": None,
            "load": partial(self._value, body["result"], body.get("modules", ())),
        }
        self._change(event.step_id, **self._answered[event.step_id])

    def _value(self, raw: Any, modules: Sequence[str]) -> Any:
        import_modules(modules, Path(self.graph["folder"]))
        return self._load(raw)

    def _failed(self, event: Event) -> None:
        if not self._is_of_node(event):
            return
        body = event.data
        told = body["error"]
        if told["type"] == "Waiting":
            self._change(event.step_id, status="stopped", why="it waits for an answer", error=None)
            return
        error = VictorError(str(told["what"]), str(told.get("where") or ""), str(told.get("hint") or ""))
        self._change(event.step_id, status=_failure(told["type"]), seconds=body["ms"] / 1000, error=error)

    def _skipped(self, event: Event) -> None:
        body = event.data
        self._change(body["name"], status="skipped", why=body["why"], because=cast(Because, body["because"]))

    def _because(self, event: Event) -> None:
        self._change(event.data["name"], why=event.data["why"])

    def _begun(self, event: Event) -> None:
        self.status = "running"
        for one in self.nodes:  # what is not finished is tried again
            if one.id in self._answered:  # it failed since only because its files could not be put back
                self._change(one.id, **self._answered[one.id])
            elif not one.is_done and one.because != "when":
                self._change(one.id, status="pending", error=None, why="", because="", seconds=None)

    def _ended(self, event: Event) -> None:
        reason = event.data.get("reason", "")
        self.status = "waiting" if reason == "waiting" else event.type.removeprefix("run.")
        for one in self.nodes:
            if one.status == "running":
                self._change(one.id, status="stopped")

    def _is_of_node(self, event: Event) -> bool:
        return event.step_id.partition("[")[0] in self._kinds and event.data["kind"] in KINDS


_TAKING: Final[Mapping[str, Callable[[NodeFold, Event], None]]] = {
    PIPELINE_GRAPH: NodeFold._graph,
    MEMBERS: NodeFold._expanded,
    SKIPPED: NodeFold._skipped,
    WHY: NodeFold._because,
    "step.started": NodeFold._started,
    "step.finished": NodeFold._finished,
    "step.failed": NodeFold._failed,
    "run.resumed": NodeFold._begun,
    "run.finished": NodeFold._ended,
    "run.failed": NodeFold._ended,
    "run.stopped": NodeFold._ended,
}


def _failure(type_: str) -> NodeStatus:
    name = type_.rpartition(".")[2].rpartition(":")[2]
    if name in ("KernelDied", "NodeKilled"):
        return "killed"
    return "stopped" if name in ("NodeStopped", "CancelledError") else "failed"


def folded(events: Iterable[Event], load: Load) -> NodeFold:
    """Return what became of each node according to some events, oldest first."""
    fold = NodeFold(load)
    for event in events:
        fold.take(event)
    return fold


def result_of(journal: Journal, run_id: str) -> PipelineResult:
    """Return what a run came to so far; it may be running, here or elsewhere.

    Args:
        run_id: the id, an unambiguous beginning of it, or "last".

    Raises:
        RunNotFound: there is no such run.
    """
    info = journal.find(run_id)
    fold = folded(journal.history(info.run_id, types=TYPES), journal.load)
    status = fold.status
    nodes = fold.nodes
    if status == "running" and not journal.is_live(info):  # killed: nobody could write how it ended
        status = "stopped"
        nodes = tuple(replace(one, status="stopped") if one.status == "running" else one for one in nodes)
    questions = _questions(journal, info.run_id) if status == "waiting" else ()
    return PipelineResult(info.name, info.run_id, status, fold.graph.get("parameters", {}), nodes, questions)


def _questions(journal: Journal, run_id: str) -> tuple[Interrupt, ...]:
    from victor_nb.workflows.travel import WorkflowRun  # the engine: not for those who only ask how far a run is

    return tuple(WorkflowRun(journal, run_id).interrupts)
