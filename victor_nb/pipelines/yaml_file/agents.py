"""Agents of pipeline files: a model alone, or with instructions, tools and a type of answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from victor_nb.errors import nearest
from victor_nb.pipelines.yaml_file.fields import AgentFields
from victor_nb.workflows.yaml_file.documents import Document
from victor_nb.workflows.yaml_file.handlers import Handlers, NotFound
from victor_nb.workflows.yaml_file.mistakes import Mistake
from victor_nb.workflows.yaml_file.type_names import UnknownType, python_type

if TYPE_CHECKING:
    from victor_nb.agents import Agent


def agent_of(
    fields: AgentFields, document: Document, index: int, folder: Path, mistakes: list[Mistake]
) -> Agent[object] | str:
    """Return the agent of a node, or the name of its model where it is nothing more than that."""
    if not (fields.model_fields_set & {"instructions", "tools", "answer"}):
        return fields.agent
    from victor_nb.agents import Agent

    try:
        output = python_type(fields.answer)
    except UnknownType as unknown:
        mistakes.append(Mistake(str(unknown), document.place("notebooks", index, "answer")))
        output = str
    tools: list[Any] = []
    for number, name in enumerate(fields.tools):
        try:
            tools += _tools(name, folder)
        except NotFound as nothing:
            mistakes.append(Mistake(nothing.what, document.place("notebooks", index, "tools", number), nothing.hint))
    return Agent(
        name=fields.id or "agent",
        model=fields.agent,
        tools=tools,
        instructions=fields.instructions,
        output=str if output is Any else output,
    )


def _tools(name: str, folder: Path) -> list[Any]:
    from victor_nb.tools import UnknownTool, Workbench, registry

    if ":" in name:
        return [Handlers({}, (), folder / "pipeline.yaml").find(name)]
    try:
        return list(registry.select([name], Workbench({}, folder)))
    except UnknownTool:
        known = [one.name for one in (*registry, *registry.toolsets())]
        what = f"there is no tool {name!r}.{nearest(name, known)}"
        raise NotFound(what, "`victor tools` lists them; or module:function") from None
