"""`type: workflow`: another workflow, as a part of this run. Its final state is the node's value.

With `inputs` it is started with them; without, with those of the values here that it has a name for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from victor_nb.errors import nearest
from victor_nb.workflows.sources import Reading
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.node_types.registry import NodeType
from victor_nb.workflows.yaml_file.templated import SKIPPED, Given, Work

if TYPE_CHECKING:
    from victor_nb.workflows.graph import Workflow


class WorkflowFields(NodeFields):
    """Another workflow; its final state is the node's value."""

    type: Literal["workflow"] = Field("workflow", description="Another workflow; its final state is the node's value.")
    workflow: str = Field(
        description="The file, from the folder of this one; or module:name of a Workflow in Python.", min_length=1
    )


@dataclass(frozen=True)
class _Part:
    """Runs the other workflow inside the node."""

    inner: Workflow
    names: frozenset[str]

    async def __call__(self, given: Given) -> Any:
        values = given.values if given.inputs is None else given.inputs
        result = await self.inner.run({name: value for name, value in values.items() if name in self.names})
        if isinstance(result.state, Mapping):
            return {name: value for name, value in result.state.items() if name != SKIPPED}
        return result.state


def _make(fields: WorkflowFields, building: Building) -> Work | None:
    inner = building.workflow("workflow", fields.workflow)
    if inner is None:
        return None
    names = frozenset(inner.plan().input.keys) - {SKIPPED}
    for name in fields.inputs or {}:
        if name not in names:
            building.note_input(name, f"workflow {inner.name!r} has no value {name!r}.{nearest(name, names)}")
    may_see = names & building.values if fields.inputs is None else frozenset[str]()
    source = Reading(f"{inner.name}:{sorted(inner.plan().sources().items())}")
    return Work(
        _Part(inner, names),
        "workflow",
        is_async=True,
        wants_runtime=True,
        source=source,
        inside=inner,
        may_see=may_see,
        about=inner.about or f"workflow {inner.name}",
    )


TYPE: Final = NodeType("workflow", WorkflowFields, _make)
