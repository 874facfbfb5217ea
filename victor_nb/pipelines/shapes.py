"""The shape of a pipeline, as drawings and views need it: its nodes, and what needs what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from victor_nb.pipelines.spec import Node, NodeKind, NotebookWork, PipelineSpec, WorkflowWork
from victor_nb.workflows.shape import EdgeShape, GraphShape, NodeShape
from victor_nb.workflows.shape import NodeKind as DrawnKind

_DRAWN: Final[Mapping[NodeKind, DrawnKind]] = {
    "notebook": "notebook",
    "compute": "function",
    "agent": "agent",
    "workflow": "workflow",
}


def shape_of(spec: PipelineSpec, needs: Mapping[str, Mapping[str, str]]) -> GraphShape:
    """Return the shape of a pipeline.

    Args:
        needs: by node, the nodes that it needs, with the reasons.
    """
    nodes = tuple(_node(node) for node in spec.nodes)
    edges = tuple(
        EdgeShape(needed, node.id, is_conditional=node.when is not None)
        for node in spec.nodes
        for needed in needs.get(node.id, ())
    )
    return GraphShape(spec.name, nodes, edges)


def _node(node: Node) -> NodeShape:
    about = node.about or (node.work.path if isinstance(node.work, NotebookWork) else "")
    return NodeShape(node.id, _DRAWN[node.kind], _label(node), about, _inside(node))


def _inside(node: Node) -> GraphShape | None:
    work = node.work
    if not isinstance(work, WorkflowWork) or isinstance(work.workflow, str):
        return None
    return work.workflow.shape()


def _label(node: Node) -> str:
    """The id, and for a matrix how many members there are: `train * 3`; `train * n` where that is not known yet."""
    if not node.matrix:
        return ""
    count = 1
    for values in node.matrix.values():
        if isinstance(values, str):
            return f"{node.id} * n"
        count *= len(values)
    return f"{node.id} * {count}"
