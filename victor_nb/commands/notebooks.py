"""Executing a notebook through papermill, with the kernel's homes moved away and this very interpreter in it.

1. Nothing outside the given folders is written: Jupyter's, IPython's and matplotlib's files go to `homes`.
2. The kernel is this interpreter, not whichever kernelspec is called python3 on this machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from victor_nb.errors import VictorError

KERNEL: Final = "victor-this-python"
ANSWER_TAG: Final = "answer"
"""Cells with this tag show an agent's answer; its text must be the same in every replay."""
_START_TIMEOUT_S: Final = 120
_HEADLINE_LENGTH: Final = 72


class NotebookFailed(VictorError):
    """A cell of a notebook raised; `where` names the executed notebook, which holds the traceback."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of one notebook.

    Attributes:
        path: the executed notebook.
        cells: how many code cells ran.
        answers: the plain text of the cells tagged "answer", in order.
    """

    path: Path
    cells: int
    seconds: float
    answers: tuple[str, ...]


def execute(
    notebook: Path, target: Path, homes: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> Execution:
    """Execute `notebook` into `target`.

    Args:
        homes: a folder for what kernels and libraries write besides.
        environment: variables for the kernel.
        say: told the first line of each cell that has run.
    Raises: NotebookFailed if a cell raises.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    target.parent.mkdir(parents=True, exist_ok=True)
    _install_kernel(homes)
    began = time.monotonic()
    with _in_environment({**_homes(homes), **environment}):
        try:
            done: Any = papermill.execute_notebook(
                str(notebook),
                str(target),
                kernel_name=KERNEL,
                cwd=str(target.parent),
                progress_bar=False,
                log_output=False,
                store_widget_state=False,
                start_timeout=_START_TIMEOUT_S,
                on_cell_executed=lambda cell, cell_index, execute_reply: say(_headline(cell.source)),
            )
        except PapermillExecutionError as error:
            raise NotebookFailed(
                f"{notebook.name}, cell {error.exec_count}: {error.ename}: {error.evalue}", str(target)
            ) from error
    cells = [cell for cell in done.cells if cell.cell_type == "code" and cell.source.strip()]
    answers = tuple(_text_of(cell) for cell in cells if ANSWER_TAG in cell.metadata.get("tags", ()))
    return Execution(target, len(cells), time.monotonic() - began, answers)


def _homes(homes: Path) -> dict[str, str]:
    """Return the variables that move every library's files below `homes`."""
    return {
        "JUPYTER_DATA_DIR": str(homes / "data"),
        "JUPYTER_CONFIG_DIR": str(homes / "config"),
        "JUPYTER_RUNTIME_DIR": str(homes / "runtime"),
        "JUPYTER_PATH": str(homes / "data"),
        "IPYTHONDIR": str(homes / "ipython"),
        "MPLCONFIGDIR": str(homes / "matplotlib"),
        "TMPDIR": _made(homes / "tmp"),
        "PYTHONPATH": _import_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
        # A user's own settings must not change what is shown, and caches must not land in the user's home.
        "XDG_CONFIG_HOME": str(homes / "config"),
        "XDG_CACHE_HOME": str(homes / "cache"),
    }


def _import_path() -> str:
    """Return PYTHONPATH with this package's source checkout in front, if it is one: kernels start elsewhere."""
    folder = Path(__file__).parents[2]
    given = os.environ.get("PYTHONPATH", "")
    if not (folder / "pyproject.toml").is_file():
        return given
    return os.pathsep.join([str(folder), *([given] if given else [])])


def _made(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _install_kernel(homes: Path) -> None:
    folder = homes / "data" / "kernels" / KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    spec = {
        # Errors only: a kernel on loopback would else warn with each start that its channel is not encrypted.
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"],
        "display_name": "This Python",
        "language": "python",
    }
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


@contextmanager
def _in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while entered: papermill hands this process's environment to the kernel, and reads it itself."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _headline(source: str) -> str:
    line = next((line for line in source.splitlines() if line.strip()), "")
    return line if len(line) <= _HEADLINE_LENGTH else f"{line[: _HEADLINE_LENGTH - 1]}…"


def _text_of(cell: Any) -> str:
    """Return what a cell shows as plain text, in however many pieces its stream arrived."""
    texts = [output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join("".join(text) for text in texts)
