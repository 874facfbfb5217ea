"""The shape of a graph: what drawings, views and files need to know of a workflow, as plain data.

A shape holds no functions and no state, so it can be journaled, compared and drawn long after the code has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import msgspec

START: Final = "__start__"
"""The node before the first: edges from it lead to the nodes that begin."""

END: Final = "__end__"
"""The node after the last: an edge to it ends that branch."""

NodeKind = Literal["start", "end", "function", "agent", "human", "workflow", "tool", "notebook"]


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A node as it is drawn.

    Attributes:
        id: unique in its graph.
        label: shown instead of the id.
        about: one sentence, such as the first line of a docstring.
        inside: the graph of a sub-workflow.
    """

    id: str
    kind: NodeKind = "function"
    label: str = ""
    about: str = ""
    inside: GraphShape | None = None


@dataclass(frozen=True, slots=True)
class EdgeShape:
    """An arrow from one node to another; a conditional one is taken only when a route says so."""

    source: str
    target: str
    label: str = ""
    is_conditional: bool = False


@dataclass(frozen=True, slots=True)
class GraphShape:
    """A graph as it is drawn: nodes in the order of their definition, START and END among them where used."""

    name: str
    nodes: tuple[NodeShape, ...]
    edges: tuple[EdgeShape, ...]

    def to_json(self) -> dict[str, object]:
        """Return the shape as JSON values."""
        written: dict[str, object] = msgspec.json.decode(msgspec.json.encode(self))
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Return the shape that `to_json` wrote."""
        nodes = tuple(
            NodeShape(**{**node, "inside": GraphShape.from_json(node["inside"]) if node["inside"] else None})
            for node in written["nodes"]
        )
        return cls(written["name"], nodes, tuple(EdgeShape(**edge) for edge in written["edges"]))
