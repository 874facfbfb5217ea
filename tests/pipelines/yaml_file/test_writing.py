"""A spec becomes a file, and the file the same spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.yaml_file.conftest import Read, Write
from tests.pipelines.yaml_file.test_loading import WHOLE
from victor_nb.agents import Agent
from victor_nb.pipelines import Node, PipelineParameter, PipelineSpec, agent, compute, notebook, workflow
from victor_nb.pipelines.yaml_file import pipeline_to_yaml, read_spec, spec_from_yaml
from victor_nb.workflows import RetryPolicy, Workflow, load_workflow
from victor_nb.workflows.yaml_file.errors import NotWritable


def best(scores: dict[str, float]) -> str:
    """Choose."""
    return max(scores, key=scores.__getitem__)


def test_what_was_read_comes_back(spec: Read, tmp_path: Path) -> None:
    """Written and read again, a file means the same."""
    found = spec(WHOLE)
    (tmp_path / "again.yaml").write_text(pipeline_to_yaml(found), encoding="utf-8")

    again = read_spec(tmp_path / "again.yaml")

    assert (again.name, again.about, again.parameters, again.nodes) == (
        found.name,
        found.about,
        found.parameters,
        found.nodes,
    )


def test_what_was_made_in_python_is_written(write: Write, tmp_path: Path) -> None:
    """Functions, workflow files, tools and agents by their names."""
    write("notebooks: [train.ipynb]")
    made = PipelineSpec(
        "made",
        (
            notebook(Path("train.ipynb"), matrix={"n": (1, 2)}, parameters={"p": Path("x"), "q": {"r": [None, True]}}),
            compute(best, parameters={"scores": {"a": 1.5}}, retry=RetryPolicy(4, wait_s=2.5)),
            workflow(load_workflow_of(tmp_path), "steps"),
            agent(Agent("asker", "offline", [best], "Be brief.", output=list[str]), "g", "ask", when=False),
        ),
    )

    text = pipeline_to_yaml(made)
    again = spec_from_yaml(text, folder=tmp_path)

    assert again.nodes[:2] == (
        notebook("train.ipynb", matrix={"n": [1, 2]}, parameters={"p": "x", "q": {"r": [None, True]}}),
        compute(f"{__name__}:best", "best", parameters={"scores": {"a": 1.5}}, retry=RetryPolicy(4, wait_s=2.5)),
    )
    assert f"workflow: {tmp_path}/steps.yaml" in text
    assert "tools:\n      - tests.pipelines.yaml_file.test_writing:best\n" in text
    assert "answer: list[str]" in text


def load_workflow_of(folder: Path) -> Workflow:
    """Return a workflow that comes from a file."""
    (folder / "handlers.py").write_text("def f(): return 1\n")
    made = load_workflow(folder / "steps.yaml")
    made.origin = {"file": str(folder / "steps.yaml")}
    return made


def _of(node: Node) -> PipelineSpec:
    return PipelineSpec("p", (node,))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_of(compute(lambda: 1, "f")), "cannot be found by a name"),
        (_of(compute("m:f", retry=RetryPolicy(retry_on=OSError))), "rules that a file cannot say"),
        (_of(notebook("a.ipynb", parameters={"x": {1, 2}})), "is a set, which a file cannot say"),
        (_of(agent(Agent("a", "offline", output=bytes), "g", "a")), "which no file can say"),
        (_of(agent(Agent("a", None), "g", "a")), "has no name"),
        (PipelineSpec("p", (), (PipelineParameter("x", "any", object()),)), "parameter 'x'"),
    ],
)
def test_what_a_file_cannot_say_is_named(made: PipelineSpec, said: str) -> None:
    """Nothing is left out in silence."""
    with pytest.raises(NotWritable, match=said):
        pipeline_to_yaml(made)


def test_tools_are_written_by_their_names(write: Write, tmp_path: Path) -> None:
    """Tools of the registry are found by their names again."""
    write("notebooks: [train.ipynb]")
    text = "notebooks: [{id: a, agent: offline, goal: g, tools: [list_files], answer: str}]"

    assert "- list_files" in pipeline_to_yaml(spec_from_yaml(text, folder=tmp_path))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(lambda text: "{" not in text)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).map(lambda name: f"v_{name}")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parameters=st.dictionaries(names, values, max_size=3),
    matrix=st.dictionaries(names, st.lists(values, min_size=1, max_size=3, unique_by=repr), max_size=2),
    outputs=st.lists(texts.filter(bool), max_size=2, unique=True),
    about=texts,
    timeout_s=st.none() | st.floats(0.001, 1e6),
)
def test_any_values_survive(
    tmp_path: Path,
    parameters: dict[str, object],
    matrix: dict[str, list[object]],
    outputs: list[str],
    about: str,
    timeout_s: float | None,
) -> None:
    """Whatever the values are, they come back equal and of the same type."""
    node = compute("m:f", "f", parameters=parameters, matrix=matrix, about=about, timeout_s=timeout_s)
    made = PipelineSpec("p", (node, compute("m:g", "g", outputs=outputs)))

    again = spec_from_yaml(pipeline_to_yaml(made), folder=tmp_path)

    assert again.nodes == made.nodes
    assert repr([one.parameters for one in again.nodes]) == repr([one.parameters for one in made.nodes])
