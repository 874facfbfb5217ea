"""The five built-in types: functions, agents, questions, tools and other workflows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tests.workflows.yaml_file.conftest import Load, Wrong
from victor_nb.agents import Agent
from victor_nb.journal import Effect, Journal, open_journal
from victor_nb.tools import tool
from victor_nb.workflows.control import Command
from victor_nb.workflows.errors import InvalidWorkflow
from victor_nb.workflows.yaml_file.loading import workflow_from_yaml


@pytest.fixture
def journal() -> Journal:
    return open_journal("memory:")


# -- agent -------------------------------------------------------------------------------------------------------------


def test_an_agent_answers_offline_by_default_and_sees_what_it_waits_for(journal: Journal) -> None:
    """Without a model, a key or a network; the values of the nodes before it are its variables."""
    text = """
        nodes:
          - {id: table, handler: table}
          - {id: ask, type: agent, role: analyst, goal: "what is the mean of age in {{ 'table' }}?", depends_on: table}
    """
    handlers = {"table": lambda: pd.DataFrame({"age": [20, 30, 40]})}
    result = workflow_from_yaml(text, handlers=handlers).run_sync({}, journal=journal)

    assert "30" in result.state["ask"]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What agents' models are told: instructions and the last request."""
    told: list[tuple[str, str]] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        told.append((str(info.instructions), str(messages[-1].parts[-1].content)))  # type: ignore[union-attr]
        return ModelResponse([TextPart("42")])

    monkeypatch.setattr("victor_nb.models.resolve", lambda name: FunctionModel(answer, model_name=name))
    return told


def test_an_agents_words_are_its_role_goal_and_inputs(journal: Journal, requests: list[tuple[str, str]]) -> None:
    """The role begins the instructions, expressions in the goal are filled in, and only `inputs` are shown."""
    text = """
        state: {secret: {default: hidden-value}, topic: {default: owls}}
        nodes:
          - id: ask
            type: agent
            role: zoologist
            goal: Write about {{ topic }}
            instructions: Be brief.
            model: test:model
            inputs: {style: "plain-value"}
    """
    state = workflow_from_yaml(text).run_sync({}, journal=journal).state

    (instructions, prompt) = requests[0]
    assert state["ask"] == "42"
    assert "You are the zoologist." in instructions
    assert "Be brief." in instructions
    assert "Write about owls" in prompt
    assert "plain-value" in prompt
    assert "hidden-value" not in prompt


def test_an_agents_requests_are_steps_below_its_node(journal: Journal, requests: list[tuple[str, str]]) -> None:
    """One run holds it all, so that a resumed run pays for no answer twice."""
    workflow = workflow_from_yaml("nodes: [{id: ask, type: agent, goal: hello, model: test:model}]")
    result = workflow.run_sync({}, journal=journal)
    steps = {one.data["kind"]: one for one in journal.history(result.run_id, types=("step.finished",))}

    assert steps["model"].parent_id.startswith(steps["node"].step_id)


def test_an_agents_tools_are_found_by_name() -> None:
    """Tools and toolsets of the registry, and handlers."""
    text = "nodes: [{id: ask, type: agent, goal: hello, tools: [sql, f]}]"

    workflow_from_yaml(text, handlers={"f": count})
    with pytest.raises(InvalidWorkflow, match=r"there is no tool 'sq1'\. Did you mean 'sql'"):
        workflow_from_yaml("nodes: [{id: ask, type: agent, goal: hello, tools: [sq1]}]")


# -- human -------------------------------------------------------------------------------------------------------------

QUESTION = """
    nodes:
      - {id: draft, handler: draft}
      - id: approve
        type: human
        prompt: Publish {{ draft.title }}?
        choices: ["yes", "no"]
        inputs: {words: "{{ draft.words }}"}
      - {id: publish, handler: publish, when: approve == "yes"}
"""
HANDLERS = {"draft": lambda: {"title": "T", "words": 5}, "publish": lambda: "published"}


def test_a_question_waits_for_its_answer(journal: Journal) -> None:
    """The run waits, in no process; resumed with an answer it goes on, and the answer is the node's value."""
    workflow = workflow_from_yaml(QUESTION, handlers=HANDLERS)
    waiting = workflow.run_sync({}, journal=journal)
    (question,) = waiting.interrupts

    assert waiting.status == "waiting"
    assert question.value == {"prompt": "Publish T?", "choices": ["yes", "no"], "inputs": {"words": 5}}

    done = workflow.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)
    assert (done.status, done.state["approve"], done.state["publish"]) == ("finished", "yes", "published")


def test_an_answer_that_is_no_choice_is_asked_for_again(journal: Journal) -> None:
    """What was wrong with it is part of the question then."""
    workflow = workflow_from_yaml(QUESTION, handlers=HANDLERS)
    waiting = workflow.run_sync({}, journal=journal)
    again = workflow.run_sync(Command(resume="perhaps"), run_id=waiting.run_id, journal=journal)

    assert again.status == "waiting"
    assert again.interrupts[0].value["not accepted"] == "perhaps"
    assert again.interrupts[0].value["prompt"] == "Publish T?"


def test_questions_about_each_of_a_list_are_asked_together(journal: Journal) -> None:
    """All of them wait at once; each answer finds its own."""
    text = "nodes: [{id: ok, type: human, prompt: 'keep {{ item }}?', answer: bool, for_each: [a, b]}]"
    workflow = workflow_from_yaml(text)
    waiting = workflow.run_sync({}, journal=journal)
    answers = {one.id: one.value["prompt"] == "keep b?" for one in waiting.interrupts}
    done = workflow.run_sync(Command(resume=answers), run_id=waiting.run_id, journal=journal)

    assert len(answers) == 2
    assert done.state["ok"] == [False, True]


# -- tool --------------------------------------------------------------------------------------------------------------


@tool(effect="read")
def count(text: str, times: int = 1) -> int:
    """Count the letters of a text.

    Args:
        text: any text.
        times: how often.
    """
    return len(text) * times


@tool(effect="effect", approval=True)
def send(to: str) -> str:
    """Send a mail.

    Args:
        to: the address.
    """
    return f"sent to {to}"


def test_a_tool_is_called_with_the_inputs(journal: Journal) -> None:
    """Checked and converted as a model's call would be; its effect class is the node's."""
    text = "nodes: [{id: n, type: tool, tool: count, inputs: {text: abc, times: '{{ 1 + 1 }}'}}]"
    workflow = workflow_from_yaml(text, handlers={"count": count})

    assert workflow.nodes["n"].effect is Effect.READ
    assert workflow.run_sync({}, journal=journal).state["n"] == 6


def test_a_tool_of_the_registry_is_found_by_name() -> None:
    """The same names as on the command line."""
    workflow = workflow_from_yaml("nodes: [{id: n, type: tool, tool: list_files, inputs: {}}]")

    assert workflow.nodes["n"].kind == "tool"


def test_a_tool_that_needs_approval_asks_a_person(journal: Journal) -> None:
    """No: nothing happens and the value is null. Yes: the call is made."""
    text = "nodes: [{id: n, type: tool, tool: send, inputs: {to: me}}]"
    workflow = workflow_from_yaml(text, handlers={"send": send})
    for answer, value in ((False, None), (True, "sent to me")):
        waiting = workflow.run_sync({}, journal=journal)
        assert waiting.interrupts[0].value["tool"] == "send"
        done = workflow.run_sync(Command(resume=answer), run_id=waiting.run_id, journal=journal)
        assert done.state["n"] == value


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("tool: cont, inputs: {text: a}", "there is no tool 'cont'. Did you mean 'count'"),
        ("tool: count, inputs: {txt: a}", "count takes no 'txt'. Did you mean 'text'"),
        ("tool: count", "count wants 'text', which nobody gives"),
        ("tool: kernel_variables, inputs: {}", "'kernel_variables' is a toolset: a node calls one tool"),
    ],
)
def test_a_call_that_cannot_be_is_told_before_anything_runs(node: str, says: str) -> None:
    """Names and arguments are checked against the tool's schema."""
    with pytest.raises(InvalidWorkflow) as raised:
        workflow_from_yaml(f"nodes: [{{id: n, type: tool, {node}}}]", handlers={"count": count})

    assert any(says in one.what for one in raised.value.problems), raised.value.problems


# -- workflow ----------------------------------------------------------------------------------------------------------

INNER = """
    state: {rows: {type: int, default: 1}}
    nodes:
      - {id: double, handler: double}
      - {id: ask, type: human, prompt: "{{ double }}?", when: double > 100}
"""
DOUBLE = "def double(rows): return rows * 2\ndef use(part): return part['double']"


def test_a_workflow_is_a_part_of_another(load: Load, journal: Journal) -> None:
    """Found from the folder of the file that names it, started with the inputs; its final state is the value."""
    workflow = load(
        """
        nodes:
          - {id: part, type: workflow, workflow: inner.yaml, inputs: {rows: 21}}
          - {id: use, handler: use}
        """,
        inner_yaml=INNER,
        handlers=DOUBLE,
    )
    state = workflow.run_sync({}, journal=journal).state
    inside = {node.id: node.inside for node in workflow.shape().nodes}["part"]

    assert (state["part"]["double"], state["use"]) == (42, 42)
    assert inside is not None
    assert "double" in [node.id for node in inside.nodes]


def test_a_question_inside_a_part_waits_as_any_other(load: Load, journal: Journal) -> None:
    """The outer run waits; the answer goes on inside."""
    text = "nodes: [{id: part, type: workflow, workflow: inner.yaml, inputs: {rows: 60}}]"
    workflow = load(text, inner_yaml=INNER, handlers=DOUBLE)
    waiting = workflow.run_sync({}, journal=journal)
    done = workflow.run_sync(Command(resume="fine"), run_id=waiting.run_id, journal=journal)

    assert waiting.interrupts[0].value == {"prompt": "120?"}
    assert done.state["part"]["ask"] == "fine"


def test_a_part_runs_for_each_of_a_list(load: Load, journal: Journal) -> None:
    """Without inputs it is started with the values that it has names for, `item` among them if it declares it."""
    text = "nodes: [{id: parts, type: workflow, workflow: inner.yaml, for_each: [1, 2], inputs: {rows: '{{ item }}'}}]"
    state = load(text, inner_yaml=INNER, handlers=DOUBLE).run_sync({}, journal=journal).state

    assert [one["double"] for one in state["parts"]] == [2, 4]


def test_mistakes_of_a_part_are_told_in_its_own_file(wrong: Wrong) -> None:
    """All files at once, each mistake where it is made."""
    told = wrong(
        "nodes: [{id: part, type: workflow, workflow: inner.yaml, inputs: {}}, {id: b, handler: nothing}]",
        inner_yaml="nodes: [{id: x, handlr: f}]",
    )

    assert any(one.startswith("inner.yaml:1:17 there is no key 'handlr'") for one in told)
    assert any("there is no function 'nothing'" in one for one in told)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("workflow: iner.yaml", "iner.yaml'. Did you mean 'inner.yaml'"),
        ("workflow: inner.yaml, inputs: {rowz: 1}", "has no value 'rowz'. Did you mean 'rows'"),
        ("workflow: .", "cannot be read"),
        ("workflow: 'math:pi'", "'math:pi' is a float, not a Workflow"),
        ("workflow: 'math:py'", "there is no 'py' in 'math'"),
        ("workflow: flow.yaml", "comes to itself again: flow.yaml → flow.yaml"),
        ("workflow: other.yaml", "comes to itself again: flow.yaml → other.yaml → flow.yaml"),
    ],
)
def test_a_part_that_cannot_be_is_told(wrong: Wrong, node: str, says: str) -> None:
    """Missing files, unknown inputs, and files that come to themselves."""
    told = wrong(
        f"nodes: [{{id: part, type: workflow, {node}}}]",
        inner_yaml=INNER,
        handlers=DOUBLE,
        other_yaml="nodes: [{id: back, type: workflow, workflow: flow.yaml}]",
    )

    assert any(says in one for one in told), told


def test_a_workflow_made_in_python_is_a_part_too(load: Load, journal: Journal) -> None:
    """Named as `module:name`; its state, of whatever type, is the value."""
    workflow = load(
        "nodes: [{id: part, type: workflow, workflow: 'python_part:made', inputs: {x: 2}}]",
        python_part="""
            from dataclasses import dataclass
            from victor_nb import START, Workflow
            @dataclass
            class State:
                x: int = 1
            made = Workflow(State, "made").add_node("twice", lambda state: {"x": state.x * 2}).add_edge(START, "twice")
        """,
    )

    assert workflow.run_sync({}, journal=journal).state["part"].x == 4


def test_a_part_of_a_text_needs_a_folder(load: Load) -> None:
    """A text is nowhere, so nothing is beside it."""
    text = "nodes: [{id: part, type: workflow, workflow: inner.yaml}]"

    with pytest.raises(InvalidWorkflow, match="no folder in which to find a file"):
        workflow_from_yaml(text)


def test_files_that_double_are_loaded_once_each(load: Load) -> None:
    """Thirty files that each name the next one twice are thirty files, not a billion."""
    files: dict[str, Any] = {
        f"f{n}_yaml": f"nodes: [{{id: a, type: workflow, workflow: f{n + 1}.yaml}},"
        f" {{id: b, type: workflow, workflow: f{n + 1}.yaml}}]"
        for n in range(6)
    }
    workflow = load("nodes: [{id: a, type: workflow, workflow: f0.yaml}]", f6_yaml=INNER, handlers=DOUBLE, **files)

    assert list(workflow.nodes) == ["a"]


# -- compute -----------------------------------------------------------------------------------------------------------


def test_an_agent_object_is_no_handler() -> None:
    """What cannot be called says what it is."""
    with pytest.raises(InvalidWorkflow, match="is a Agent, which cannot be called"):
        workflow_from_yaml("nodes: [{id: a, handler: f}]", handlers={"f": Agent()})  # type: ignore[dict-item]
