"""The graph of a pipeline's members: a matrix is drawn with all that it has."""

from __future__ import annotations

from itertools import product
from typing import Final

from victor_nb.views.pipeline_state import MemberState, PipelineState
from victor_nb.workflows.shape import EdgeShape, GraphShape, NodeShape

_MOST_EDGES: Final = 400
"""More edges than this between two matrices are drawn as one to each."""


def draw_members(known: PipelineState) -> None:
    """Draw anew, with what is known of matrices by now."""
    plain = known.plain
    if plain is None:
        return
    nodes: list[NodeShape] = []
    for node in plain.nodes:
        members = known.members.get(node.id, [node.id])
        nodes += [node if member == node.id else _drawn_member(known, node, member) for member in members]
    edges = [edge for plain_edge in plain.edges for edge in _edges(known, plain_edge)]
    known.shape = GraphShape(plain.name, tuple(nodes), tuple(edges))


def _drawn_member(known: PipelineState, node: NodeShape, member: str) -> NodeShape:
    state = known.nodes.get(member)
    matrix = state.matrix if isinstance(state, MemberState) else {}
    label = f"{node.id}[{', '.join(map(str, matrix.values()))}]" if matrix else member
    return NodeShape(member, node.kind, label, ", ".join(f"{name}={value}" for name, value in matrix.items()))


def _edges(known: PipelineState, edge: EdgeShape) -> list[EdgeShape]:
    sources, targets = (known.members.get(end, [end]) for end in (edge.source, edge.target))
    pairs = list(product(sources, targets))
    if len(pairs) > _MOST_EDGES and min(len(sources), len(targets)) > 1:
        longer = max(len(sources), len(targets))
        pairs = [(sources[at % len(sources)], targets[at % len(targets)]) for at in range(longer)]
    return [EdgeShape(source, target, edge.label, edge.is_conditional) for source, target in pairs]
