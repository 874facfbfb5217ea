"""Notebooks that engines of others execute: told of beforehand, given what they need, part of the cache."""

from __future__ import annotations

import json

import pytest
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, papermill_engines

from tests.pipelines.made import code
from tests.pipelines.made import notebook as made_notebook
from victor_nb.pipelines import InvalidPipeline, load_pipeline, notebook, pipeline_to_yaml


class Counting(NBClientEngine):
    """Remembers the options that it was called with."""

    options: dict[str, object] = {}  # noqa: RUF012

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        cls.options = options
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


class Apart(Engine):
    """Starts its kernel by itself, and takes no other."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        PapermillNotebookClient(nb_man, kernel_name=kernel_name).execute()


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(papermill_engines._engines, "counting", Counting)
    monkeypatch.setitem(papermill_engines._engines, "apart", Apart)


def test_values_variables_and_inputs_are_those_of_any_notebook(place):
    """What it glues reaches later nodes, and what it reads decides whether it runs again."""
    (place.path / "data.txt").write_text("3")
    glue = "import os\nfrom victor_nb import glue\nglue('n', int(open('data.txt').read()) + int(os.environ['MORE']))"
    place.notebook("a.ipynb", glue)
    place.notebook("b.ipynb", code("n = 0", "parameters"), "from victor_nb import glue\nglue('twice', 2 * n)")
    options = {"start_timeout": 50}
    nodes = [
        notebook("a.ipynb", engine="counting", engine_options=options, environment={"MORE": "1"}),
        notebook("b.ipynb", parameters={"n": "{{ a.n }}"}),
    ]

    first, second = place.run(*nodes), place.run(*nodes)
    (place.path / "data.txt").write_text("4")
    third = place.run(*nodes)

    assert first["b"]["twice"] == 8
    assert Counting.options["start_timeout"] == 50
    assert [one.status for one in second.nodes] == ["cached", "cached"]
    assert third["b"]["twice"] == 10
    assert third.nodes[0].why.startswith("data.txt changed")


def test_options_of_an_engine_count_for_the_cache(place):
    """The first that differs is named."""
    place.notebook("a.ipynb", "1")
    place.run(notebook("a.ipynb", engine="counting", engine_options={"start_timeout": 50}))

    again = place.run(notebook("a.ipynb", engine="counting", engine_options={"start_timeout": 60}))

    assert again.nodes[0].why == "engine option start_timeout: 50 -> 60"


def test_what_engines_cannot_do_is_told_with_all_other_mistakes(place):
    """Before anything runs: unknown names, variables and folders for kernels that are none of ours."""
    place.notebook("a.ipynb", "open('ran', 'w')")
    nodes = [
        notebook("a.ipynb", "first"),
        notebook("a.ipynb", "unknown", engine="countin"),
        notebook("a.ipynb", "variables", engine="apart", environment={"MODE": "x"}),
        notebook("a.ipynb", "folder", engine="apart"),
        notebook("a.ipynb", "options", engine_options={"x": 1}),
        notebook("gone.ipynb"),
    ]

    with pytest.raises(InvalidPipeline) as wrong:
        place.run(*nodes)

    told = {problem.where: problem.what for problem in wrong.value.problems}
    assert told["node 'unknown'"] == "there is no papermill engine 'countin'. Did you mean 'counting'?"
    assert "no variables from here (MODE)" in told["node 'variables': a.ipynb"]
    assert "the folder of this process" in told["node 'folder': a.ipynb"]
    assert told["node 'options'"] == "there are options for an engine, and none is named"
    assert "gone.ipynb" in told["node 'gone'"]
    assert not (place.path / "ran").exists()


def test_a_file_tells_wrong_engines_at_their_places(tmp_path):
    """Line and column, with the nearest name."""
    (tmp_path / "a.ipynb").write_text(json.dumps(made_notebook("1")), encoding="utf-8")
    file = tmp_path / "p.yaml"
    file.write_text(
        "notebooks:\n"
        "  - notebook: a.ipynb\n"
        "    engine: nbclint\n"
        "    engine_options: {colour: '{{ x }}'}\n"
        "  - {id: b, notebook: a.ipynb, engine_options: {colour: red}}\n"
    )

    with pytest.raises(InvalidPipeline) as wrong:
        load_pipeline(file)

    assert [(one.where.replace(f"{file}:", ""), one.what.partition(";")[0]) for one in wrong.value.problems] == [
        ("3:13", "there is no papermill engine 'nbclint'. Did you mean 'nbclient'?"),
        ("4:30", "'colour' is the same in every run, so '{{ x }}' cannot hold a template"),
        ("5:48", "there are options for an engine, and none is named"),
    ]


def test_a_file_gives_an_engine_its_options(tmp_path):
    """And what is written from it gives them again."""
    (tmp_path / "a.ipynb").write_text(json.dumps(made_notebook("1")), encoding="utf-8")
    file = tmp_path / "p.yaml"
    file.write_text(
        "notebooks:\n  - notebook: a.ipynb\n    engine: counting\n    engine_options: {start_timeout: 50}\n"
    )

    spec = load_pipeline(file).spec
    file.write_text(pipeline_to_yaml(spec))

    assert spec.nodes[0].work.engine_options == {"start_timeout": 50}
    assert load_pipeline(file).spec.nodes == spec.nodes


def test_going_on_inside_is_told_to_be_none_with_an_engine_of_others(place):
    """`within` is for the whole run; who cannot keep variables says so and begins at the top."""
    place.notebook("a.ipynb", "1")

    result = place.run(notebook("a.ipynb", engine="counting"), within=True)

    told = [event.data["why"] for event in place.journal.history(result.run_id) if event.type == "notebook.unkept"]
    assert told == ["the engine 'counting' keeps no variables, so it begins at the top each time"]
