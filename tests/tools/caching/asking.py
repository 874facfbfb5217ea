"""Asking a cache as a test does: a function, its arguments, and whether the answer was an earlier one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from victor_nb.tools import Caching, Tool, ToolCache, tool
from victor_nb.tools.caching.cache import Answer


class Project:
    """A folder with a cache."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.cache = ToolCache(root / ".victor", **options)

    def ask(self, function: Callable[..., Any] | Tool, /, **arguments: Any) -> Answer:
        """Call a function as a cached tool."""
        return asyncio.run(self.cache.call(as_tool(function), arguments))

    def is_cached(self, function: Callable[..., Any] | Tool, /, **arguments: Any) -> bool:
        """Whether a call is answered from an earlier one."""
        return self.ask(function, **arguments).is_cached

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project, in place."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def as_tool(function: Callable[..., Any] | Tool, rule: bool | Caching = True) -> Tool:
    """Return a function as a tool that is cached."""
    return function if isinstance(function, Tool) else tool(effect="read", cache=rule)(function)
