"""What can be done: typed functions that agents may call, a registry of them, and built-in toolsets.

Importing this package imports no pandas, numexpr, matplotlib, DuckDB, pydantic or NumPy. Toolsets and the
default registry resolve on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.tools.caching.rules import Caching
from victor_nb.tools.categories import Override, load_categories
from victor_nb.tools.declaring import Cost, Tool, Toolset, tool
from victor_nb.tools.errors import (
    CategoryFileError,
    DuplicateTool,
    ExpressionError,
    NotTabular,
    QueryError,
    ToolArgumentError,
    ToolDeclarationError,
    ToolError,
    ToolRefused,
    ToolTimeout,
    UnknownColumn,
    UnknownTool,
    UnknownVariable,
)
from victor_nb.tools.registering import ToolRegistry, ToolsetRecipe, Workbench
from victor_nb.tools.roles import Role
from victor_nb.tools.values import Artifact, to_model_text

if TYPE_CHECKING:
    from victor_nb.tools.builtin.kernel_variables import kernel_variables
    from victor_nb.tools.builtin.project_files import project_files
    from victor_nb.tools.builtin.python_cell import CellOutcome, python_cell
    from victor_nb.tools.builtin.python_docs import python_docs
    from victor_nb.tools.builtin.shell import shell
    from victor_nb.tools.builtin.sql import sql
    from victor_nb.tools.builtin.variables import describe_variables
    from victor_nb.tools.caching.cache import ToolCache
    from victor_nb.tools.caching.project import project_cache
    from victor_nb.tools.defaults import registry

_HOME = {
    "CellOutcome": "builtin.python_cell",
    "ToolCache": "caching.cache",
    "describe_variables": "builtin.variables",
    "kernel_variables": "builtin.kernel_variables",
    "project_cache": "caching.project",
    "project_files": "builtin.project_files",
    "python_cell": "builtin.python_cell",
    "python_docs": "builtin.python_docs",
    "registry": "defaults",
    "shell": "builtin.shell",
    "sql": "builtin.sql",
}

__all__ = [
    "Artifact",
    "Caching",
    "CategoryFileError",
    "CellOutcome",
    "Cost",
    "DuplicateTool",
    "ExpressionError",
    "NotTabular",
    "Override",
    "QueryError",
    "Role",
    "Tool",
    "ToolArgumentError",
    "ToolCache",
    "ToolDeclarationError",
    "ToolError",
    "ToolRefused",
    "ToolRegistry",
    "ToolTimeout",
    "Toolset",
    "ToolsetRecipe",
    "UnknownColumn",
    "UnknownTool",
    "UnknownVariable",
    "Workbench",
    "describe_variables",
    "kernel_variables",
    "load_categories",
    "project_cache",
    "project_files",
    "python_cell",
    "python_docs",
    "registry",
    "shell",
    "sql",
    "to_model_text",
    "tool",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.tools' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
