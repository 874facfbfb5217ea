"""What notebooks import is imported ahead: first for the one that is about to run, then for the others."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.made import notebook as made_notebook
from victor_nb.pipelines import PipelineSpec, compute, notebook
from victor_nb.pipelines.running.warming import Warmer

NODES = ("a", "b", "c", "d")


class Bench:
    """A warmer over four notebooks, one of which is not part of the run, and what it has had prepared."""

    def __init__(self, folder: Path) -> None:
        for name in NODES:
            (folder / f"{name}.ipynb").write_text(json.dumps(made_notebook(f"import {name}")))
        elsewhere = [notebook("s3://bucket/e.ipynb"), notebook("a.ipynb", "other", kernel="ir"), compute(len)]
        nodes = (*(notebook(f"{name}.ipynb") for name in NODES), *elsewhere)
        self.prepared: queue.Queue[str] = queue.Queue()
        wanted = {"a", "b", "c", "e", "other", "len"}
        self.warmer = Warmer(
            PipelineSpec("p", nodes, folder=folder), wanted, lambda work, _: self.prepared.put(work.path)
        )

    def next(self, count: int) -> list[str]:
        return [self.prepared.get(timeout=30) for _ in range(count)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.warmer.end()


def test_others_wait_until_the_first_kernel_has_started(bench):
    """Else their imports would take the processors from the only one that somebody waits for."""
    bench.warmer.begin("c")
    assert bench.next(1) == ["c.ipynb"]
    assert bench.prepared.empty()

    bench.warmer.first_has_started()

    assert bench.next(2) == ["a.ipynb", "b.ipynb"]


def test_one_that_is_about_to_run_does_not_wait_for_another(bench):
    """Several run at once."""
    bench.warmer.begin("c")
    bench.warmer.begin("b")

    assert bench.next(2) == ["c.ipynb", "b.ipynb"]


def test_what_will_not_run_is_not_imported(bench, tmp_path):
    """Nodes nobody asked for, kernels that are not forked, notebooks that are gone, and all when the run has ended."""
    (tmp_path / "b.ipynb").unlink()
    bench.warmer.begin("b")
    bench.warmer.begin("a")
    assert bench.next(1) == ["a.ipynb"]

    bench.warmer.end()
    bench.warmer.first_has_started()

    assert bench.prepared.empty()
