"""Files for tests: a pipeline file with notebooks beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from victor_nb.pipelines import PipelineSpec
from victor_nb.pipelines.errors import InvalidPipeline
from victor_nb.pipelines.yaml_file import read_spec

Write = Callable[[str], Path]
Read = Callable[[str], PipelineSpec]
Wrong = Callable[[str], list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `flow.yaml` beside notebooks, a workflow and a file of data."""

    def write(text: str) -> Path:
        for name in ("prepare", "train", "compare", "report"):
            (tmp_path / f"{name}.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "raw.csv").write_text("a,b\n")
        (tmp_path / "steps.yaml").write_text("nodes: [{id: a, handler: f}]")
        (tmp_path / "flow.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path / "flow.yaml"

    return write


@pytest.fixture
def spec(write: Write) -> Read:
    """Writes a pipeline file and reads it."""
    return lambda text: read_spec(write(text))


@pytest.fixture
def wrong(write: Write) -> Wrong:
    """Writes a pipeline file with mistakes and returns what is said of them: "line:column what; hint"."""

    def wrong(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(InvalidPipeline) as raised:
            read_spec(path)
        return [f"{one.where.replace(f'{path}:', '')} {one.what}; {one.hint}" for one in raised.value.problems]

    return wrong
