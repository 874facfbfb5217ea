"""What a pipeline file says becomes the very spec that Python would have made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.pipelines.yaml_file.conftest import Read, Write
from victor_nb.agents import Agent
from victor_nb.pipelines import PipelineParameter, agent, compute, notebook, workflow
from victor_nb.pipelines.executing import NotebookFailed
from victor_nb.pipelines.inference import dependencies
from victor_nb.pipelines.retrying import FailedWith
from victor_nb.pipelines.spec import AgentWork, NotebookWork
from victor_nb.pipelines.yaml_file import read_spec, spec_from_yaml
from victor_nb.workflows import RetryPolicy
from victor_nb.workflows.yaml_file.errors import FileUnreadable

WHOLE = """\
pipeline: models
description: From measurements to a report.
x-kinds: &kinds [ridge, lasso]

parameters:
  source: {type: path, default: data/raw.csv, description: Where the measurements are.}
  share: {type: float, default: 0.2, choices: [0.1, 0.2]}
  rows: int
  seed: 7
  names: [a, b]

notebooks:
  - notebook: prepare.ipynb
    description: Cleans.
    parameters: {source: "{{ source }}", seed: "{{ seed }}"}
    inputs: "{{ source }}"
    outputs: [data/clean.csv]
    kernel: python3
    environment: {OMP_NUM_THREADS: 1, FAST: true}
    cell_timeout: 5m
    folder: data
  - id: train
    notebook: train.ipynb
    matrix: {model: *kinds, fold: "{{ range(seed) }}"}
    inputs: [data/clean.csv]
    outputs: ["models/{{ model }}-{{ fold }}.pkl"]
    when: rows > 10
    retry: {attempts: 3, wait: 1s, on: [ConnectionError, requests.Timeout]}
    timeout: 1.5h
    cache: false
  - compute: scores:best
    parameters: {all: "{{ train }}"}
    retry: 2
  - id: explain
    agent: offline
    goal: Explain {{ best.name }}.
    after: [train]
  - id: check
    workflow: steps.yaml
    after: explain
  - report.ipynb
"""


def test_a_file_says_all_that_python_can(spec: Read, tmp_path: Path) -> None:
    """Every key has its place in the spec, and what is left out is what Python leaves out."""
    found = spec(WHOLE)

    assert (found.name, found.about) == ("models", "From measurements to a report.")
    assert (found.folder, found.file) == (tmp_path, tmp_path / "flow.yaml")
    assert found.parameters == (
        PipelineParameter("source", "path", "data/raw.csv", about="Where the measurements are."),
        PipelineParameter("share", "float", 0.2, (0.1, 0.2)),
        PipelineParameter("rows", "int"),
        PipelineParameter("seed", "int", 7),
        PipelineParameter("names", "list", ["a", "b"]),
    )
    retry = RetryPolicy(3, wait_s=1.0, retry_on=FailedWith(("ConnectionError", "Timeout")))
    assert found.nodes == (
        notebook(
            "prepare.ipynb",
            about="Cleans.",
            parameters={"source": "{{ source }}", "seed": "{{ seed }}"},
            inputs="{{ source }}",
            outputs="data/clean.csv",
            kernel="python3",
            environment={"OMP_NUM_THREADS": "1", "FAST": "true"},
            cell_timeout_s=300.0,
            folder="data",
        ),
        notebook(
            "train.ipynb",
            matrix={"model": ["ridge", "lasso"], "fold": "{{ range(seed) }}"},
            inputs="data/clean.csv",
            outputs="models/{{ model }}-{{ fold }}.pkl",
            when="rows > 10",
            retry=retry,
            timeout_s=5400.0,
            cache=False,
        ),
        compute("scores:best", parameters={"all": "{{ train }}"}, retry=2),
        agent("offline", "Explain {{ best.name }}.", "explain", after="train"),
        workflow("steps.yaml", "check", after="explain"),
        notebook("report.ipynb"),
    )


def test_nodes_know_where_they_are_written(spec: Read, tmp_path: Path) -> None:
    """Errors of a run can point into the file."""
    found = spec(WHOLE)

    assert found.nodes[0].where == f"{tmp_path}/flow.yaml:13:5"
    assert found.parameters[2].where == f"{tmp_path}/flow.yaml:8:3"


def test_a_file_of_plain_notebooks_runs_in_order(spec: Read) -> None:
    """A list of paths is a pipeline, named by its file."""
    found = spec("notebooks: [prepare.ipynb, train.ipynb, report.ipynb]")

    assert found.name == "flow"
    assert {name: list(needs) for name, needs in dependencies(found).needs.items()} == {
        "prepare": [],
        "train": ["prepare"],
        "report": ["train"],
    }


def test_an_agent_may_have_instructions_tools_and_an_answer(spec: Read, tmp_path: Path) -> None:
    """Then it is an agent of its own; a function beside the file can be its tool."""
    (tmp_path / "lookup.py").write_text('def price(name: str) -> int:\n    """Look up."""\n    return 3\n')

    work = (
        spec(
            "notebooks: [{id: ask, agent: offline, goal: g, instructions: Be brief., tools: [lookup:price], "
            "answer: 'list[str]'}]"
        )
        .nodes[0]
        .work
    )

    assert isinstance(work, AgentWork)
    assert isinstance(work.agent, Agent)
    assert (work.agent.name, work.agent.model, work.agent.instructions) == ("ask", "offline", "Be brief.")
    assert work.agent.output == list[str]
    assert [one.__name__ for one in work.agent.tools] == ["price"]


def test_a_default_of_null_is_a_default(spec: Read) -> None:
    """A parameter without a default is required; null is a value."""
    found = spec(
        "parameters: {a: {type: int | null, default: null}, b: {type: int}, c: null}\nnotebooks: [train.ipynb]"
    )

    assert found.parameters == (
        PipelineParameter("a", "int | null", None),
        PipelineParameter("b", "int"),
        PipelineParameter("c", "any", None),
    )


def test_a_text_is_read_as_a_file_is(write: Write, tmp_path: Path) -> None:
    """Its folder is given; the rest is the same."""
    path = write(WHOLE)

    assert spec_from_yaml(WHOLE, folder=tmp_path) == replace(read_spec(path), file=None)


def test_paths_with_spaces_and_letters_of_all_scripts_are_paths(spec: Read, tmp_path: Path) -> None:
    """Ids come from the names, as far as they can."""
    (tmp_path / "02 données ü.ipynb").write_text("{}")

    node = spec("notebooks: ['02 données ü.ipynb']").nodes[0]

    assert isinstance(node.work, NotebookWork)
    assert node.work.path == "02 données ü.ipynb"
    assert node.id == "donnees_u"


def test_a_missing_file_names_the_nearest(write: Write) -> None:
    """A file that is not there is told as such."""
    path = write("notebooks: [train.ipynb]")

    with pytest.raises(FileUnreadable, match=r"Did you mean 'flow\.yaml'\?"):
        read_spec(path.with_name("flwo.yaml"))


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (NotebookFailed("ConnectionError: refused", "train.ipynb, cell 3"), True),
        (NotebookFailed("ValueError: ConnectionError", "train.ipynb, cell 3"), False),
        (ConnectionResetError("gone"), True),
        (ValueError("no"), False),
    ],
)
def test_failures_are_told_by_the_names_of_exceptions(failure: Exception, again: bool) -> None:
    """What a cell raised counts by its name, what a function raised by the names of its bases too."""
    assert RetryPolicy(retry_on=FailedWith(("ConnectionError",))).applies_to(failure) is again
