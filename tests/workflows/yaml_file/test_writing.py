"""From a file to a workflow and back to a file that says the same."""

from __future__ import annotations

import json
import operator
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.yaml_file.test_schema import GOOD, f, value, workflows
from victor_nb.agents import Agent
from victor_nb.workflows.control import Command
from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.policies import CachePolicy, RetryPolicy
from victor_nb.workflows.reducers import append
from victor_nb.workflows.shape import END, START
from victor_nb.workflows.yaml_file.emitting import emitted
from victor_nb.workflows.yaml_file.errors import NotWritable
from victor_nb.workflows.yaml_file.loading import workflow_from_yaml
from victor_nb.workflows.yaml_file.writing import workflow_to_yaml


class State(TypedDict):
    rows: int
    notes: Annotated[list[str], append]
    total: Annotated[int, operator.add]
    anything: object


def read_rows(state: State) -> dict[str, Any]:
    return {"rows": 2, "notes": "read"}


def add_rows(state: State, runtime: Any) -> dict[str, Any]:
    return {"total": state["rows"], "notes": runtime.node}


def join_up(state: State) -> dict[str, Any]:
    return {"notes": "joined"}


class TooFew(ValueError):
    """An exception that can be imported."""


def words(text: str) -> Any:
    """What a file says, with what means the same made equal."""
    data = value(text)
    for node in data["nodes"]:
        if node.get("depends_on") is not None and not isinstance(node["depends_on"], list):
            node["depends_on"] = [node["depends_on"]]
        if node.get("type") == "compute":
            del node["type"]
        for key in ("timeout",):
            node |= {key: SECONDS.get(node[key], node[key])} if key in node else {}
        for key, inner in (("retry", "wait"), ("cache", "ttl"), ("budget", "time")):
            if isinstance(node.get(key), dict) and inner in node[key]:
                node[key][inner] = SECONDS.get(node[key][inner], node[key][inner])
    return {key: said for key, said in data.items() if said}


SECONDS = {"5m": 300, "1h": 3600, "2h": 7200, "1s": 1, "2.5m": 150, "100ms": 0.1}


def test_a_file_comes_back_as_it_was_written() -> None:
    """Everything that a file can say."""
    workflow = workflow_from_yaml(GOOD, handlers={"f": f})

    assert words(workflow_to_yaml(workflow)) == words(GOOD)


@settings(max_examples=60)
@given(workflows)
def test_yaml_to_python_to_yaml_loses_nothing(data: dict[str, Any]) -> None:
    """Whatever is written comes back, and what comes back is written the same again."""
    text = json.dumps(data, ensure_ascii=False)
    first = workflow_to_yaml(workflow_from_yaml(text, handlers={"f": f}))
    again = workflow_to_yaml(workflow_from_yaml(first, handlers={"f": f}))

    assert words(first) == words(text) | {"workflow": "workflow"}
    assert again == first


def test_both_are_the_same_graph_with_the_same_sources() -> None:
    """A run of one can be resumed with the other."""
    one = workflow_from_yaml(GOOD, handlers={"f": f})
    other = workflow_from_yaml(workflow_to_yaml(one), handlers={"f": f})

    assert other.shape() == one.shape()
    assert other.plan().sources() == one.plan().sources()


def test_an_edge_that_was_added_in_python_is_written() -> None:
    """What a node waits for is what the graph says."""
    text = "nodes: [{id: a, handler: f, depends_on: []}, {id: b, handler: f, depends_on: []}]"
    workflow = workflow_from_yaml(text, handlers={"f": f})
    workflow.add_node("c", read_rows)
    workflow.add_edge(["a", "b"], "c")
    back = value(workflow_to_yaml(workflow))

    assert back["nodes"][2]["depends_on"] == ["a", "b"]
    assert back["nodes"][2]["handler"].endswith("test_writing:read_rows")


def built() -> Workflow:
    workflow = Workflow(State, "built", about="made in Python")
    workflow.add_node("read", read_rows, retry=RetryPolicy(3, wait_s=0.1, retry_on=(OSError, TooFew)), timeout_s=60)
    workflow.add_node("add", add_rows, effect="idempotent", on_doubt="retry", metadata={"checkpoint": True})
    workflow.add_node("more", add_rows, cache=CachePolicy(ttl_s=5))
    workflow.add_node("join", join_up)
    workflow.add_edge(START, "read").add_edge("read", "add").add_edge("read", "more")
    return workflow.add_edge(["add", "more"], "join").add_edge("join", END)


def test_a_workflow_made_in_python_is_written_and_runs_the_same() -> None:
    """Functions by `module:function`, edges as depends_on, state with types and reducers, policies."""
    workflow = built()
    text = workflow_to_yaml(workflow)
    back = workflow_from_yaml(text)
    said = value(text)

    assert said["state"] == {
        "rows": "int",
        "notes": {"type": "list[str]", "reducer": "append"},
        "total": {"type": "int", "reducer": "add"},
        "anything": "any",
    }
    assert said["nodes"][0] == {
        "id": "read",
        "handler": f"{__name__}:read_rows",
        "output": "*",
        "retry": {"attempts": 3, "wait": 0.1, "on": ["OSError", f"{__name__}:TooFew"]},
        "timeout": 60,
        "depends_on": [],
    }
    assert said["nodes"][3]["depends_on"] == ["add", "more"]
    expected = workflow.run_sync({}, journal="memory:").state
    actual = back.run_sync({}, journal="memory:").state
    assert {name: actual[name] for name in expected} == expected


def local() -> Any:
    def inner(state: State) -> dict[str, Any]:
        return {}

    return inner


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w: w.add_conditional_edges("join", lambda state: "read", ["read"]), "after 'join' a function decides"),
        (lambda w: w.add_node("x", local()).add_edge("join", "x"), "cannot be found by a name"),
        (lambda w: w.add_node("x", lambda s: {}).add_edge("join", "x"), "cannot be found by a name"),
        (lambda w: w.add_node("x", join_up, defer=True).add_edge("join", "x"), "has defer"),
        (lambda w: w.add_node("x", join_up, on_error="read").add_edge("join", "x"), "has on_error"),
        (lambda w: w.add_node("x", join_up, ends=["read"]).add_edge("join", "x"), "has ends"),
        (lambda w: w.add_node("x", join_up, idle_s=3).add_edge("join", "x"), "has idle_s"),
        (
            lambda w: w.add_node("x", join_up, cache=CachePolicy(version="2")).add_edge("join", "x"),
            "version of its own",
        ),
        (lambda w: w.add_node("x", Agent(), output="rows").add_edge("join", "x"), "of kind 'agent'"),
        (lambda w: w.add_node("x", built()).add_edge("join", "x"), "of kind 'workflow'"),
        (lambda w: w.add_edge("read", "join"), "begins in 2 ways"),
        (
            lambda w: w.add_node("x", join_up, retry=RetryPolicy(retry_on=lambda error: True)).add_edge("join", "x"),
            "by rules that a file cannot say",
        ),
    ],
)
def test_what_a_file_cannot_say_is_an_error_that_names_it(change: Any, says: str) -> None:
    """Nothing is left out in silence."""
    workflow = built()
    change(workflow)

    with pytest.raises(NotWritable, match=says):
        workflow_to_yaml(workflow)


def test_a_command_is_something_that_a_file_cannot_say() -> None:
    """Where a node goes by itself is not in the file."""
    workflow = Workflow(State, "x").add_node("go", goes).add_edge(START, "go")

    with pytest.raises(NotWritable, match="has ends"):
        workflow_to_yaml(workflow)


def goes(state: State) -> Command:
    return Command(goto="go" if state["rows"] else ())


texts = st.text(max_size=40) | st.sampled_from(
    ["no", "on", "0o17", "1e3", ".5", "1_000", "true", "~", "", " x", "x ", "a\n  b\n", "\n", "- a", "a: b", "#", "'\""]
)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=15,
)


@settings(max_examples=200)
@given(data)
def test_values_are_written_so_that_they_are_read_as_they_were(written: Any) -> None:
    """Texts that look like numbers, words of older YAML, long lines, odd spaces: all come back."""
    assert value(emitted({"key": written})) == {"key": written}
