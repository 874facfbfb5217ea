"""A graph as Mermaid text, which GitHub, JupyterLab and documentation pages draw by themselves.

1. Nodes are n0, n1, … in their order, so no name can break the syntax; names are quoted, and what Mermaid would read
   as markup is written as an entity.
2. A sub-workflow is a `subgraph`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_nb.workflows.shape import GraphShape, NodeShape

_AROUND: Final = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "agent": ("(", ")"),
    "human": ("[/", "/]"),
    "tool": ("[[", "]]"),
    "notebook": ("[(", ")]"),
}
_ENTITIES: Final = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "`": "#96;", "&": "#amp;"}


def to_mermaid(shape: GraphShape) -> str:
    """Write a flowchart from top to bottom."""
    return "\n".join(["flowchart TD", *_lines(shape, "n", "    ")]) + "\n"


def _lines(shape: GraphShape, prefix: str, indent: str) -> Iterator[str]:
    known = {node.id: node for node in shape.nodes}
    for edge in shape.edges:
        for end in (edge.source, edge.target):
            known.setdefault(end, NodeShape(end))
    names = {node_id: f"{prefix}{at}" for at, node_id in enumerate(known)}
    for node in known.values():
        yield from _node(node, names[node.id], indent)
    for edge in shape.edges:
        arrow = "-.->" if edge.is_conditional else "-->"
        label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
        yield f"{indent}{names[edge.source]} {arrow}{label} {names[edge.target]}"


def _node(node: NodeShape, name: str, indent: str) -> Iterator[str]:
    label = f'"{_quoted(node.label or (node.kind if node.kind in ("start", "end") else node.id))}"'
    if node.inside and node.inside.nodes:
        yield f"{indent}subgraph {name} [{label}]"
        yield from _lines(node.inside, f"{name}_", indent + "    ")
        yield f"{indent}end"
        return
    before, after = _AROUND.get(node.kind, ("[", "]"))
    yield f"{indent}{name}{before}{label}{after}"


def _quoted(text: str) -> str:
    return "".join(_ENTITIES.get(one, one) for one in " ".join(text.split()) if one.isprintable())
