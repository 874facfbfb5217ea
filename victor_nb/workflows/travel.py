"""Time travel: the history of a run, its state at any point, forks, edits and differences.

1. Everything is read from the journal, also of a run whose code has changed or is not here.
2. A fork shares its past with the run that it leaves; nothing is copied, and neither run sees the other's future.
3. An edit is an event like any other: who looks at the history later sees that it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Event, Journal, RunInfo
from victor_nb.journal.replay import Change, changes
from victor_nb.journal.spans import Span, spans_of
from victor_nb.workflows.answering import ANSWERED, EDITED, REQUESTED, questions_in
from victor_nb.workflows.control import Interrupt
from victor_nb.workflows.graphs import GRAPH, differences, newest_graph
from victor_nb.workflows.past import Past
from victor_nb.workflows.position import Due, Position, due_to_json
from victor_nb.workflows.shape import START, GraphShape
from victor_nb.workflows.snapshots import SNAPSHOT

if TYPE_CHECKING:
    from victor_nb.workflows.graph import Workflow

TOP_TYPES = ("run.started", GRAPH, "step.finished", EDITED, SNAPSHOT)


class Checkpoint(msgspec.Struct, frozen=True, gc=False):  # made by the ten thousand
    """A point of a run that can be looked at, forked and compared.

    Attributes:
        superstep: counts from 0, which is the input.
        time: seconds since the epoch, of the last thing that happened in it.
        nodes: that ran in the superstep, in the order of their ends.
        source: what made it.
        name: the node for which the workflow asked to have a checkpoint.
        run_id, seq: the last event that belongs to it; a fork's first checkpoints belong to the run that it left.
    """

    superstep: int
    time: float
    nodes: tuple[str, ...]
    source: Literal["input", "nodes", "edit"]
    name: str
    run_id: str
    seq: int
    _run: WorkflowRun

    def __repr__(self) -> str:
        nodes = ", ".join(self.nodes) or self.source
        return f"Checkpoint({self.superstep}, {nodes}, run {self.run_id})"

    @property
    def state(self) -> dict[str, Any]:
        """The state as it was then."""
        return self._run.state(self)

    @property
    def next(self) -> tuple[str, ...]:
        """The nodes that were due then."""
        return self._run.next(self)


At = int | str | Checkpoint | None


@dataclass(frozen=True)
class RunDiff:
    """How two runs differ.

    Attributes:
        common: the last superstep that they share; None where they have no past in common.
        state: places in the last states that differ: path, before (the first run), after (the second).
        nodes: what ran after the common past, in either run.
        graph: how the graph changed in between.
    """

    common: int | None
    state: list[Change]
    nodes: tuple[list[str], list[str]]
    graph: list[str]

    def __bool__(self) -> bool:
        return bool(self.state or self.graph or self.nodes[0] != self.nodes[1])


class WorkflowRun:
    """A run of a workflow as its journal tells it.

    Args:
        run_id: the id, an unambiguous beginning of it, or "last".
        workflow: needed only for states with reducers that have no name of their own, and for edits in the name of
            a node that is followed by a route.

    Raises:
        RunNotFound: there is no such run.
    """

    def __init__(self, journal: Journal, run_id: str, workflow: Workflow | None = None) -> None:
        self.journal, self.workflow = journal, workflow
        self.id = journal.find(run_id).run_id

    def __repr__(self) -> str:
        return f"WorkflowRun({self.id!r}, {self.info.name!r}, {self.status})"

    @property
    def info(self) -> RunInfo:
        """What the journal knows of the run without reading its events."""
        return self.journal.find(self.id)

    @property
    def status(self) -> str:
        """Finished, failed, running, stopped; or waiting, for an answer."""
        status = self.info.status.value
        return "waiting" if status == "stopped" and self.interrupts else status

    @cached_property
    def shape(self) -> GraphShape | None:
        """The graph that the run was last executed with; None before its first execution."""
        graph = newest_graph(self.journal, self.id)
        return GraphShape.from_json(graph["shape"]) if graph is not None else None

    @property
    def interrupts(self) -> tuple[Interrupt, ...]:
        """What the run asks a person."""
        if self.info.is_finished:
            return ()
        return tuple(questions_in(self.journal, self.journal.history(self.id, types=(REQUESTED, ANSWERED, EDITED))))

    # -- looking -------------------------------------------------------------------------------------------------------

    def history(self, *, last: int | None = None) -> list[Checkpoint]:
        """Return the checkpoints of the run, oldest first, those that a fork shares with its origin included.

        Args:
            last: only so many, from the end.
        """
        found = self._checkpoints()
        return found if last is None else found[-last:] if last else []

    def state(self, at: At = None) -> dict[str, Any]:
        """Return the state after a checkpoint: a superstep, its `Checkpoint`, or the last one of a node.

        Raises:
            UsageError: there is no such checkpoint.
        """
        return dict(self.position(at).values)

    def next(self, at: At = None) -> tuple[str, ...]:
        """Return the nodes that were due after a checkpoint."""
        position = self.position(at)
        return tuple(dict.fromkeys(due.node for due in (*position.due, *position.later)))

    def position(self, at: At = None) -> Position:
        """Return where the run stood after a checkpoint."""
        return self._past.at(self._superstep(at))

    def diff(self, other: WorkflowRun | str, *, at: At = None, other_at: At = None) -> RunDiff:
        """Compare two runs: their last states, or those at checkpoints, what ran in each, and their graphs."""
        if isinstance(other, str):
            other = WorkflowRun(self.journal, other, self.workflow)
        mine, theirs = self.history(), other.history()
        common = None
        for one, another in zip(mine, theirs, strict=False):
            if (one.run_id, one.seq) != (another.run_id, another.seq):
                break
            common = one.superstep
        here, there = newest_graph(self.journal, self.id), newest_graph(other.journal, other.id)
        return RunDiff(
            common,
            changes(self.state(at), other.state(other_at)),
            (_after(mine, common), _after(theirs, common)),
            differences(here, there) if here is not None and there is not None else [],
        )

    # -- changing ------------------------------------------------------------------------------------------------------

    def fork(
        self,
        at: At = None,
        update: Mapping[str, object] | None = None,
        *,
        as_node: str | None = None,
        goto: str | Sequence[str] | None = None,
    ) -> WorkflowRun:
        """Return a new, unfinished run with this one's past up to a checkpoint; `workflow.run(run_id=fork.id)` goes on.

        Args:
            update: written to the state there, through the reducers; Overwrite replaces.
            as_node: makes it as if that node had written the update: what follows it is due then.
            goto: nodes that are to run next, instead of those that were due.

        Raises:
            UsageError: there is no such checkpoint or node.
        """
        superstep = self._superstep(at)
        checkpoint = self._checkpoints()[-1] if superstep is None else self._at(superstep)
        if update is None and as_node is None and goto is None:
            kind, data = "run.forked", {"superstep": checkpoint.superstep}
        else:
            kind, data = EDITED, self._edit(checkpoint.superstep, update, as_node, goto)
        info = self.journal.fork(checkpoint.run_id, checkpoint.seq, type=kind, data=data)
        return WorkflowRun(self.journal, info.run_id, self.workflow)

    def edit(
        self,
        update: Mapping[str, object] | None = None,
        *,
        as_node: str | None = None,
        goto: str | Sequence[str] | None = None,
    ) -> Checkpoint:
        """Change the state of this run, which is unfinished and not running, where it stands.

        Nodes of the superstep that was under way run again; questions that wait are asked anew.

        Args:
            as_node: see `fork`.
            goto: nodes that are to run next, instead of those that were due.

        Raises:
            RunFinished: fork it instead.
            RunInUse: somebody executes it.
        """
        data = self._edit(self.position().superstep, update, as_node, goto)
        run = self.journal.resume(self.id)
        try:
            run.placed.write([run.placed.note(EDITED, data)])
        finally:
            run.stop("edited")
        return self._checkpoints()[-1]

    def _edit(
        self,
        superstep: int,
        update: Mapping[str, Any] | None,
        as_node: str | None,
        goto: str | Sequence[str] | None,
    ) -> dict[str, Any]:
        position = self._past.at(superstep)
        if update and position.values.keys() and (graph := newest_graph(self.journal, self.id)) is not None:
            for key in update:
                if key not in graph["keys"]:
                    raise UsageError(
                        f"the state has no key {key!r}.{nearest(key, graph['keys'])}",
                        f"run {self.id}",
                        f"its keys are: {', '.join(graph['keys'])}",
                    )
        data: dict[str, Any] = {"superstep": superstep, "update": dict(update or {}), "as_node": as_node}
        if as_node is not None:
            data["due"] = [due_to_json(due) for due in self._after_node(as_node, position, dict(update or {}))]
        if goto is not None:
            nodes = [goto] if isinstance(goto, str) else list(goto)
            data["due"] = [*data.get("due", ()), *(self._known_node(node) for node in nodes)]
        return data

    def _known_node(self, node: str) -> str:
        known = [one.id for one in self.shape.nodes] if self.shape is not None else []
        if node not in known:
            raise UsageError(f"there is no node {node!r}.{nearest(node, known)}", f"run {self.id}")
        return node

    def _after_node(self, node: str, position: Position, update: dict[str, Any]) -> list[Due]:
        """What is due once a node has written an update."""
        from victor_nb.workflows.blocking import run_to_end
        from victor_nb.workflows.routing import due_after

        shape = self.shape
        self._known_node(node)
        if shape is not None and any(edge.is_conditional and edge.source == node for edge in shape.edges):
            if self.workflow is None:
                raise UsageError(
                    f"where {node!r} leads is decided by a route, and the workflow is not here to ask",
                    f"run {self.id}",
                    "name the workflow: WorkflowRun(journal, run_id, workflow)",
                )
            return run_to_end(due_after(self.workflow.plan(), node, position, update))
        graph = newest_graph(self.journal, self.id) or {}
        return [Due(target) for target in graph["rules"]["after"].get(node, ())]

    # -- reading -------------------------------------------------------------------------------------------------------

    @property
    def _past(self) -> Past:
        reducers = self.workflow.plan().rules.reducers if self.workflow is not None else {}
        return Past(self.journal, self.info, reducers)

    def _superstep(self, at: At) -> int | None:
        if at is None or isinstance(at, int):
            return len(self._checkpoints()) + at if isinstance(at, int) and at < 0 else at
        if isinstance(at, Checkpoint):
            return at.superstep
        found = [one.superstep for one in self._checkpoints() if at in one.nodes or at == one.name]
        if not found:
            known = {node for one in self._checkpoints() for node in one.nodes}
            raise UsageError(
                f"no checkpoint is called {at!r}.{nearest(at, known)}",
                f"run {self.id}",
                f"victor checkpoints {self.id}",
            )
        return found[-1]

    def _at(self, superstep: int) -> Checkpoint:
        found = [one for one in self._checkpoints() if one.superstep == superstep]
        if not found:
            raise UsageError(
                f"run {self.id} has no checkpoint {superstep}", hint=f"list them: victor checkpoints {self.id}"
            )
        return found[0]

    def _checkpoints(self) -> list[Checkpoint]:
        info = self.info
        made = _Made(self)
        for span in spans_of(self.journal.store, info):
            for event in self._outline(span):
                made.take(event)
        return made.ended(lambda: self._past.at(None).superstep)

    def _outline(self, span: Span) -> list[Event]:
        """The events that checkpoints are made of, with the bodies only of edits, which are few."""
        store = self.journal.store

        def read(types: tuple[str, ...], bodies: bool) -> list[Event]:
            return store.events(
                span.run_id, after=span.after, through=span.through, types=types, last=None, bodies=bodies
            )

        edits = {event.seq: event for event in read((EDITED,), True)}
        outline = read(TOP_TYPES, False)
        return [edits.get(event.seq, event) for event in outline]


def _after(history: list[Checkpoint], common: int | None) -> list[str]:
    return [
        f"{one.superstep}/{node}" for one in history if common is None or one.superstep > common for node in one.nodes
    ]


class _Made:
    """Makes checkpoints of events, oldest first."""

    def __init__(self, run: WorkflowRun) -> None:
        self._run = run
        self._done: list[Checkpoint] = []
        self._number = 0
        self._events: list[Event] = []
        self._names: dict[int, str] = {}

    def take(self, event: Event) -> None:
        if event.type == "step.finished" and not event.step_id.startswith("0/"):
            number = event.step_id.partition("/")[0]
            if event.parent_id or not number.isdigit():
                return  # of an agent, a step or a graph inside a node
            if int(number) != self._number:
                self._finish()
                self._number = int(number)
            self._events.append(event)
        elif event.type == "run.started":
            if not self._done:
                self._add(0, event, (), "input")
        elif event.type == GRAPH or event.step_id == f"0/{START}":
            if self._number == 0:  # the graph, and where its first routes lead, are there before anything runs
                self._done = [msgspec.structs.replace(self._done[0], run_id=event.run_id, seq=event.seq)]
        elif event.type == EDITED:
            superstep = event.data["superstep"]
            if self._number == superstep:
                self._finish()
            self._events = []
            self._done = [one for one in self._done if one.superstep <= superstep]
            self._add(superstep + 1, event, (), "edit")
        elif event.type == SNAPSHOT and event.step_id:
            number, _, node = event.step_id.partition("/")
            self._names[int(number)] = node

    def _finish(self) -> None:
        if self._events:
            nodes = dict.fromkeys(event.step_id.partition("/")[2].partition("#")[0] for event in self._events)
            self._add(self._number, self._events[-1], tuple(nodes), "nodes")
            self._events = []

    def _add(
        self, superstep: int, event: Event, nodes: tuple[str, ...], source: Literal["input", "nodes", "edit"]
    ) -> None:
        self._number = superstep
        self._done.append(Checkpoint(superstep, event.time, nodes, source, "", event.run_id, event.seq, self._run))

    def ended(self, last: Any) -> list[Checkpoint]:
        """All checkpoints; the last superstep counts only if all of its nodes are done."""
        if self._events and (self._run.info.is_finished or last() >= self._number):
            self._finish()
        if not self._names:
            return self._done
        return [msgspec.structs.replace(one, name=self._names.get(one.superstep, "")) for one in self._done]
