"""What a run of a pipeline came to: every node with its status, its value and why; read from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from victor_nb.errors import UsageError, VictorError, nearest

if TYPE_CHECKING:
    from victor_nb.workflows.control import Interrupt

NodeStatus = Literal["pending", "running", "finished", "cached", "failed", "killed", "skipped", "stopped"]
Because = Literal["", "when", "failed", "not asked"]


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one member of a node.

    Attributes:
        id: of the member; of a node without a matrix, the node's.
        why: why it ran and was not taken from the cache, which entry it was taken from, or why it was skipped.
        because: of one that was skipped, the sort of reason.
        seconds: that it took; None where it did not end.
        notebook: the executed notebook; empty where there is none.
        matrix: its values of the matrix.
        outputs: the files that it declares, by path, with the hash of their content.
        error: why it failed.
    """

    id: str
    node: str
    kind: str
    status: NodeStatus = "pending"
    why: str = ""
    because: Because = ""
    seconds: float | None = None
    notebook: str = ""
    matrix: Mapping[str, object] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    error: VictorError | None = None
    load: Callable[[], object] = field(default=lambda: None, repr=False, compare=False)

    @property
    def value(self) -> Any:
        """What it made: of a notebook, a dict of what was glued; None where it did not end well."""
        return self.load()

    @property
    def is_done(self) -> bool:
        """Whether it has a value that others can use."""
        return self.status in ("finished", "cached")

    def to_json(self) -> dict[str, object]:
        """Return all but the value, as JSON values."""
        told: dict[str, object] = {
            "id": self.id,
            "node": self.node,
            "kind": self.kind,
            "status": self.status,
            "cached": self.status == "cached",
            "why": self.why,
            "seconds": self.seconds,
            "notebook": self.notebook or None,
        }
        if self.error is not None:
            told["error"] = {"what": self.error.what, "where": self.error.where, "hint": self.error.hint}
        return told


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """What a run of a pipeline came to.

    Attributes:
        status: "finished", "failed", "waiting" for an answer, "stopped", or "running".
        parameters: those of the pipeline.
        nodes: in the order of the pipeline, members of a matrix one by one.
        questions: what nodes ask, of a run that waits; `run(run_id=…, answer=…)` goes on.
    """

    name: str
    run_id: str
    status: str
    parameters: Mapping[str, object]
    nodes: tuple[NodeResult, ...]
    questions: tuple[Interrupt, ...] = ()

    def __getitem__(self, node: str) -> Any:
        """Return the value of a node, or of one member of it.

        Raises:
            UsageError: there is no such node.
        """
        for one in self.nodes:
            if one.id == node:
                return one.value
        if found := [one for one in self.nodes if one.node == node]:
            return value_of(found)
        known = list(dict.fromkeys(name for one in self.nodes for name in (one.node, one.id)))
        raise UsageError(f"there is no node {node!r}.{nearest(node, known)}", f"run {self.run_id}")

    @property
    def values(self) -> dict[str, Any]:
        """The value of every node, by its id; of one with a matrix, the list of its members' values."""
        return {node: self[node] for node in dict.fromkeys(one.node for one in self.nodes)}

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        told: dict[str, object] = {"run_id": self.run_id, "status": self.status}
        if self.questions:
            told["questions"] = [{"id": one.id, "node": one.node, "value": one.value} for one in self.questions]
        return {**told, "notebooks": [one.to_json() for one in self.nodes]}

    def __str__(self) -> str:
        width = max((len(one.id) for one in self.nodes), default=0)
        lines = [f"{one.id:<{width}}  {one.status:<8}  {_seconds(one):>9}  {one.why}".rstrip() for one in self.nodes]
        return "\n".join([f"{self.name}: {self.status} (run {self.run_id})", *lines])

    def _repr_pretty_(self, printer: Any, is_cyclic: bool) -> None:
        printer.text(str(self))


def value_of(members: Iterable[NodeResult]) -> Any:
    """Return the value of a node from its members: the one there is, or a list with the values of the matrix."""
    several = list(members)
    if len(several) == 1 and not several[0].matrix:
        return several[0].value
    return [joined(one.matrix, one.value) for one in several]


def joined(matrix: Mapping[str, object], value: object) -> dict[str, object]:
    """Return a member's value together with its values of the matrix."""
    return {**matrix, **(value if isinstance(value, Mapping) else {"value": value})}


def _seconds(one: NodeResult) -> str:
    return f"{one.seconds:.2f} s" if one.seconds is not None else ""
