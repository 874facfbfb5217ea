"""The default registry: the built-in toolsets, each by its recipe."""

from __future__ import annotations

from typing import Final

from victor_nb.tools.builtin.kernel_variables import kernel_variables
from victor_nb.tools.builtin.project_files import project_files
from victor_nb.tools.builtin.python_cell import python_cell, without_kernel
from victor_nb.tools.builtin.python_docs import python_docs
from victor_nb.tools.builtin.shell import shell
from victor_nb.tools.builtin.sql import sql
from victor_nb.tools.registering import ToolRegistry, ToolsetRecipe


def _built_in() -> ToolRegistry:
    made = ToolRegistry()
    for recipe in (
        ToolsetRecipe(
            "kernel_variables",
            "look at, query and plot variables of the kernel",
            lambda bench: kernel_variables(bench.namespace),
        ),
        ToolsetRecipe("sql", "SQL over the kernel's tables, read only", lambda bench: sql(bench.namespace)),
        ToolsetRecipe(
            "python_cell",
            "run Python in the kernel, after approval",
            lambda bench: python_cell(bench.execute or without_kernel),
        ),
        ToolsetRecipe(
            "project_files",
            "list, read, search and write project files",
            lambda bench: project_files(bench.root),
        ),
        ToolsetRecipe("shell", "run a shell command, after approval", lambda bench: shell(bench.root)),
        ToolsetRecipe(
            "python_docs", "documentation of live Python objects", lambda bench: python_docs(bench.namespace)
        ),
    ):
        made.add(recipe)
    return made


registry: Final = _built_in()
