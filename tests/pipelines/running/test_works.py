"""Functions and workflows that nodes name: found beside the pipeline first, imported anew when they change."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.pipelines.conftest import Place
from victor_nb.errors import UsageError
from victor_nb.pipelines import PipelineFailed, compute, workflow
from victor_nb.pipelines.running.works import function_of, workflow_of
from victor_nb.pipelines.spec import ComputeWork, WorkflowWork

FLOW = """
from typing import TypedDict
from victor_nb import END, START, Workflow

class State(TypedDict, total=False):
    n: int

def double(state: State) -> State:
    return {"n": 2 * state["n"]}

flow = Workflow(State, name="doubling")
flow.add_node(double)
flow.add_edge(START, "double")
flow.add_edge("double", END)
other = 3
"""


def test_a_function_is_found_beside_the_pipeline_first(tmp_path: Path) -> None:
    """Also where a module of that name is installed, in a subfolder, or named by its file."""
    (tmp_path / "json.py").write_text("def dumps(x=1): return 'mine'")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "steps.py").write_text("class Steps:\n    @staticmethod\n    def one(): return 1")

    assert function_of(ComputeWork("json:dumps"), tmp_path)() == "mine"
    assert function_of(ComputeWork("json.py:dumps"), tmp_path)() == "mine"
    assert function_of(ComputeWork("below.steps:Steps.one"), tmp_path)() == 1
    assert function_of(ComputeWork("os.path:basename"), tmp_path) is os.path.basename


def test_a_function_that_was_edited_is_the_new_one(place: Place) -> None:
    """In the same process; and its node runs again."""
    file = place.path / "steps.py"
    file.write_text("def answer(): return 1")
    first = place.run(compute("steps:answer"))
    file.write_text("def answer(): return 2")
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1_000_000_000))

    second = place.run(compute("steps:answer"))

    assert (first["answer"], second["answer"]) == (1, 2)


def test_a_function_of_a_file_runs_in_another_process(place: Place) -> None:
    """Which imports the file itself: it does not know the module that was made of it here."""
    (place.path / "steps.py").write_text("import os\ndef pid(): return os.getpid()")

    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        result = place.run(compute("steps:pid"), executor=pool)

    assert result["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("steps:nothing", "there is no function 'steps:nothing'"),
        ("nowhere:f", "'nowhere:f' cannot be imported"),
        ("math:sqr", r"module 'math' has no function 'sqr'\. Did you mean 'sqrt'"),
        ("math:pi", "'math:pi' is float, which cannot be called"),
        ("broken:f", "there is no function 'broken:f'"),
    ],
)
def test_a_function_that_is_not_there_fails_its_node(place: Place, name: str, said: str) -> None:
    """With what is wrong, and the nearest name."""
    (place.path / "steps.py").write_text("def one(): return 1")
    (place.path / "broken.py").write_text("1 / 0")

    with pytest.raises(PipelineFailed, match=said):
        place.run(compute(name, "node"))


def test_a_workflow_may_be_named_by_its_module(place: Place) -> None:
    """Beside the pipeline, like a function; what is no workflow is told."""
    (place.path / "flows.py").write_text(FLOW)

    result = place.run(workflow("flows:flow", "twice", parameters={"n": 4}))

    assert result["twice"]["n"] == 8
    with pytest.raises(UsageError, match="'flows:other' is a int, not a workflow"):
        workflow_of(WorkflowWork("flows:other"), place.path)
    with pytest.raises(UsageError, match="there is no workflow 'flows:flwo'"):
        workflow_of(WorkflowWork("flows:flwo"), place.path)
