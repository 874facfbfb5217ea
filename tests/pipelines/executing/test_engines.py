"""Engines that somebody registered with papermill are chosen by their names, and told of truthfully."""

from __future__ import annotations

import json

import pytest
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, papermill_engines

from tests.pipelines.made import notebook
from victor_nb.pipelines import EngineCannot, UnknownEngine, load_pipeline, pipeline_to_yaml
from victor_nb.pipelines.executing import Execution, execute_notebook


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


class Apart(Engine):
    """Starts its kernel by itself, and takes no other."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        PapermillNotebookClient(nb_man, kernel_name=kernel_name).execute()


class Dropping(NBClientEngine):
    """Is derived from papermill's engine and hands on nothing that it is given."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        PapermillNotebookClient(nb_man, kernel_name=kernel_name).execute()


class Silent(Engine):
    """Executes a copy elsewhere and reports nothing of its cells, as the example in papermill's documentation."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        for cell in nb_man.nb.cells:
            cell.execution_count = 1


class Mute(NBClientEngine):
    """Is derived from papermill's engine, reports nothing and starts no kernel that it was handed."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        Silent.execute_managed_notebook(nb_man, kernel_name)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    for engine in (Counting, Breaking, Apart, Dropping, Silent, Mute):
        monkeypatch.setitem(papermill_engines._engines, engine.__name__.lower(), engine)


def test_an_engine_is_chosen_by_its_name(desk):
    """It executes the cells with its options; events and outputs are those of every notebook."""
    outcome = desk.run("print('a')", "1 + 1", engine="counting", engine_options={"start_timeout": 50})

    assert outcome.status == "finished"
    assert Counting.options["start_timeout"] == 50
    assert (desk.text(0), desk.text(1)) == ("a\n", "2")
    assert desk.kinds() == ["kernel.started", *["cell.started", "cell.finished"] * 2]
    assert desk.statuses() == ["completed", "completed"]


def test_a_cell_that_raises_is_the_last_one(desk):
    """Later cells stay pending."""
    outcome = desk.run("1 / 0", "print('never')", engine="counting")

    assert (outcome.status, outcome.reason) == ("failed", "error")
    assert "ZeroDivisionError" in str(outcome.error)
    assert desk.statuses() == ["failed", "pending"]


def test_an_engine_that_breaks_off_has_failed_in_its_cell(desk, monkeypatch):
    """Though it reports the cell as complete."""
    monkeypatch.chdir(desk.path)
    outcome = desk.run("1", "2", "3", engine="breaking")

    assert [cell.status for cell in outcome.cells] == ["finished", "failed", "pending"]
    assert "the cluster is gone" in str(outcome.error)
    assert desk.statuses() == ["completed", "failed", "pending"]


def test_an_unknown_engine_is_refused_before_anything_starts(desk):
    """The nearest name is told."""
    with pytest.raises(UnknownEngine, match="Did you mean 'counting'"):
        desk.run("1", engine="countin")

    assert not desk.output.exists()


def test_the_kernel_has_the_folder_and_the_variables_that_were_asked_for(desk):
    """As with our own engine; what it reads is seen as well."""
    (desk.path / "data.txt").write_text("3")

    outcome = desk.run(
        "import os\nprint(os.environ['MODE'], os.getcwd())",
        "open('data.txt').read()",
        engine="counting",
        environment={"MODE": "x"},
    )

    assert desk.text(0) == f"x {desk.path}\n"
    assert "data.txt" in outcome.observed.files


def test_glued_values_come_back_with_their_types(desk):
    """A table and a date, by files, as with our own engine."""
    cell = "import datetime, pandas\nfrom victor_nb import glue\n"
    cell += "glue('day', datetime.date(2026, 3, 4)), glue('table', pandas.DataFrame({'a': [1, 2]}))"

    outcome = desk.run(cell, engine="counting")

    assert str(outcome.values["day"]) == "2026-03-04"
    assert list(outcome.values["table"]["a"]) == [1, 2]


@pytest.mark.parametrize("asked", [{"environment": {"MODE": "x"}}, {"cwd": "elsewhere"}, {"within": True}])
def test_what_an_engine_cannot_do_is_refused_before_anything_runs(desk, asked):
    """An engine with kernels of its own has no variables and no folder from here, and none can go on inside."""
    with pytest.raises(EngineCannot, match="'apart'"):
        execute_notebook(desk.write("1"), desk.output, how=Execution(engine="apart", **asked))

    assert not desk.output.exists()


@pytest.mark.parametrize("asked", [{"environment": {"MODE": "x"}}, {}])
def test_an_engine_that_drops_what_it_is_given_is_found_out_before_its_first_cell(desk, asked):
    """A kernel without the variables, or in another folder, would give other results."""
    outcome = desk.run("open('ran', 'w')", engine="dropping", **asked)

    assert (outcome.status, outcome.reason) == ("failed", "start")
    assert isinstance(outcome.error, EngineCannot)
    assert [cell.status for cell in outcome.cells] == ["pending"]
    assert not (desk.path / "ran").exists()


def test_an_engine_that_reports_nothing_is_found_out_in_the_end(desk):
    """What was asked for was not there, so what came of it does not count."""
    outcome = desk.run("1", engine="mute", environment={"MODE": "x"})

    assert outcome.status == "failed"
    assert isinstance(outcome.error, EngineCannot)


def test_short_values_come_back_from_a_kernel_that_is_none_of_ours(desk, monkeypatch):
    """The notebook holds them; a table it does not, which is an error and no silence."""
    monkeypatch.chdir(desk.path)
    glue = "import pandas\nfrom victor_nb import glue\n"

    outcome = desk.run(glue + "glue('auc', 0.9), glue('names', ['a', 'b'])", engine="apart")
    lost = desk.run(glue + "glue('table', pandas.DataFrame({'a': [1]}))", engine="apart")

    assert outcome.status == "finished"
    assert outcome.values == {"auc": 0.9, "names": ["a", "b"]}
    assert lost.status == "failed"
    assert "'table'" in str(lost.error)


def test_an_engine_may_report_nothing_of_its_cells(desk, monkeypatch):
    """Those that it counted ran."""
    monkeypatch.chdir(desk.path)

    outcome = desk.run("1", "2", engine="silent")

    assert [cell.status for cell in outcome.cells] == ["finished", "finished"]
    assert desk.statuses() == ["completed", "completed"]


def test_an_option_that_papermills_own_engine_would_pass_over_is_refused(desk):
    """With the nearest one."""
    with pytest.raises(EngineCannot, match=r"no option 'start_timout'\. Did you mean 'start_timeout'"):
        desk.run("1", engine="nbclient", engine_options={"start_timout": 5})

    assert desk.run("1", engine="nbclient", engine_options={"allow_errors": True}).status == "finished"


def test_options_without_an_engine_are_refused(desk):
    """They would do nothing."""
    with pytest.raises(EngineCannot, match="no engine is named"):
        desk.run("1", engine_options={"start_timeout": 5})


def test_a_file_names_the_engine_of_a_notebook(tmp_path):
    """And what is written from it names it again."""
    file = tmp_path / "p.yaml"
    file.write_text("pipeline: p\nnotebooks:\n  - notebook: a.ipynb\n    engine: counting\n", encoding="utf-8")
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("1")), encoding="utf-8")

    spec = load_pipeline(file).spec

    assert spec.nodes[0].work.engine == "counting"
    assert "engine: counting" in pipeline_to_yaml(spec)
