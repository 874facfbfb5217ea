"""What nodes need of each other, and what is wrong with a pipeline, from what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from victor_nb.pipelines import Node, PipelineParameter, PipelineSpec, agent, compute, notebook, workflow
from victor_nb.pipelines.inference import Dependencies, dependencies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with notebooks and one file of data."""
    for name in ("prepare", "train", "compare", "report"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw.csv").write_text("a,b\n")
    return tmp_path


def found(folder: Path, *nodes: Node, parameters: tuple[PipelineParameter, ...] = (), **values: object) -> Dependencies:
    return dependencies(PipelineSpec("p", nodes, parameters, folder=folder), values)


def told(folder: Path, *nodes: Node, parameters: tuple[PipelineParameter, ...] = ()) -> str:
    return "\n".join(map(str, found(folder, *nodes, parameters=parameters).problems))


# -- who needs whom ----------------------------------------------------------------------------------------------------


def test_plain_notebooks_run_in_the_order_in_which_they_are_written(folder: Path) -> None:
    """Where nothing is said of what needs what, each notebook waits for the one above it."""
    result = found(
        folder, notebook("prepare.ipynb"), notebook("train.ipynb", outputs="m.pkl"), notebook("report.ipynb")
    )

    assert not result.problems
    assert {name: list(needs) for name, needs in result.needs.items()} == {
        "prepare": [],
        "train": ["prepare"],
        "report": ["train"],
    }


def test_after_nothing_ends_the_order(folder: Path) -> None:
    """A node that says it comes after nothing lets all run as soon as they can."""
    result = found(folder, notebook("prepare.ipynb"), notebook("train.ipynb", after=[]))

    assert result.needs == {"prepare": {}, "train": {}}


def test_a_node_that_reads_what_another_writes_comes_after_it(folder: Path) -> None:
    """The reason names the path, whether it is a file, fits a glob or lies in a folder that is written."""
    result = found(
        folder,
        notebook("report.ipynb", inputs=["models/ridge.pkl", "figures/*.png"]),
        notebook("train.ipynb", inputs="data/clean.csv", outputs="models"),
        notebook("compare.ipynb", outputs="figures/roc.png", after=[]),
        notebook("prepare.ipynb", inputs="data/raw.csv", outputs="data/*.csv"),
    )

    assert not result.problems
    assert result.needs == {
        "report": {"train": "reads models/ridge.pkl", "compare": "reads figures/*.png"},
        "train": {"prepare": "reads data/clean.csv"},
        "compare": {},
        "prepare": {},
    }


def test_a_template_over_a_node_is_a_reason_to_come_after_it(folder: Path) -> None:
    """Parameters, conditions, goals, matrices and paths are all read for the nodes that they name."""
    result = found(
        folder,
        notebook("prepare.ipynb"),
        notebook("train.ipynb", parameters={"n": "{{ prepare.rows }}"}, matrix={"model": "{{ listed }}"}),
        compute("m:listed"),
        agent("offline:demo", "Explain {{ train[0].auc }}", "explain", when="train | length > 1"),
    )

    assert not result.problems
    assert result.needs["train"] == {"prepare": "{{ prepare.rows }}", "listed": "{{ listed }}"}
    assert result.needs["explain"] == {"train": "{{ train }}"}


def test_paths_are_compared_with_their_templates_filled(folder: Path) -> None:
    """Values of the matrix and of parameters are filled in; what is known only at run time stands for anything."""
    parameters = (PipelineParameter("where", "str", "out"),)
    nodes = (
        notebook("train.ipynb", matrix={"model": ["ridge", "lasso"]}, outputs="{{ where }}/{{ model }}.pkl"),
        notebook("compare.ipynb", inputs="out/lasso.pkl", outputs="{{ train[0].name }}.txt"),
        notebook("report.ipynb", inputs=["best.txt"]),
    )

    assert found(folder, *nodes, parameters=parameters).needs == {
        "train": {},
        "compare": {"train": "{{ train[0].name }}"},
        "report": {"compare": "reads best.txt"},
    }
    assert "reads 'out/lasso.pkl'" in str(found(folder, *nodes, parameters=parameters, where="elsewhere").problems)


def test_what_is_wholly_unknown_ties_nothing_together(folder: Path) -> None:
    """A path that is a template and nothing else needs the node that it names, and no other."""
    result = found(
        folder,
        notebook("prepare.ipynb"),
        notebook("train.ipynb", outputs="model.pkl"),
        notebook("report.ipynb", inputs="{{ prepare.path }}"),
    )

    assert result.needs["report"] == {"prepare": "{{ prepare.path }}"}


def test_a_node_may_write_what_it_reads(folder: Path) -> None:
    """A file that is changed in place ties a node to nobody, least of all to itself."""
    result = found(folder, notebook("prepare.ipynb", inputs="data/raw.csv", outputs="data/raw.csv"))

    assert result == Dependencies({"prepare": {}})


# -- what does not go together -----------------------------------------------------------------------------------------


def test_two_nodes_that_write_one_output_are_named(folder: Path) -> None:
    """A path, or a path and a glob that it fits, may be written by one node only."""
    assert "nodes 'prepare' and 'train' both write 'out/a.csv' (node 'train')" in told(
        folder, notebook("prepare.ipynb", outputs="out/a.csv"), notebook("train.ipynb", outputs="./out/a.csv")
    )
    assert "both write 'out/*.csv'" in told(
        folder, notebook("prepare.ipynb", outputs="out/a.csv"), notebook("train.ipynb", outputs="out/*.csv")
    )
    assert not told(
        folder, notebook("prepare.ipynb", outputs="out"), notebook("train.ipynb", outputs="out/report.html")
    )


def test_members_of_a_matrix_that_write_one_file_are_named(folder: Path) -> None:
    """A path without the values that tell members apart would be written by each of them."""
    assert "train[model=a, seed=1] and train[model=a, seed=2] both write 'a.pkl'" in told(
        folder, notebook("train.ipynb", matrix={"model": ["a", "b"], "seed": [1, 2]}, outputs="{{ model }}.pkl")
    )


def test_a_cycle_is_named_in_full_with_its_reasons(folder: Path) -> None:
    """The message leads around the circle and says why each node waits."""
    message = told(
        folder,
        notebook("prepare.ipynb", after="compare"),
        notebook("train.ipynb", inputs="a.csv"),
        notebook("compare.ipynb", parameters={"x": "{{ train.auc }}"}),
        notebook("report.ipynb", outputs="unrelated.csv"),
        compute("m:f", after="prepare", outputs="a.csv"),
    )

    assert "nodes wait for each other: prepare ← compare ← train ← f ← prepare" in message
    assert "compare needs train ({{ train.auc }}); train needs f (reads a.csv); f needs prepare (after)" in message


def test_a_missing_input_that_no_node_writes_is_named_with_the_nearest(folder: Path) -> None:
    """An input has to be there or to be written; addresses and inputs of conditional nodes are left alone."""
    message = told(folder, notebook("prepare.ipynb", inputs=["data/rwa.csv", "data/*.parquet", "s3://b/x.csv"]))

    assert (
        "'prepare' reads 'data/rwa.csv', which is not there, and no node writes it. Did you mean 'data/raw.csv'?"
        in (message)
    )
    assert "reads 'data/*.parquet'" in message
    assert "s3" not in message
    assert not told(folder, notebook("prepare.ipynb", inputs="maybe.csv", when="1 > 2"))


def test_an_output_of_its_own_does_not_make_an_input_be_there(folder: Path) -> None:
    """A node that changes a file in place needs the file."""
    assert "reads 'state.json'" in told(folder, notebook("prepare.ipynb", inputs="state.json", outputs="state.json"))


# -- what is wrong as it is written ------------------------------------------------------------------------------------


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    """Names, references, notebooks, matrices, parameters and templates are all looked at, whatever else is wrong."""
    message = told(
        folder,
        notebook("prepre.ipynb", id="prepare"),
        notebook("train.ipynb", id="prepare", after="prepar"),
        notebook("train.ipynb", id="1st"),
        notebook("train.ipynb", matrix={"model": [], "seed": "1, 2", "rows": [1, 1]}),
        notebook("report.ipynb", parameters={"x": ["{{ trian.auc }}", "{{ 1 + }}"]}, id="rows"),
        workflow("steps.yaml", "steps"),
        compute("nowhere"),
        parameters=(
            PipelineParameter("rows", "int", "many"),
            PipelineParameter("kind", "str", "c", choices=("a", "b")),
            PipelineParameter("when", "nit"),
            PipelineParameter("if"),
        ),
    )

    for part in (
        "there is no notebook 'prepre.ipynb'. Did you mean 'prepare.ipynb'?",
        "the id 'prepare' is given twice",
        "there is no node 'prepar'. Did you mean 'prepare'?",
        "the id '1st' is no name that templates can use",
        "'model' has no values, so the node 'train' would have no members",
        "'seed' is the text '1, 2'; a matrix has lists",
        "'rows' has a value twice",
        "'rows' is a value of the matrix and the name of a parameter or node",
        "there is no parameter, matrix value or node 'trian'. Did you mean 'train'?",
        "`{{ 1 + }}`",
        "'rows' is the id of a node and the name of a parameter",
        "there is no workflow 'steps.yaml'",
        "'nowhere' names no function",
        "rows is 'many'",
        "the default of 'kind' is 'c', which is none of its choices",
        "there is no type 'nit'. Did you mean 'int'?",
        "the parameter 'if' has a meaning of its own in templates",
    ):
        assert part in message


def test_a_node_does_not_read_its_own_value(folder: Path) -> None:
    """A template over the node itself, and coming after itself, are mistakes with a name of their own."""
    message = told(folder, notebook("train.ipynb", parameters={"x": "{{ train.auc }}"}, after="train"))

    assert "the node 'train' reads its own value" in message
    assert "the node 'train' comes after itself" in message
    assert "wait for each other" not in message


def test_problems_stand_where_nodes_say_they_are(folder: Path) -> None:
    """A node that was read from a file is named by its place there."""
    node = replace(notebook("nothing.ipynb"), where="p.yaml:3:5")

    assert "(p.yaml:3:5)" in told(folder, node)


def test_a_pipeline_without_nodes_is_none(folder: Path) -> None:
    """There is something to run in every pipeline."""
    assert "the pipeline has no notebooks" in told(folder)


def test_a_large_pipeline_is_looked_at_quickly(folder: Path) -> None:
    """A thousand nodes, each reading what the one before wrote, are no thousand times a thousand comparisons."""
    nodes = [notebook("train.ipynb", id="n0", outputs="out/0.csv")]
    nodes += [
        notebook("train.ipynb", id=f"n{n}", inputs=f"out/{n - 1}.csv", outputs=f"out/{n}.csv") for n in range(1, 1000)
    ]

    assert found(folder, *nodes).needs["n999"] == {"n998": "reads out/998.csv"}
