"""Calling tools from plain tests."""

from __future__ import annotations

import asyncio
from typing import Any

from victor_nb.tools import Toolset


def call(toolset: Toolset, name: str, /, **arguments: Any) -> Any:
    """Call a tool of a toolset by name, through validation, and wait for it."""
    found = {tool.name: tool for tool in toolset}[name]
    return asyncio.run(found.call(arguments))
