"""Files for tests: a YAML file with handlers beside it, and a journal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from victor_nb.workflows.errors import InvalidWorkflow
from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.yaml_file.loading import load_workflow

Write = Callable[..., Path]
Load = Callable[..., Workflow]
Wrong = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `flow.yaml`, and other files by their names, into one folder."""

    def write(text: str, **files: str) -> Path:
        for name, content in {"flow": text, **files}.items():
            suffix = ".yaml" if name == "flow" or name.endswith("_yaml") else ".py"
            (tmp_path / (name.removesuffix("_yaml") + suffix)).write_text(textwrap.dedent(content))
        return tmp_path / "flow.yaml"

    return write


@pytest.fixture
def load(write: Write) -> Load:
    """Writes a workflow and its files, and loads it."""

    def load(text: str, given: dict[str, Callable[..., object]] | None = None, **files: str) -> Workflow:
        return load_workflow(write(text, **files), handlers=given)

    return load


@pytest.fixture
def wrong(write: Write) -> Wrong:
    """Writes a workflow with mistakes and returns what is said of them: "line:column what; hint"."""

    def wrong(text: str, given: dict[str, Callable[..., object]] | None = None, **files: str) -> list[str]:
        path = write(text, **files)
        with pytest.raises(InvalidWorkflow) as raised:
            load_workflow(path, handlers=given)
        return [
            f"{one.where.replace(f'{path}:', '').replace(f'{path.parent}/', '')} {one.what}; {one.hint}"
            for one in raised.value.problems
        ]

    return wrong
