"""One notebook executed through papermill, and the truth about it: `execute_notebook`.

Names resolve on first use: nbclient and papermill are imported when a notebook is executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.pipelines.executing.cell_outputs import Bounds
    from victor_nb.pipelines.executing.engine_names import EngineCannot, UnknownEngine
    from victor_nb.pipelines.executing.execution import Execution, execute_notebook, run_notebook
    from victor_nb.pipelines.executing.kernel_names import UnknownKernel
    from victor_nb.pipelines.executing.notebook_files import (
        InvalidNotebook,
        NotebookNotFound,
        NotebookNotSaved,
        read_notebook,
    )
    from victor_nb.pipelines.executing.outcomes import CellError, CellOutcome, NotebookFailed, NotebookOutcome
    from victor_nb.pipelines.executing.saving import fold, recovered

_HOME = {
    "Bounds": "cell_outputs",
    "CellError": "outcomes",
    "CellOutcome": "outcomes",
    "EngineCannot": "engine_names",
    "Execution": "execution",
    "InvalidNotebook": "notebook_files",
    "NotebookFailed": "outcomes",
    "NotebookNotFound": "notebook_files",
    "NotebookNotSaved": "notebook_files",
    "NotebookOutcome": "outcomes",
    "UnknownEngine": "engine_names",
    "UnknownKernel": "kernel_names",
    "execute_notebook": "execution",
    "fold": "saving",
    "read_notebook": "notebook_files",
    "recovered": "saving",
    "run_notebook": "execution",
}

__all__ = [
    "Bounds",
    "CellError",
    "CellOutcome",
    "EngineCannot",
    "Execution",
    "InvalidNotebook",
    "NotebookFailed",
    "NotebookNotFound",
    "NotebookNotSaved",
    "NotebookOutcome",
    "UnknownEngine",
    "UnknownKernel",
    "execute_notebook",
    "fold",
    "read_notebook",
    "recovered",
    "run_notebook",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
