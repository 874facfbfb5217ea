"""Everything that is wrong with a file is told at once, each mistake with its line, column and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.yaml_file.conftest import Write, Wrong
from victor_nb.workflows.errors import InvalidWorkflow, Problem
from victor_nb.workflows.yaml_file.loading import load_workflow, workflow_from_yaml


def f(x: int = 0) -> int:
    """Count."""
    return x


def test_every_mistake_of_a_file_is_told_at_once(wrong: Wrong) -> None:
    """Keys, types, handlers, names, expressions and references: one load, all of them, in the order of the file."""
    told = wrong(
        """\
        workflow: training
        descripton: what it is for
        state: {rows: itn}
        nodes:
          - id: preprocess
            type: compute
            handler: preprocess_dta
            timeout: soon
          - id: train
            type: agnet
            goal: x
          - id: evaluate
            type: compute
            handler: evaluate_model
            depends_on: [trian]
            when: preproces.rows > 3
          - id: evaluate
            handler: evaluate_model
            inputs: {rowz: "{{ rows + }}"}
        """,
        handlers="def preprocess_data(): ...\ndef evaluate_model(rows=1): ...",
    )

    places = [one.partition(" ")[0] for one in told]
    assert any("'descripton'" in one and "Did you mean 'description'" in one for one in told)
    assert any("'itn'" in one and "Did you mean 'int'" in one for one in told)
    assert any("'agnet'" in one and "Did you mean 'agent'" in one for one in told)
    assert any("'soon'" in one and '"5m"' in one for one in told)
    assert any("'trian'" in one and "Did you mean 'train'" in one for one in told)
    assert any("'preproces'" in one and "Did you mean 'preprocess'" in one for one in told)
    assert any("given twice, first in line 12" in one for one in told)
    assert any("unexpected" in one for one in told)
    assert places == sorted(places, key=lambda place: tuple(map(int, place.split(":"))))


NODES = "nodes:\n  - id: a\n    handler: f\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", "1:1 the file is no mapping"),
        ("name: x", "1:1 'nodes' is missing"),
        ("nodes: []", "1:8 the workflow has no nodes"),
        ("nodes: {a: 1}", "1:8 'nodes' is a mapping; it should be a valid list"),
        ("nodes: [5]", "1:9 a node is a mapping of keys, and this is 5"),
        ("nodes:\n  - handler: f", "2:5 'id' is missing"),
        ("nodes:\n  - id: a", "2:5 'handler' is missing"),
        ("nodes:\n  - id: 5\n    handler: f", "2:9 'id' is 5; it should be a text"),
        ("nodes:\n  - id: a-b\n    handler: f", "2:9 'id' is 'a-b'; it should be letters, digits and _"),
        ("nodes:\n  - id: item\n    handler: f", "2:9 'item' cannot be the name of a value"),
        ("nodes:\n  - id: not\n    handler: f", "2:9 'not' cannot be the name of a value"),
        (NODES + "    handlr: f\n", "4:5 there is no key 'handlr' here. Did you mean 'handler'"),
        (NODES + "    role: x\n", "4:5 there is no key 'role' here"),
        (NODES + "    timeout: -1\n", "4:14 'timeout' is -1; it should be greater than 0"),
        (NODES + "    timeout: true\n", "4:14 'timeout' is True; it should be a number of seconds"),
        (NODES + "    retry: 0\n", "4:12 'retry' is 0; it should be greater than or equal to 1"),
        (NODES + "    retry: {attempt: 3}\n", "4:13 there is no key 'attempt' here. Did you mean 'attempts'"),
        (NODES + "    retry: {on: [ConectionError]}\n", "4:12 there is no exception 'ConectionError'"),
        (NODES + "    retry: {on: [print]}\n", "4:12 'print' is no kind of exception"),
        (NODES + "    checkpoint: yes\n", "4:17 'checkpoint' is 'yes'; it should be a valid boolean"),
        (NODES + "    depends_on: b\n", "4:17 there is no node 'b'"),
        (NODES + "    depends_on: [a]\n", "4:18 node 'a' depends on itself"),
        (NODES + "    when: a +\n", "4:11 `a +`: unexpected"),
        (NODES + "    when: rows\n", "4:11 there is no value 'rows'"),
        (NODES + "    when: item\n    for_each: [1]\n", "4:11 there is no value 'item'"),
        (NODES + "    for_each: rows\n", "4:15 there is no value 'rows'"),
        (NODES + "    inputs: {x: '{{ rows }}'}\n", "4:17 there is no value 'rows'"),
        (NODES + "    inputs: {x: '{{ rows'}\n", "4:17 `{{ rows`: unexpected end of template"),
        (NODES + "    inputs: {y: 1}\n", "4:14 f() takes no 'y'"),
        (NODES + "    inputs:\n      x: |\n        one\n        {{ two + }}\n", "7:9 `one {{ two + }}`: unexpected"),
        (NODES + "    handler: g\n", "4:5 the key 'handler' is given twice"),
        (NODES + "    resume_on_failure: false\n    on_doubt: retry\n", "5:15 resume_on_failure: false has a person"),
        ("nodes:\n  - id: a\n    handler: g\n", "3:14 there is no function 'g'"),
        ("nodes:\n  - id: a\n    handler: no.such:g\n", "3:14 there is no module 'no.such'"),
        ("nodes:\n  - id: a\n    handler: math:pii\n", "3:14 there is no 'pii' in 'math'"),
        ("nodes:\n  - id: a\n    handler: math:pi\n", "3:14 'math:pi' is a float, which cannot be called"),
        ("handlers: nowhere\n" + NODES, "1:11 there is no module 'nowhere'"),
        ("handlers: [math, nowhere]\n" + NODES, "1:18 there is no module 'nowhere'"),
        ("workflow: x\nname: y\n" + NODES, "2:1 the workflow has two names"),
        ("state: {x: {type: 'list['}}\n" + NODES, "1:19 'list['"),
        ("state: {x: 5}\n" + NODES, "1:12 'x' is 5; it should be a text or should be a mapping"),
        ("state: {x: {typ: int}}\n" + NODES, "1:13 there is no key 'typ' here. Did you mean 'type'"),
        ("state: {x: {reducer: appendd}}\n" + NODES, "1:22 there is no reducer 'appendd'. Did you mean 'append'"),
        ("state: {item: int}\n" + NODES, "1:9 'item' cannot be the name of a value"),
        (
            "nodes: [{id: a, type: agent, goal: g, budget: {stepz: 3}}]",
            "1:48 there is no key 'stepz' here. Did you mean",
        ),
        ("nodes: [{id: a, type: agent, goal: g, budget: {zzz: 3}}]", "1:48 there is no key 'zzz' here"),
        ("nodes: [{id: a, type: human, prompt: p, answer: bol}]", "1:49 there is no type 'bol'. Did you mean 'bool'"),
        ("nodes: [{id: a, type: human, prompt: p, answer: str, choices: [x]}]", "1:49 choices are the only answers"),
        ("nodes: [{id: a, handler: f, output: b}, {id: b, handler: f}]", "1:37 'b' is the id of another node"),
        ("nodes: [{id: a, type: compute, handler: f, cache: {tll: 3}}]", "1:52 there is no key 'tll' here. Did you"),
        ("state: {model_config: int}\n" + NODES, "1:9 'model_config' cannot be the name of a value"),
        ("state: {a: int}\n" + NODES, "3:9 'a' is the name of a node and of declared state"),
        (NODES + "  - id: b\n    handler: f\n    output: a\n", "6:13 nodes 'a' and 'b' both write 'a'"),
        (NODES + "    output: c\n  - id: b\n    handler: f\n    output: c\n", "7:13 nodes 'a' and 'b' both write 'c'"),
    ],
)
def test_each_mistake_has_its_place_and_words(text: str, expected: str) -> None:
    """One mistake, one sentence, at the line and column where it is made."""
    with pytest.raises(InvalidWorkflow) as raised:
        workflow_from_yaml(text, handlers={"f": f})

    told = [f"{one.where.removeprefix('<text>:')} {one.what}" for one in raised.value.problems]
    assert any(one.startswith(expected.partition(" ")[0]) and expected in one for one in told), told


def test_one_mistake_in_a_node_hides_no_other() -> None:
    """A misspelled key, and the handler, the condition and the input of the same node are all looked at."""
    text = """\
state: {rows: {typ: int}}
nodes:
  - id: a
    handler: g
    checkpont: true
    when: rowz > 1
    inputs: {x: "{{ rows +}}"}
"""
    with pytest.raises(InvalidWorkflow) as raised:
        workflow_from_yaml(text, handlers={"f": f})

    assert [one.where.removeprefix("<text>:") for one in raised.value.problems] == [
        "1:16",
        "4:14",
        "5:5",
        "6:11",
        "7:17",
    ]


@pytest.mark.parametrize("depends", ["c", "[c]"])
def test_nodes_that_wait_for_each_other_are_told_with_their_way(depends: str) -> None:
    """A cycle is one mistake that names all of its nodes, at the first of them."""
    text = f"""\
nodes:
  - {{id: a, handler: f, depends_on: {depends}}}
  - {{id: b, handler: f, depends_on: a}}
  - {{id: c, handler: f, depends_on: [b]}}
"""
    with pytest.raises(InvalidWorkflow, match=r"wait for each other: a ← c ← b ← a \(<text>:2:"):
        workflow_from_yaml(text, handlers={"f": f})


def test_reading_the_value_of_a_later_node_is_a_cycle() -> None:
    """The order of the file says that the later one waits, the expression the opposite: no order can please both."""
    text = "nodes: [{id: a, handler: f, when: b > 1}, {id: b, handler: f}]"

    with pytest.raises(InvalidWorkflow, match="wait for each other"):
        workflow_from_yaml(text, handlers={"f": f})


def test_a_handler_that_wants_what_nobody_gives_is_told_before_anything_runs() -> None:
    """The parameter is named, with the nearest value."""
    handlers = {"f": lambda: 1, "g": lambda f1, preproces: preproces}
    text = "nodes: [{id: preprocess, handler: f}, {id: b, handler: g}]"

    with pytest.raises(
        InvalidWorkflow, match=r"wants a value 'preproces', which nobody gives\. Did you mean 'preprocess'"
    ):
        workflow_from_yaml(text, handlers=handlers)


def test_a_broken_handlers_file_says_where_it_breaks(wrong: Wrong) -> None:
    """The line of the Python file, not ours."""
    (told,) = wrong("nodes: [{id: a, handler: f}]", handlers="x = 1\ny = x / 0")

    assert "ZeroDivisionError" in told
    assert "handlers.py:2" in told


def test_long_files_with_a_mistake_in_each_node_are_told_quickly(write: Write) -> None:
    """Thousands of mistakes are thousands of lines, in the order of the file."""
    nodes = "\n".join(f"- {{id: n{n}, handlr: f}}" for n in range(2000))
    with pytest.raises(InvalidWorkflow) as raised:
        workflow_from_yaml(f"nodes:\n{nodes}", handlers={"f": f})

    assert len(raised.value.problems) == 4000


def test_thousands_of_unknown_names_are_told_without_comparing_each_with_each(write: Write) -> None:
    """Suggestions are for files that people write; a list of names ends after a few."""
    nodes = "\n".join(f"- {{id: n{n}, handler: f, when: x{n} > 1, depends_on: [y{n}]}}" for n in range(1000))
    with pytest.raises(InvalidWorkflow) as raised:
        workflow_from_yaml(f"nodes:\n{nodes}", handlers={"f": f})

    assert len(raised.value.problems) == 2000
    assert len(str(raised.value)) < 1_000_000


def test_one_megabyte_of_nodes_loads(tmp_path: Path) -> None:
    """A file that a program wrote is loaded like any other."""
    file = tmp_path / "flow.yaml"
    padding = "x" * 400
    file.write_text("nodes:\n" + "".join(f"- {{id: n{n}, handler: f, description: {padding}}}\n" for n in range(2500)))

    assert file.stat().st_size > 1_000_000
    assert len(load_workflow(file, handlers={"f": f}).nodes) == 2500


keys = st.sampled_from(
    ["nodes", "id", "type", "handler", "when", "for_each", "inputs", "depends_on", "retry", "state", "name", "output"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "f", "{{ a }}", "{{", "agent", "int", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)


@settings(max_examples=300)
@given(st.dictionaries(keys, values, max_size=4))
def test_whatever_is_written_the_answer_is_a_workflow_or_mistakes_with_places(data: dict[str, object]) -> None:
    """Any file of any form ends in a workflow or in our error."""
    problems = problems_of(json.dumps(data))

    assert all(one.where for one in problems)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        workflow_from_yaml(text, handlers={"f": f})
    except InvalidWorkflow as error:
        return error.problems
    return ()
