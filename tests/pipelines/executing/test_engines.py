"""Engines that somebody registered with papermill are chosen by their names, and told of truthfully."""

from __future__ import annotations

import json

import pytest
from papermill.engines import NBClientEngine, papermill_engines

from tests.pipelines.made import notebook
from victor_nb.pipelines import load_pipeline, pipeline_to_yaml
from victor_nb.pipelines.executing.engines import UnknownEngine


class Counting(NBClientEngine):
    """Remembers the options that it was called with."""

    options: dict[str, object] = {}  # noqa: RUF012

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        cls.options = options
        options.pop("colour", None)
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


class Breaking(NBClientEngine):
    """Raises while the second cell runs."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        nb_man.cell_start(nb_man.nb.cells[0], 0)
        nb_man.cell_complete(nb_man.nb.cells[0], 0)
        try:
            nb_man.cell_start(nb_man.nb.cells[1], 1)
            raise ConnectionError("the cluster is gone")
        finally:
            nb_man.cell_complete(nb_man.nb.cells[1], 1)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(papermill_engines._engines, "counting", Counting)
    monkeypatch.setitem(papermill_engines._engines, "breaking", Breaking)


def test_an_engine_is_chosen_by_its_name(desk):
    """It executes the cells with its options; events and outputs are those of every notebook."""
    outcome = desk.run("print('a')", "1 + 1", engine="counting", engine_options={"start_timeout": 50})

    assert outcome.status == "finished"
    assert Counting.options["start_timeout"] == 50
    assert (desk.text(0), desk.text(1)) == ("a\n", "2")
    assert desk.kinds() == ["cell.started", "cell.finished"] * 2
    assert desk.statuses() == ["completed", "completed"]


def test_a_cell_that_raises_is_the_last_one(desk):
    """Later cells stay pending."""
    outcome = desk.run("1 / 0", "print('never')", engine="counting")

    assert (outcome.status, outcome.reason) == ("failed", "error")
    assert "ZeroDivisionError" in str(outcome.error)
    assert desk.statuses() == ["failed", "pending"]


def test_an_engine_that_breaks_off_has_failed_in_its_cell(desk):
    """Though it reports the cell as complete."""
    outcome = desk.run("1", "2", "3", engine="breaking")

    assert [cell.status for cell in outcome.cells] == ["finished", "failed", "pending"]
    assert "the cluster is gone" in str(outcome.error)
    assert desk.statuses() == ["completed", "failed", "pending"]


def test_an_unknown_engine_is_refused_before_anything_starts(desk):
    """The nearest name is told."""
    with pytest.raises(UnknownEngine, match="Did you mean 'counting'"):
        desk.run("1", engine="countin")

    assert not desk.output.exists()


def test_a_file_names_the_engine_of_a_notebook(tmp_path):
    """And what is written from it names it again."""
    file = tmp_path / "p.yaml"
    file.write_text("pipeline: p\nnotebooks:\n  - notebook: a.ipynb\n    engine: counting\n", encoding="utf-8")
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("1")), encoding="utf-8")

    spec = load_pipeline(file).spec

    assert spec.nodes[0].work.engine == "counting"
    assert "engine: counting" in pipeline_to_yaml(spec)
