"""Pipelines run: nodes of every kind in the order of their needs, matrices, conditions, a choice of nodes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TypedDict

import pytest

from tests.pipelines.nodes import rows, statuses
from victor_nb import Agent, Workflow
from victor_nb.journal import open_journal
from victor_nb.pipelines import Pipeline, PipelineFailed, agent, compute, notebook, workflow
from victor_nb.testing import ScriptedModel, Turn
from victor_nb.tools import Tool, Toolset, tool
from victor_nb.workflows import START


def test_a_notebook_is_executed_and_its_executed_copy_is_kept(place):
    """The copy is below .victor, and the original is not touched."""
    name = place.notebook("hello.ipynb", "print('hello')")
    before = (place.path / name).read_bytes()

    result = place.run(notebook(name))

    [node] = result.nodes
    assert (result.status, node.status, node.why) == ("finished", "finished", "it never ran")
    assert "hello" in Path(node.notebook).read_text()
    assert place.path / ".victor" / "pipelines" / "demo" / "runs" / result.run_id in Path(node.notebook).parents
    assert (place.path / name).read_bytes() == before


def test_a_matrix_runs_each_member_and_hands_on_all_of_their_values(place):
    """The node's value is a list: for each member the values of the matrix, and what it made."""

    def train(model: str, power: int) -> dict[str, object]:
        return {"score": len(model) ** power}

    def best(found: list[dict[str, object]]) -> object:
        return max(found, key=lambda one: one["score"])["model"]

    result = place.run(
        compute(train, matrix={"model": ["ridge", "forest"], "power": [2]}),
        compute(best, parameters={"found": "{{ train }}"}),
    )

    assert result["best"] == "forest"
    assert result["train[model=ridge,power=2]"] == {"score": 25}
    assert result["train"][0] == {"model": "ridge", "power": 2, "score": 25}


def test_members_of_a_matrix_keep_its_order_whichever_ends_first(place):
    """What is made of them is the same in every run."""
    second_is_done = threading.Event()

    def work(n: int) -> int:
        second_is_done.set() if n == 2 else second_is_done.wait(20)
        return n

    result = place.run(
        compute(work, matrix={"n": [1, 2]}),
        compute(lambda found: found, "all", parameters={"found": "{{ work }}"}),
        workers=2,
    )

    assert [one["n"] for one in result["all"]] == [1, 2]


def test_a_condition_that_does_not_hold_skips_its_node_and_what_needs_nothing_else(place):
    """The value of what was skipped is null; a node of which only some needs were skipped runs."""
    result = place.run(
        compute(rows),
        compute(rows, "many", when="rows.n > 100"),
        compute(rows, "more", parameters={"n": 1}, after="many"),
        compute(lambda many: str(many), "told", parameters={"many": "{{ many }}"}, after="rows"),
    )

    assert statuses(result) == {"rows": "finished", "many": "skipped", "more": "skipped", "told": "finished"}
    assert [one.because for one in result.nodes] == ["", "when", "when", ""]
    assert result["told"] == "None"


class Doubling(TypedDict):
    """The state of a workflow."""

    n: int


def _doubling() -> Workflow:
    return Workflow(Doubling, "double").add_node("twice", lambda state: {"n": 2 * state["n"]}).add_edge(START, "twice")


def test_agents_and_workflows_are_nodes_too(place):
    """They are a part of the run: an agent's answer and a workflow's output are values like others."""
    inner = _doubling()
    writer = Agent("writer", model=ScriptedModel([Turn("two times 3 is 6")]))

    result = place.run(
        compute(rows),
        workflow(inner, "double", parameters={"n": "{{ rows.n }}"}),
        agent(writer, "tell about {{ double.n }}", "report"),
    )

    assert result["double"] == {"n": 6}
    assert result["report"] == "two times 3 is 6"
    assert {info.kind for info in place.journal.runs()} == {"pipeline"}


def test_an_agent_is_asked_again_if_a_tool_of_its_toolset_or_the_type_of_its_answer_changed(place):
    """What it is and what it may call is what its answer depends on."""

    @tool(effect="pure")
    def best(n: int) -> int:
        """Find the best."""
        return n

    @tool(effect="pure", name="best")
    def better(n: int) -> int:
        """Find the best."""
        return n + 1

    def ask(one: Tool, output: type = str) -> str:
        writer = Agent("writer", tools=[Toolset("choosing", (one,))], output=output)
        return statuses(place.run(agent(writer, "the best of 1", "report")))["report"]

    assert [ask(best), ask(best), ask(better)] == ["finished", "cached", "finished"]
    with pytest.raises(PipelineFailed, match="structured output"):  # the offline model is asked, and knows no number
        ask(better, int)


def test_only_some_nodes_run_and_take_what_they_need_as_it_was_last_made(place):
    """Nothing else is looked at; what was never made is an error that says how to make it."""
    done = []

    def first() -> int:
        done.append("first")
        return len(done)

    def second(n: int) -> int:
        return n * 10

    nodes = [compute(first, cache=False), compute(second, parameters={"n": "{{ first }}"}), compute(rows)]
    with pytest.raises(PipelineFailed, match="first is needed, and was never run"):
        place.run(*nodes, only="second")
    place.run(*nodes)
    result = place.run(*nodes, only="second", force=True)

    assert done == ["first"]
    assert statuses(result) == {"first": "cached", "second": "finished", "rows": "skipped"}
    assert result["second"] == 10


def test_a_pipeline_shows_itself_as_a_graph(place):
    """In a cell; members of a matrix are counted."""
    pipeline = place.pipeline(compute(rows), compute(rows, "each", matrix={"n": [1, 2]}, after="rows"))

    assert [edge.source for edge in pipeline.shape.edges] == ["rows"]
    assert pipeline.shape.nodes[1].label == "each * 2"
    assert "<svg" in pipeline._repr_mimebundle_()["image/svg+xml"]


def test_a_node_that_changes_the_working_directory_moves_no_paths(tmp_path, monkeypatch):
    """What a pipeline's paths are relative to is found once, before anything runs."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    def leave() -> None:
        monkeypatch.chdir(tmp_path / "elsewhere")

    def write() -> None:
        (tmp_path / "made.txt").write_text("here")

    nodes = [compute(leave), compute(write, after=["leave"], outputs="made.txt")]
    with open_journal(f"sqlite:///{tmp_path / 'victor.db'}") as journal:
        result = Pipeline("moving", nodes).run_sync(journal=journal)

    assert statuses(result) == {"leave": "finished", "write": "finished"}
