"""`type: tool`: one call of a registered tool, with the node's inputs as its arguments.

The tool's effect class is the node's. A tool that needs approval asks as a human node does: the run waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from victor_nb.errors import nearest
from victor_nb.workflows.runtime import interrupt
from victor_nb.workflows.sources import read
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.node_types.registry import NodeType
from victor_nb.workflows.yaml_file.node_types.tool_names import tool_named
from victor_nb.workflows.yaml_file.templated import INDEX, Given, Work, first_line

if TYPE_CHECKING:
    from victor_nb.tools import Tool


class ToolFields(NodeFields):
    """One call of a tool, with `inputs` as its arguments."""

    type: Literal["tool"] = Field("tool", description="One call of a tool, with `inputs` as its arguments.")
    tool: str = Field(description="The name of a registered tool or of a handler, or module:function.", min_length=1)


@dataclass(frozen=True)
class _Call:
    """Calls a tool; one of a toolset is bound to the values that there are and to the working folder."""

    id: str
    tool: Callable[[Any, Path], Tool]

    async def __call__(self, given: Given) -> Any:
        tool = self.tool(given.values, Path.cwd())
        arguments = dict(given.inputs or {})
        if tool.approval:
            question = {"prompt": f"may {tool.name} be called?", "tool": tool.name, "inputs": arguments}
            if not interrupt(question, key=f"{self.id}[{given.values.get(INDEX, '')}]", schema=bool):
                return None
        return await tool.call(arguments)


def _make(fields: ToolFields, building: Building) -> Work | None:
    bind = tool_named(building, "tool", fields.tool)
    if bind is None:
        return None
    tool = bind({}, Path())
    known = tool.schema.parameters.get("properties", {})
    for name in fields.inputs or {}:
        if name not in known:
            building.note_input(name, f"{tool.name} takes no {name!r}.{nearest(name, known)}")
    for name in tool.schema.parameters.get("required", ()):
        if name not in (fields.inputs or {}):
            building.note("inputs", f"{tool.name} wants {name!r}, which nobody gives")
    call = _Call(fields.id, bind)
    return Work(
        call,
        "tool",
        is_async=True,
        wants_runtime=True,
        source=read(tool.function),
        effect=tool.effect,
        about=first_line(tool.description),
    )


TYPE: Final = NodeType("tool", ToolFields, _make)
