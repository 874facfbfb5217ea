"""Notebooks made of cells, run in a kernel, and what they printed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from victor_nb.pipelines.kernels import BatchKernelManager, kernel_manager_class


def notebook(*cells: str) -> nbformat.NotebookNode:
    """A notebook of these code cells for this environment's Python."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


@dataclass
class Ran:
    """What came of a notebook."""

    notebook: nbformat.NotebookNode
    manager: BatchKernelManager
    error: Exception | None = None

    @property
    def text(self) -> str:
        """All that its cells printed."""
        outputs = [output for cell in self.notebook.cells for output in cell.outputs]
        return "".join(output.get("text", "") for output in outputs)


class Client(NotebookClient):
    """Keeps its kernel manager when it has ended."""

    manager: BatchKernelManager

    def create_kernel_manager(self) -> Any:
        self.manager = super().create_kernel_manager()
        return self.manager


def run(
    *cells: str,
    kernels: str = "warm",
    folder: Path | None = None,
    env: dict[str, str] | None = None,
    manager_class: type[BatchKernelManager] | None = None,
    **options: Any,
) -> Ran:
    """Run cells to their end, or to their first error, which is kept."""
    book = notebook(*cells)
    chosen = manager_class or kernel_manager_class(book, kernels=kernels)
    resources = {"metadata": {"path": str(folder)}} if folder else {}
    client = Client(book, kernel_manager_class=chosen, resources=resources, **options)
    error = None
    try:
        client.execute(**({"env": env} if env is not None else {}))
    except Exception as problem:
        error = problem
    return Ran(book, client.manager, error)
