"""`victor workflow`: draw, check, describe, run; and resume, show and travel for runs of workflows."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from tests.commands.conftest import Call
from victor_nb import END, START, Workflow, interrupt, workflow
from victor_nb.commands import Session
from victor_nb.errors import UsageError
from victor_nb.journal import Event
from victor_nb.workflows import GraphChanged, InvalidWorkflow


class Notes(TypedDict, total=False):
    """A list that grows, and a number."""

    said: Annotated[list[str], operator.add]
    n: int


def notes(name: str = "notes") -> Workflow:
    """Read, ask a person, count."""
    workflow = Workflow(Notes, name=name)

    def read(state: Notes) -> Notes:
        """Read the notes."""
        return {"said": ["read"]}

    workflow.add_node(read)
    workflow.add_node("ask", lambda state: {"said": [interrupt("which one?")]})
    workflow.add_node("count", lambda state: {"n": state.get("n", 0) + len(state["said"])})
    for source, target in ((START, "read"), ("read", "ask"), ("count", END)):
        workflow.add_edge(source, target)
    workflow.add_conditional_edges(
        "ask", lambda state: "enough" if state["said"] else "done", {"enough": "count", "done": END}
    )
    return workflow


MODULE = '''
from typing import TypedDict
from victor_nb import END, START, Workflow

class State(TypedDict, total=False):
    n: int

def double(state: State) -> State:
    """Twice as much."""
    return {"n": state["n"] * FACTOR}

FACTOR = 2
flow = Workflow(State, name="doubling")
flow.add_node(double)
flow.add_edge(START, "double")
flow.add_edge("double", END)

def made() -> Workflow:
    return flow

other = 3
'''


@pytest.fixture
def kept(session: Session) -> Workflow:
    """A workflow in the kernel's namespace."""
    assert session.namespace is not None
    workflow = notes()
    session.namespace["flow"] = workflow
    return workflow


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A Python file with a workflow."""
    path = tmp_path / "flows_of_test.py"
    path.write_text(MODULE)
    return path


# --- visualize ---------------------------------------------------------------------------------------------------


def test_a_workflow_is_drawn_where_it_is_asked_for(call: Call, kept: Workflow) -> None:
    """As text in a terminal, as a picture in a cell, as data with --json."""
    drawing = call("workflow", "visualize", "flow")

    assert "│ read │" in drawing.to_text()
    assert "image/svg+xml" in drawing._repr_mimebundle_()
    assert [node["id"] for node in call("workflow", "visualize", "flow", "--json").to_json()["nodes"]][1] == "read"


@pytest.mark.parametrize(
    ("format", "begins"), [("text", " "), ("ascii", " "), ("mermaid", "flowchart TD"), ("svg", "<svg ")]
)
def test_formats_of_text_are_printed(call: Call, kept: Workflow, format: str, begins: str) -> None:
    """So that they can be piped."""
    drawn = call("workflow", "visualize", "flow", "--format", format).to_text()

    assert drawn.startswith(begins)
    assert drawn.isascii() or format == "text"


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.svg", b"<svg "), ("a.png", b"\x89PNG"), ("a.mmd", b"flowchart"), ("a.txt", b" ")],
)
def test_the_ending_of_a_file_says_the_format(
    call: Call, kept: Workflow, tmp_path: Path, name: str, begins: bytes
) -> None:
    """And nothing but the file is left in the folder."""
    call("workflow", "visualize", "flow", "-o", name)

    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("a.") or "part" in path.name] == [name]


def test_a_png_gets_a_file_of_its_own(call: Call, kept: Workflow, tmp_path: Path) -> None:
    """Pixels are nothing for a terminal."""
    said = call("workflow", "visualize", "flow", "--format", "png", "--theme", "dark")

    assert said.to_json()["file"] == str(tmp_path / "notes.png")
    assert (tmp_path / "notes.png").stat().st_size > 1_000


def test_a_drawing_is_opened_in_its_program(
    call: Call, kept: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SVG unless something else was asked for."""
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)

    call("workflow", "visualize", "flow", "--open")

    assert opened == [str(tmp_path / "notes.svg")]


def test_an_ending_that_says_nothing_and_a_folder_that_is_not_there_are_refused(call: Call, kept: Workflow) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError, match=r"a\.gif says no format"):
        call("workflow", "visualize", "flow", "-o", "a.gif")
    with pytest.raises(UsageError, match="cannot be written"):
        call("workflow", "visualize", "flow", "-o", "nowhere/a.svg")


def test_the_graph_of_a_run_is_drawn_without_its_code(call: Call, session: Session, kept: Workflow) -> None:
    """By the run's id, or by the name of its workflow."""
    answer = call("workflow", "run", "flow")
    assert session.namespace is not None
    session.namespace.clear()

    for name in (answer.result.run_id, "notes", "last"):
        assert "│ read │" in call("workflow", "visualize", name).to_text()


# --- which workflow ----------------------------------------------------------------------------------------------


def test_a_workflow_is_found_in_a_file_in_a_module_and_behind_a_function(call: Call, module: Path) -> None:
    """Three ways to name the same one."""
    for name in (f"{module}:flow", "flows_of_test.py:made", "flows_of_test:flow"):
        assert call("workflow", "validate", name).to_json() == {"name": "doubling", "nodes": 1, "valid": True}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("flowy", r"no workflow 'flowy'\. Did you mean 'flow'\?"),
        ("number", "is a int, not a workflow"),
        ("flows_of_test:flop", r"has no 'flop'\. Did you mean 'flow'\?"),
        ("flows_of_test:other", "'other' in flows_of_test is no workflow"),
        ("no_such_module_here:flow", "cannot be imported"),
        ("flows_of_tes.py:flow", r"Did you mean 'flows_of_test\.py'\?"),
        ("missing.yaml", r"there is no file missing\.yaml"),
    ],
)
def test_a_name_that_means_no_workflow_is_told_with_the_nearest(
    call: Call, session: Session, kept: Workflow, module: Path, name: str, said: str
) -> None:
    """Whoever misspells finds out how it is spelled."""
    assert session.namespace is not None
    session.namespace["number"] = 3

    with pytest.raises(UsageError, match=said):
        call("workflow", "validate", name)


def test_a_workflow_with_mistakes_is_told_all_of_them(call: Call, session: Session) -> None:
    """At once, and without running."""
    broken = Workflow(Notes, name="broken")
    broken.add_node("alone", lambda state: None)
    broken.add_edge(START, "alone")
    broken.add_edge("alone", "nowhere")
    broken.add_edge("alone", "elsewhere")
    assert session.namespace is not None
    session.namespace["broken"] = broken

    with pytest.raises(InvalidWorkflow) as caught:
        call("workflow", "validate", "broken")
    assert "'nowhere'" in str(caught.value)
    assert "'elsewhere'" in str(caught.value)


def test_show_lists_the_nodes_and_where_they_lead(call: Call, kept: Workflow) -> None:
    """What a newcomer to a workflow asks first."""
    shown = call("workflow", "show", "flow").to_text()

    assert "Read the notes." in shown
    assert "count (enough), end (done)" in shown


# --- run and resume ----------------------------------------------------------------------------------------------


def test_a_workflow_runs_with_values_from_the_command_line(call: Call, module: Path, seen: list[Event]) -> None:
    """The result is the state; the run is shown while it goes on."""
    answer = call("workflow", "run", "flows_of_test:flow", "--set", "n=4")

    assert answer.to_json()["state"] == {"n": 8}
    assert '"n": 8' in answer.to_text()
    assert (seen[0].type, seen[-1].type) == ("run.started", "run.finished")


def test_the_input_comes_from_a_flag_a_file_or_the_cell(call: Call, module: Path, tmp_path: Path) -> None:
    """Pairs change what the others say."""
    (tmp_path / "input.json").write_text('{"n": 5}')
    run = ("workflow", "run", "flows_of_test:flow")

    assert call(*run, "--input", '{"n": 4}').state == {"n": 8}
    assert call(*run, "--input", "@input.json").state == {"n": 10}
    assert call(*run, body='{"n": 6}').state == {"n": 12}
    assert call(*run, "--input", "@input.json", "--set", "n=1").state == {"n": 2}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--input", "{"), "no JSON"),
        (("--input", "[1]"), "no JSON object"),
        (("--input", "@gone.json"), "cannot be read"),
        (("--set", "n"), "no key=value"),
    ],
)
def test_an_input_that_is_none_starts_nothing(call: Call, module: Path, flags: tuple[str, ...], said: str) -> None:
    """No run begins."""
    with pytest.raises(UsageError, match=said):
        call("workflow", "run", "flows_of_test:flow", *flags)
    assert call("runs").to_json() == []


def test_a_run_that_waits_is_answered_by_resume(call: Call, kept: Workflow) -> None:
    """The question is told with how to answer it; the variable is found by the workflow's name."""
    waiting = call("workflow", "run", "flow", "--set", "n=1")
    assert waiting.to_json()["interrupts"][0]["value"] == "which one?"
    assert f"victor resume {waiting.result.run_id} --answer VALUE" in waiting.to_text()
    with pytest.raises(UsageError, match="waits for an answer"):
        call("resume", "last")

    answer = call("resume", "last", "--answer", "this one")

    assert answer.state == {"said": ["read", "this one"], "n": 3}
    assert answer.result.run_id == waiting.result.run_id


def test_an_answer_to_no_question_changes_nothing(call: Call, kept: Workflow) -> None:
    """The run does not fail by it."""
    call("workflow", "run", "flow")
    with pytest.raises(UsageError, match="answers no question"):
        call("resume", "last", "--answer", "a=1", "--answer", "b=2")
    fork = call("fork", "last", "--at", "0").fields["run"]

    with pytest.raises(UsageError, match="asks nothing now"):
        call("resume", fork, "--answer", "x")
    assert call("runs", "--status", "failed").to_json() == []


def test_a_run_of_a_module_is_resumed_by_its_id_alone(call: Call, module: Path) -> None:
    """The journal knows where the workflow was found."""
    call("workflow", "run", "flows_of_test.py:flow", "--set", "n=4")
    fork = call("fork", "last", "--at", "0", "--set", "n=10").fields["run"]

    assert call("resume", fork).state == {"n": 20}


def test_a_workflow_that_is_not_here_is_asked_for(call: Call, session: Session, kept: Workflow) -> None:
    """With the flag that names it."""
    call("workflow", "run", "flow")
    assert session.namespace is not None
    session.namespace.clear()

    with pytest.raises(UsageError, match="the workflow 'notes' is not here") as caught:
        call("resume", "last", "--answer", "x")
    assert "--workflow" in caught.value.hint


def test_a_changed_graph_is_told_and_accepted_by_a_flag(call: Call, session: Session, kept: Workflow) -> None:
    """Nobody goes on with other code without knowing it."""
    call("workflow", "run", "flow", "--set", "n=1")
    kept.add_node("more", lambda state: {"n": 100})
    kept.add_edge("count", "more")
    with pytest.raises(GraphChanged):
        call("resume", "last", "--answer", "x")

    assert call("resume", "last", "--answer", "x", "--accept-changes").state["n"] == 100


# --- show and travel ---------------------------------------------------------------------------------------------


@pytest.fixture
def finished(call: Call, kept: Workflow) -> str:
    """The id of a finished run."""
    call("workflow", "run", "flow", "--set", "n=1")
    return str(call("resume", "last", "--answer", "this one").result.run_id)


def test_show_draws_the_graph_of_a_workflow_s_run(call: Call, finished: str) -> None:
    """With how each node fared; a fork too, whose graph is in the run that it left."""
    assert "✓ count" in call("show").to_text()
    assert call("show", "--json").to_json()["state"] == "finished"
    fork = call("fork", finished, "--at", "1").fields["run"]

    assert "✓ read" in call("show", fork).to_text()


def test_checkpoints_lists_what_each_changed(call: Call, finished: str) -> None:
    """Outside of a kernel, as text."""
    shown = call("checkpoints").to_text()

    assert "after ask\n        + said: this one" in shown
    assert [one["superstep"] for one in call("checkpoints", finished, "--json").to_json()["checkpoints"]] == [
        0,
        1,
        2,
        3,
    ]


def test_state_is_that_of_a_checkpoint_by_number_or_node(call: Call, finished: str) -> None:
    """The last one without a flag."""
    assert call("state").to_json() == {"said": ["read", "this one"], "n": 3}
    assert call("state", "last", "--at", "1").to_json() == {"said": ["read"], "n": 1}
    assert call("state", "last", "--at", "-2", "--key", "n").to_json() == 1
    assert call("state", "last", "--at", "read").to_json()["said"] == ["read"]
    with pytest.raises(UsageError, match="no key 'm'"):
        call("state", "last", "--key", "m")
    with pytest.raises(UsageError, match="no checkpoint"):
        call("state", "last", "--at", "17")


def test_a_fork_goes_another_way(call: Call, finished: str) -> None:
    """The run that it left stays as it was, and the two can be compared."""
    made = call("fork", finished, "--at", "2", "--set", 'said=["more"]', "--replace", "n=10").fields
    assert (made["at superstep"], made["due next"]) == (3, "count")

    answer = call("resume", made["run"])
    assert answer.state == {"said": ["read", "this one", "more"], "n": 13}
    assert call("state", finished).to_json()["n"] == 3

    compared = call("diff", finished, made["run"])
    assert "~ n: 3 → 13" in compared.to_text()
    assert "+ said: more" in compared.to_text()
    assert compared.to_json()["common"] == 2
    assert "the states are equal" in call("diff", finished, finished).to_text()


def test_travel_is_for_runs_of_workflows(call: Call, session: Session) -> None:
    """An agent's run has no state to travel in."""
    from tests.commands.conftest import saying
    from victor_nb.agents import Agent

    assert session.namespace is not None
    session.namespace["poet"] = Agent(name="poet", model=saying("a verse"))
    call("ask", "poet", body="Say something.")

    for verb in (("checkpoints",), ("state",), ("fork",), ("diff", "last", "last")):
        with pytest.raises(UsageError, match="not a workflow's run"):
            call(*verb)


def test_every_result_is_json_too(call: Call, finished: str) -> None:
    """--json is an option of every verb."""
    results: list[Any] = [
        call("workflow", "show", "flow", "--json"),
        call("workflow", "validate", "flow", "--json"),
        call("fork", "last", "--at", "0", "--json"),
        call("diff", finished, finished, "--json"),
    ]

    assert all(json.loads(result.to_text()) is not None for result in results)


def test_a_function_that_is_a_workflow_takes_its_input_as_one_value(call: Call, session: Session) -> None:
    """Found, drawn, run and shown like any other."""

    @workflow
    def double(numbers: dict[str, int]) -> int:
        """Twice as much."""
        return numbers["n"] * 2

    assert session.namespace is not None
    session.namespace["double"] = double

    assert call("workflow", "run", "double", "--set", "n=4").state["output"] == 8
    assert call("state", "last").to_json()["input"] == {"n": 4}
    assert "Twice as much" in call("workflow", "visualize", "double").to_html()
