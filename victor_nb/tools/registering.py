"""The registry: every tool that can be named, and the toolsets that wait for something to work on.

1. A name is found in constant time. Two tools of one name are an error that names both places.
2. A toolset is registered as a recipe. It is built once at registration on an empty workbench, to know its
   tools, and again for each agent on that agent's workbench.
3. Declaring a tool again in the same place (a notebook cell run twice) replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from victor_nb.errors import nearest
from victor_nb.journal import Effect
from victor_nb.tools.declaring import Cost, Tool, Toolset
from victor_nb.tools.errors import CategoryFileError, DuplicateTool, UnknownTool
from victor_nb.tools.searching import ranked

if TYPE_CHECKING:
    from victor_nb.tools.builtin.python_cell import Execute
    from victor_nb.tools.categories import Override


@dataclass(frozen=True, slots=True)
class Workbench:
    """What built-in toolsets work on.

    Attributes:
        namespace: variables by name, read when a tool is called.
        root: the project folder, which file tools do not leave.
        execute: runs code in the user's kernel; None where there is none.
    """

    namespace: Mapping[str, object] = field(default_factory=dict)
    root: Path = field(default_factory=Path)
    execute: Execute | None = None


@dataclass(frozen=True, slots=True)
class ToolsetRecipe:
    """How to build a toolset on a workbench."""

    name: str
    description: str
    build: Callable[[Workbench], Toolset]


Entry = TypeVar("Entry", Tool, Toolset, ToolsetRecipe)


class ToolRegistry:
    """Tools and toolsets by name."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}
        self._recipes: dict[str, ToolsetRecipe] = {}
        self._home: dict[str, str] = {}  # tool name -> name of the toolset that it belongs to
        self._overrides: dict[str, Override] = {}

    def add(self, entry: Entry) -> Entry:
        """Register a tool, a toolset or a recipe, and return it, so that it serves as a decorator.

        Raises:
            DuplicateTool: the name is taken by a tool that was declared elsewhere. Nothing is added then.
        """
        if isinstance(entry, Tool):
            self._put([entry], home=None)
        elif isinstance(entry, Toolset):
            bound = entry
            self._put(bound.tools, home=bound.name)
            self._recipes[bound.name] = ToolsetRecipe(bound.name, "", lambda _: bound)
        else:
            self._put(entry.build(Workbench()).tools, home=entry.name)
            self._recipes[entry.name] = entry
        return entry

    def _put(self, tools: Iterable[Tool], home: str | None) -> None:
        members = list(tools)
        for tool in members:
            taken = self._tools.get(tool.name)
            if taken is not None and _identity(taken) != _identity(tool):
                raise DuplicateTool.between(tool.name, first=taken.place, second=tool.place)
        for tool in members:
            self._tools[tool.name] = self._overridden(tool)
            if home is not None:
                self._home[tool.name] = home

    def get(self, name: str) -> Tool:
        """Return the tool of that name; one of a recipe is bound to an empty workbench.

        Raises:
            UnknownTool: with the nearest name.
        """
        if (tool := self._tools.get(name)) is None:
            raise self._unknown(name)
        return tool

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __len__(self) -> int:
        return len(self._tools)

    def __iter__(self) -> Iterator[Tool]:
        return iter(self.list())

    def list(self) -> tuple[Tool, ...]:
        """Return all tools in the order of their names."""
        return tuple(self._tools[name] for name in sorted(self._tools))

    def toolsets(self) -> tuple[ToolsetRecipe, ...]:
        """Return the toolsets in the order of their names."""
        return tuple(self._recipes[name] for name in sorted(self._recipes))

    def toolset_of(self, tool: str) -> str:
        """Return the name of the toolset that a tool came with; empty if it came alone."""
        return self._home.get(tool, "")

    def filter(
        self,
        *,
        category: str | None = None,
        cost: Cost | None = None,
        effect: Effect | None = None,
        keyword: str | None = None,
    ) -> tuple[Tool, ...]:
        """Return the tools that fit every condition given, in the order of their names."""
        return tuple(
            tool
            for tool in self.list()
            if (category is None or tool.category == category)
            and (cost is None or tool.cost == cost)
            and (effect is None or tool.effect == effect)
            and (keyword is None or keyword.lower() in (word.lower() for word in tool.keywords))
        )

    def search(self, query: str, limit: int = 10) -> tuple[Tool, ...]:
        """Return the tools that fit the words of a query, best first."""
        return tuple(ranked(self._tools.values(), query)[:limit])

    def select(self, names: Iterable[str], workbench: Workbench) -> tuple[Tool, ...]:
        """Return the tools that `names` ask for, each once, in that order, bound to the workbench.

        A name is a tool's or a toolset's; a toolset stands for all its tools.

        Raises:
            UnknownTool: a name that is neither, with the nearest one.
        """
        built: dict[str, dict[str, Tool]] = {}
        chosen: dict[str, Tool] = {}
        for name in names:
            home = name if name in self._recipes else self._home.get(name, "")
            if not home:
                chosen[name] = self.get(name)
                continue
            if home not in built:
                built[home] = {t.name: self._overridden(t) for t in self._recipes[home].build(workbench)}
            chosen |= built[home] if name == home else {name: built[home][name]}
        return tuple(chosen.values())

    def apply(self, overrides: Mapping[str, Override]) -> None:
        """Let a categories file change category, cost and keywords of tools that are registered.

        Raises:
            CategoryFileError: it names a tool that is not there, with file and line. Nothing is changed then.
        """
        for name, override in overrides.items():
            if name not in self._tools:
                raise CategoryFileError(f"there is no tool {name!r}.{nearest(name, self._tools)}", override.where)
        self._overrides |= overrides
        self._tools = {name: self._overridden(tool) for name, tool in self._tools.items()}

    def _overridden(self, tool: Tool) -> Tool:
        override = self._overrides.get(tool.name)
        return override.applied_to(tool) if override else tool

    def _unknown(self, name: str) -> UnknownTool:
        return UnknownTool(
            f"there is no tool {name!r}.{nearest(name, [*self._tools, *self._recipes])}",
            hint="victor tools lists them",
        )


def _identity(tool: Tool) -> tuple[object, object]:
    return tool.function.__module__, tool.function.__qualname__
