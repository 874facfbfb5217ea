"""One notebook executed through papermill, and the truth about it: `execute_notebook`.

Names resolve on first use: nbclient and papermill are imported when a notebook is executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cell_outputs import Bounds
    from .engine_names import EngineCannot, UnknownEngine
    from .execution import Execution, execute_notebook, run_notebook
    from .kernel_names import UnknownKernel
    from .notebook_files import InvalidNotebook, NotebookNotFound, NotebookNotSaved, read_notebook
    from .outcomes import CellError, CellOutcome, NotebookFailed, NotebookOutcome
    from .saving import fold, recovered

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
