"""What the tests of executing share: a folder in which one notebook is executed, and what was told about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.pipelines.made import notebook
from victor_nb.pipelines.executing import Execution, NotebookOutcome, execute_notebook
from victor_nb.pipelines.kernels import close_zygotes

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="children of kernels are found on Linux only")


@pytest.fixture(scope="session", autouse=True)
def _zygotes() -> Iterator[None]:
    yield
    close_zygotes()


class Desk:
    """Executes notebooks in a folder.

    Attributes:
        told: the events of the last execution, as (kind, about).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.output = path / "out" / "done.ipynb"
        self.told: list[tuple[str, dict[str, Any]]] = []

    def write(self, *cells: dict[str, object] | str, name: str = "book.ipynb") -> Path:
        """Write a notebook."""
        source = self.path / name
        source.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
        return source

    def run(
        self, *cells: dict[str, object] | str, parameters: dict[str, object] | None = None, **how: Any
    ) -> NotebookOutcome:
        """Write a notebook and execute it."""
        self.told.clear()
        return execute_notebook(
            self.write(*cells),
            self.output,
            parameters,
            on_event=lambda kind, about: self.told.append((kind, about)),
            how=Execution(cwd=self.path, **how),
        )

    def kinds(self, *but: str) -> list[str]:
        """Return the kinds of events that everybody is told of, in order."""
        live = {"kernel.sample", "cell.output", *but}
        return [kind for kind, _ in self.told if kind not in live]

    def about(self, kind: str) -> dict[str, Any]:
        """Return what the first event of a kind says."""
        return next(about for one, about in self.told if one == kind)

    def saved(self) -> Any:
        """Return the executed notebook as it is on disk, without papermill's marks."""
        book = nbformat.read(self.output, 4)
        book.cells = [cell for cell in book.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]
        return book

    def statuses(self) -> list[str]:
        """Return what papermill's readers find about each cell."""
        return [cell.metadata.papermill.status for cell in self.saved().cells]

    def text(self, cell: int) -> str:
        """Return all that a saved cell printed or showed as text."""
        outputs = self.saved().cells[cell].outputs
        return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder."""
    return Desk(tmp_path)
