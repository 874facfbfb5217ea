"""From the name of a tool in a file to the tool: of the registry, or a handler of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from victor_nb.errors import nearest
from victor_nb.tools import Tool, Toolset, UnknownTool, Workbench, registry, tool
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.handlers import NotFound

Bind = Callable[[Mapping[str, Any], Path], Tool]
"""From the values that a tool may see, and the folder it works in, to the tool."""

BindAll = Callable[[Mapping[str, Any], Path], Sequence[Tool]]


def tool_named(building: Building, key: str, name: str) -> Bind | None:
    """Return what makes the tool of that name; None, and a mistake at `key`, where there is none."""
    bind = tools_named(building, key, name)
    if bind is None:
        return None
    tools = bind({}, Path())
    if len(tools) != 1:
        listed = ", ".join(one.name for one in tools)
        building.note(key, f"{name!r} is a toolset: a node calls one tool", f"its tools are {listed}")
        return None
    return lambda values, folder: bind(values, folder)[0]


def tools_named(building: Building, key: str, name: str) -> BindAll | None:
    """Return what makes the tool, or the tools of the toolset, of that name; None, and a mistake, if there is none."""
    try:
        registry.select([name], Workbench())
        return lambda values, folder: registry.select([name], Workbench(values, folder))
    except UnknownTool:
        found = _handler(building, key, name)
    if isinstance(found, Toolset):
        return lambda values, folder: found.tools
    if isinstance(found, Tool):
        return lambda values, folder: (found,)
    if callable(found):
        made = tool(found)
        return lambda values, folder: (made,)
    return None


def _handler(building: Building, key: str, name: str) -> Any:
    try:
        return building.handlers.named(name)
    except NotFound as nothing:
        if ":" in name:
            building.note(key, nothing.what, nothing.hint)
            return None
        tools = [one.name for one in (*registry, *registry.toolsets())]
        close = nearest(name, [*building.handlers.known(), *tools])
        building.note(key, f"there is no tool {name!r}.{close}", f"`victor tools` lists them; or {nothing.hint}")
        return None
