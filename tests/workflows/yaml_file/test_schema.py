"""The published JSON Schema: made from the loader's own models, and of one mind with the loader."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field

from victor_nb.workflows.errors import InvalidWorkflow
from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.errors import NodeTypeBroken
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.loading import workflow_from_yaml
from victor_nb.workflows.yaml_file.node_types import NodeType, node_types, register_node_type, registry
from victor_nb.workflows.yaml_file.reading import read
from victor_nb.workflows.yaml_file.schema import FILE, as_text, workflow_schema
from victor_nb.workflows.yaml_file.templated import Work

GOOD = """
workflow: everything
description: all that there is
handlers: [math]
state:
  rows: {type: int, default: 3, reducer: add, description: how many}
  name: str
nodes:
  - {id: a, handler: f}
  - {id: b, type: compute, handler: f, depends_on: a, when: a > 1, retry: 3, timeout: 5m, cache: true}
  - {id: c, type: agent, role: r, goal: g, tools: [sql], answer: str, budget: {steps: 3, time: 1h}, checkpoint: true}
  - {id: d, type: human, prompt: "{{ a }}?", choices: [yes, 1, true], inputs: {a: "{{ a }}"}}
  - {id: e, type: tool, tool: f, inputs: {x: 1}, effect: read, on_doubt: retry}
  - {id: f, handler: f, for_each: [1, 2], parallel: 2, output: [x], retry: {attempts: 2, wait: 0.5, on: [OSError]}}
  - {id: g, handler: f, for_each: a, output: "*", cache: {ttl: 2h}, depends_on: [], resume_on_failure: false}
"""


def f(x: int = 0) -> int:
    """Count.

    Args:
        x: a number.
    """
    return x


def value(text: str) -> Any:
    """What a file says, read as the loader and editors read it: by YAML 1.2."""
    document, mistakes = read(text, "flow.yaml")
    assert document is not None
    assert not mistakes
    return document.value


@cache
def published() -> Draft202012Validator:
    return Draft202012Validator(workflow_schema())


def complaints(data: Any) -> list[str]:
    """What an editor says of a file."""
    return [error.message for error in published().iter_errors(data)]


def test_the_schema_is_one() -> None:
    """It follows its own dialect."""
    Draft202012Validator.check_schema(workflow_schema())


def test_the_published_file_is_what_the_models_say() -> None:
    """Package data, documentation and loader cannot drift apart."""
    text = files("victor_nb.workflows.yaml_file").joinpath("workflow.schema.json").read_text("utf-8")

    assert text == as_text(workflow_schema()), "python -m victor_nb.workflows.yaml_file.schema writes it anew"
    assert FILE.is_file()


def test_a_file_with_everything_is_good() -> None:
    """What the loader takes, the schema takes."""
    assert workflow_from_yaml(GOOD, handlers={"f": f}).name == "everything"
    assert complaints(value(GOOD)) == []


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[3] / "docs/guides/workflow-yaml").glob("*.yaml")), ids=lambda one: one.stem
)
def test_the_examples_of_the_guide_are_good(file: Path) -> None:
    """Editors find nothing to complain about in them."""
    assert complaints(value(file.read_text())) == []


def test_keys_that_begin_with_x_are_the_writers_own() -> None:
    """A place for what several nodes share: anchors and merges."""
    text = """
        x-patient: &patient {retry: 3, timeout: 1h}
        nodes:
          - {id: a, handler: f, <<: *patient}
          - {id: b, handler: f, <<: *patient, timeout: 1m}
    """
    workflow = workflow_from_yaml(text, handlers={"f": f})

    assert [one.timeout.run_s for one in workflow.nodes.values() if one.timeout] == [3600, 60]
    assert complaints(value(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "name: x",
        "nodes: 5",
        "nodes: [{handler: f}]",
        "nodes: [{id: a}]",
        "nodes: [{id: a, handler: f, handlr: g}]",
        "nodes: [{id: a, handler: f, goal: g}]",
        "nodes: [{id: a, type: agent}]",
        "nodes: [{id: a, type: agnet, goal: g}]",
        "nodes: [{id: a b, handler: f}]",
        "nodes: [{id: a, handler: f, timeout: soon}]",
        "nodes: [{id: a, handler: f, timeout: -1}]",
        "nodes: [{id: a, handler: f, retry: 0}]",
        "nodes: [{id: a, handler: f, retry: {attempt: 3}}]",
        "nodes: [{id: a, handler: f, on_doubt: perhaps}]",
        "nodes: [{id: a, handler: f, parallel: 0}]",
        "{nodes: [{id: a, handler: f}], nods: 1}",
        "{nodes: [{id: a, handler: f}], state: {x: {typ: int}}}",
        "nodes: [{id: a, type: human}]",
        "nodes: [{id: a, type: workflow}]",
    ],
)
def test_what_the_schema_can_say_it_refuses_as_the_loader_does(text: str) -> None:
    """A red line in the editor is an error of the loader, too."""
    assert complaints(value(text))
    with pytest.raises(InvalidWorkflow):
        workflow_from_yaml(text, handlers={"f": f})


names = st.sampled_from(["a", "b", "c", "x1"])
durations = st.sampled_from(["1s", "2.5m", 3, 0.5, "100ms"])
node = st.fixed_dictionaries(
    {"handler": st.just("f")},
    optional={
        "type": st.just("compute"),
        "description": st.text(alphabet="ab: #é", max_size=5),
        "when": st.booleans() | st.just("1 > 0"),
        "for_each": st.lists(st.integers(), max_size=2),
        "parallel": st.integers(1, 5),
        "inputs": st.fixed_dictionaries({}, optional={"x": st.integers() | st.text(alphabet="ab", max_size=3)}),
        "retry": st.integers(1, 5) | st.fixed_dictionaries({}, optional={"wait": durations, "jitter": st.floats(0, 1)}),
        "timeout": durations,
        "cache": st.booleans() | st.fixed_dictionaries({}, optional={"ttl": durations}),
        "checkpoint": st.booleans(),
        "effect": st.sampled_from(["pure", "read", "idempotent", "effect"]),
    },
)
workflows = st.builds(
    lambda nodes, state: {"nodes": [{"id": f"n{n}", **one} for n, one in enumerate(nodes)], "state": state},
    st.lists(node, min_size=1, max_size=4),
    st.dictionaries(names, st.sampled_from(["int", "str", {"type": "list[int]", "reducer": "append"}]), max_size=2),
)


@settings(max_examples=60)
@given(workflows)
def test_whatever_the_loader_takes_the_schema_takes(data: dict[str, Any]) -> None:
    """The schema never refuses a good file."""
    workflow_from_yaml(json.dumps(data, ensure_ascii=False), handlers={"f": f})

    assert complaints(data) == []


class EchoFields(NodeFields):
    """Says something."""

    type: Literal["echo"] = Field("echo", description="Says something.")
    text: str = Field(description="What it says.")


def make_echo(fields: EchoFields, building: Building) -> Work:
    text = building.prepared("text", fields.text)
    return Work(lambda given: given.fill(text), reads=text)


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_node_type(NodeType("echo", EchoFields, make_echo))


@pytest.mark.usefixtures("echo")
def test_a_registered_type_is_known_to_files_and_to_the_schema() -> None:
    """Whoever brings a kind of node brings its fields."""
    text = "nodes: [{id: a, type: echo, text: 'n={{ 1 + 1 }}'}]"
    workflow = workflow_from_yaml(text)

    assert workflow.run_sync({}, journal="memory:").state["a"] == "n=2"
    assert not list(Draft202012Validator(workflow_schema(registered=True)).iter_errors(value(text)))
    assert complaints(value(text))
    with pytest.raises(InvalidWorkflow, match="'text' is missing"):
        workflow_from_yaml("nodes: [{id: a, type: echo}]")


def test_a_built_in_type_cannot_be_replaced() -> None:
    """A file means the same everywhere."""
    with pytest.raises(ValueError, match="built in"):
        register_node_type(NodeType("agent", EchoFields, make_echo))
    with pytest.raises(ValueError, match="must be Literal"):
        register_node_type(NodeType("other", EchoFields, make_echo))


def installed(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Pretend that a package has entry points of these names and values."""
    entries = tuple(EntryPoint(name, value, registry.GROUP) for name, value in values.items())
    monkeypatch.setattr(registry, "_installed", lambda: entries)


ECHO = NodeType("echo", EchoFields, make_echo)


def test_types_of_installed_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point of the group `victor_nb.node_types` is enough."""
    installed(monkeypatch, echo=f"{__name__}:ECHO")

    assert node_types()["echo"].fields is EchoFields
    assert workflow_from_yaml("nodes: [{id: a, type: echo, text: x}]").nodes["a"]


@pytest.mark.parametrize(
    ("value", "says"),
    [("nowhere_at_all:X", "No module named"), (f"{__name__}:GOOD", "no NodeType of that name")],
)
def test_a_package_that_is_broken_concerns_only_files_that_use_it(
    monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    """Others load; a file that names its type has a mistake there."""
    installed(monkeypatch, echo=value)

    workflow_from_yaml(GOOD, handlers={"f": f})
    with pytest.raises(InvalidWorkflow, match=rf"'echo' cannot be loaded: .*{says}.* \(<text>:1:23\)"):
        workflow_from_yaml("nodes: [{id: a, type: echo, text: x}]")
    with pytest.raises(NodeTypeBroken):
        node_types()
