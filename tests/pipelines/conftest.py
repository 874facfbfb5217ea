"""What the tests of pipelines share: a folder with a journal, and pipelines in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.made import notebook as made_notebook
from victor_nb.journal import Journal, open_journal
from victor_nb.pipelines import Node, Pipeline, PipelineResult


class Place:
    """A folder in which pipelines run.

    Attributes:
        path: the folder.
        journal: where runs are recorded.
    """

    def __init__(self, path: Path, journal: Journal) -> None:
        self.path, self.journal = path, journal

    def notebook(self, name: str, *cells: dict[str, object] | str) -> str:
        """Write a notebook and return its name."""
        (self.path / name).write_text(json.dumps(made_notebook(*cells)), encoding="utf-8")
        return name

    def pipeline(self, *nodes: Node, **parameters: object) -> Pipeline:
        """Return a pipeline of nodes, with default values of parameters."""
        return Pipeline("demo", nodes, parameters, folder=self.path)

    def run(self, *nodes: Node, parameters: dict[str, object] | None = None, **options: Any) -> PipelineResult:
        """Run nodes as a pipeline."""
        return self.pipeline(*nodes).run_sync(parameters, journal=self.journal, **options)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty folder with an empty journal."""
    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}") as journal:
        yield Place(tmp_path, journal)
