"""What the words of a file do: order, conditions, lists, values, state."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from victor_nb.journal import Journal, open_journal
from victor_nb.workflows.control import Command
from victor_nb.workflows.errors import InvalidState, NodeFailed, NodeTimeout
from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.yaml_file.errors import ExpressionFailed
from victor_nb.workflows.yaml_file.loading import workflow_from_yaml


@pytest.fixture
def journal() -> Journal:
    return open_journal("memory:")


def state(workflow: Workflow, journal: Journal, **given: Any) -> dict[str, Any]:
    """Run to the end and return the values, without the list of the skipped where it is empty."""
    result = workflow.run_sync(given, journal=journal)
    assert result.status == "finished"
    return {name: value for name, value in result.state.items() if name != "skipped" or value}


def edges(workflow: Workflow) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in workflow.shape().edges]


def made(name: str) -> str:
    return f"made by {name}"


# -- order -------------------------------------------------------------------------------------------------------------


def test_nodes_that_say_nothing_follow_one_another(journal: Journal) -> None:
    """The order of the file is the order of the run, and each value is found by the node's name."""
    handlers = {"a": lambda: {"rows": 5}, "b": lambda a: a["rows"] * 2, "c": lambda state: sorted(state)}
    workflow = workflow_from_yaml(
        "nodes: [{id: a, handler: a}, {id: b, handler: b}, {id: c, handler: c}]", handlers=handlers
    )

    assert edges(workflow) == [("__start__", "a"), ("a", "b"), ("b", "c")]
    assert state(workflow, journal) == {"a": {"rows": 5}, "b": 10, "c": ["a", "b", "skipped"]}


def test_a_node_that_says_what_it_needs_waits_for_that_and_no_more(journal: Journal) -> None:
    """Two nodes after one run side by side; the next one that says nothing waits for both."""
    text = """
        nodes:
          - {id: a, handler: f}
          - {id: b, handler: f, depends_on: a}
          - {id: c, handler: f, depends_on: [a]}
          - {id: d, handler: f, depends_on: []}
          - {id: e, handler: f}
    """
    workflow = workflow_from_yaml(text, handlers={"f": lambda: 1})

    assert set(edges(workflow)) == {
        *(("__start__", "a"), ("a", "b"), ("a", "c"), ("__start__", "d")),
        *(("b", "e"), ("c", "e"), ("d", "e")),
    }
    assert state(workflow, journal) == dict.fromkeys("abcde", 1)


def test_a_node_waits_for_what_it_reads() -> None:
    """An expression, or a handler's parameter, that names another node's value is reason enough to wait for it."""
    text = """
        nodes:
          - {id: a, handler: f, depends_on: []}
          - {id: b, handler: f, depends_on: []}
          - {id: c, handler: f, depends_on: [], inputs: {x: "{{ a }}"}}
          - {id: d, handler: g, depends_on: []}
    """
    workflow = workflow_from_yaml(text, handlers={"f": lambda x=0: x, "g": lambda b: b})

    assert ("a", "c") in edges(workflow)
    assert ("b", "d") in edges(workflow)
    assert ("__start__", "c") not in edges(workflow)


# -- what a handler is given and gives ---------------------------------------------------------------------------------


def test_inputs_are_filled_and_given_by_name(journal: Journal) -> None:
    """A text that is one expression keeps the value's type; others are text; the rest is as written."""
    text = """
        state: {rows: {type: int, default: 3}}
        nodes:
          - id: a
            handler: f
            inputs: {n: "{{ rows }}", text: "n={{ rows + 1 }}", deep: {list: [1, "{{ rows * 2 }}"]}}
    """
    workflow = workflow_from_yaml(text, handlers={"f": lambda **given: given})

    assert state(workflow, journal)["a"] == {"n": 3, "text": "n=4", "deep": {"list": [1, 6]}}


def test_handlers_are_given_the_runtime_or_parts_of_it_by_name(journal: Journal) -> None:
    """`runtime`, `context` and their like are no inputs."""

    def f(x: int, runtime: Any, context: Any) -> list[Any]:
        return [x, runtime.node, context]

    workflow = workflow_from_yaml("nodes: [{id: a, handler: f, inputs: {x: 1}}]", handlers={"f": f})

    assert workflow.run_sync({}, journal=journal, context="given").state["a"] == [1, "a", "given"]


def test_async_handlers_are_awaited(journal: Journal) -> None:
    """`async def` is as good as `def`."""

    async def f() -> str:
        await asyncio.sleep(0)
        return "done"

    assert state(workflow_from_yaml("nodes: [{id: a, handler: f}]", handlers={"f": f}), journal) == {"a": "done"}


def test_output_names_a_value_its_fields_or_the_whole_state(journal: Journal) -> None:
    """`output` is a name, names of fields, or "*" for a mapping that is an update itself."""
    text = """
        state: {total: {type: int, reducer: add, default: 1}}
        nodes:
          - {id: a, handler: f, output: renamed}
          - {id: b, handler: f, output: [x, y]}
          - {id: c, handler: g, output: "*"}
          - {id: d, handler: h, output: total}
    """
    handlers = {"f": lambda: {"x": 1, "y": 2, "z": 3}, "g": lambda: {"total": 10}, "h": lambda: 5}
    values = state(workflow_from_yaml(text, handlers=handlers), journal)

    assert values == {"renamed": {"x": 1, "y": 2, "z": 3}, "x": 1, "y": 2, "total": 16}


def test_an_output_that_the_value_lacks_says_so(journal: Journal) -> None:
    """The error names the field, the node's place and what came instead."""
    workflow = workflow_from_yaml("nodes: [{id: a, handler: f, output: [x]}]", handlers={"f": lambda: {"y": 1}})

    with pytest.raises(ExpressionFailed, match=r"which has no 'x' \(<text>:1:9\)"):
        workflow.run_sync({}, journal=journal)


# -- state -------------------------------------------------------------------------------------------------------------


def test_a_run_may_be_given_the_declared_state(journal: Journal) -> None:
    """Defaults stand where nothing is given, and "7" (as a command line has it) is an int where one is declared."""
    text = "state: {rows: {type: int, default: 3}, name: str}\nnodes: [{id: a, handler: f}]"
    workflow = workflow_from_yaml(text, handlers={"f": lambda rows, name: f"{name}{rows + 1}"})

    assert state(workflow, journal, name="x")["a"] == "x4"
    assert state(workflow, journal, name="x", rows="7")["a"] == "x8"


@pytest.mark.parametrize("name", ["schema", "json", "copy", "file", "State", "class", "model_name", "words"])
def test_values_may_have_any_name_that_is_free(journal: Journal, name: str) -> None:
    """Whatever it means to the libraries beneath."""
    text = f"state: {{{name}: int}}\nnodes: [{{id: a, handler: f, inputs: {{x: '{{{{ {name} }}}}'}}}}]"
    workflow = workflow_from_yaml(text, handlers={"f": lambda x: x})

    assert state(workflow, journal, **{name: "5"})["a"] == 5


@pytest.mark.parametrize("given", [{"rows": "many"}, {"rowz": 1}])
def test_what_does_not_fit_the_declared_state_is_refused_before_anything_runs(
    journal: Journal, given: dict[str, Any]
) -> None:
    """Wrong types and unknown names are errors that name them."""
    workflow = workflow_from_yaml("state: {rows: int}\nnodes: [{id: a, handler: f}]", handlers={"f": lambda: 1})

    with pytest.raises(Exception, match="row") as raised:
        workflow.run_sync(given, journal=journal)
    assert type(raised.value).__name__ in ("InvalidState", "InvalidUpdate")


def test_what_a_node_writes_has_to_fit_the_declared_type(journal: Journal) -> None:
    """The error names the value, the node and its place."""
    text = "state: {rows: int}\nnodes:\n  - {id: a, handler: f, output: rows}"

    with pytest.raises(InvalidState, match=r"rows as node 'a' returned it is 'x'.*\(<text>:3:5\)"):
        workflow_from_yaml(text, handlers={"f": lambda: "x"}).run_sync({}, journal=journal)


# -- when --------------------------------------------------------------------------------------------------------------


def test_a_node_whose_condition_is_not_met_is_skipped(journal: Journal) -> None:
    """Its value is null and its name is in `skipped`; the next one in order runs."""
    text = """
        nodes:
          - {id: a, handler: f}
          - {id: b, handler: f, when: a > 3}
          - {id: c, handler: f, when: "{{ a < 3 and 'b' in skipped }}"}
          - {id: d, handler: f, when: false}
    """
    values = state(workflow_from_yaml(text, handlers={"f": lambda: 1}), journal)

    assert values == {"a": 1, "b": None, "c": 1, "d": None, "skipped": ["b", "d"]}


def test_what_depends_only_on_skipped_nodes_is_skipped(journal: Journal) -> None:
    """A branch that is not taken is not taken to its end; where one of several parts was taken, work goes on."""
    text = """
        nodes:
          - {id: a, handler: f}
          - {id: no, handler: f, depends_on: a, when: false}
          - {id: after_no, handler: f, depends_on: no}
          - {id: yes, handler: f, depends_on: a, when: true}
          - {id: both, handler: f, depends_on: [after_no, yes]}
          - {id: anyway, handler: f, depends_on: no, when: "'no' in skipped"}
    """
    values = state(workflow_from_yaml(text, handlers={"f": lambda: 1}), journal)

    assert values["skipped"] == ["no", "after_no"]
    assert (values["both"], values["anyway"], values["after_no"]) == (1, 1, None)


def test_a_condition_without_a_value_fails_at_its_place(journal: Journal) -> None:
    """The file's line and column, the expression, and the nearest field."""
    text = "nodes:\n  - {id: a, handler: f}\n  - {id: b, handler: f, when: a.rowz > 1}"
    workflow = workflow_from_yaml(text, handlers={"f": lambda: {"rows": 2}})

    with pytest.raises(ExpressionFailed, match=r"Did you mean 'rows'.*\(<text>:3:31\)"):
        workflow.run_sync({}, journal=journal)


# -- for_each ----------------------------------------------------------------------------------------------------------


def test_a_node_does_its_work_for_each_of_a_list(journal: Journal) -> None:
    """Results in the order of the items; `item` and `index` are values inside."""
    text = """
        nodes:
          - {id: files, handler: files}
          - {id: sizes, handler: size, for_each: files}
          - {id: named, handler: text, for_each: [1, "{{ files[0] }}"], inputs: {text: "{{ index }}:{{ item }}"}}
    """
    handlers = {"files": lambda: ["a", "bb"], "size": lambda item, index: [len(item), index], "text": lambda text: text}
    values = state(workflow_from_yaml(text, handlers=handlers), journal)

    assert values["sizes"] == [[1, 0], [2, 1]]
    assert values["named"] == ["0:1", "1:a"]


def test_a_list_may_be_skipped_as_a_whole(journal: Journal) -> None:
    """Nothing is evaluated then but the condition."""
    text = "nodes: [{id: a, handler: f, when: false, for_each: '{{ a.nothing }}', cache: true, depends_on: []}]"
    text = text.replace("a.nothing", "1 / 0")

    assert state(workflow_from_yaml(text, handlers={"f": lambda: 1}), journal)["a"] is None


def test_a_handler_may_say_where_to_go(journal: Journal) -> None:
    """A `Command` goes through to the engine: the loop that a file itself cannot say."""

    def again(count: int) -> Any:
        return Command(update={"count": count + 1}, goto="a" if count < 3 else ())

    text = "state: {count: {type: int, default: 0}}\nnodes: [{id: a, handler: again}]"

    assert state(workflow_from_yaml(text, handlers={"again": again}), journal)["count"] == 4


def test_a_list_of_nothing_gives_nothing(journal: Journal) -> None:
    """No items, no work, an empty list."""
    workflow = workflow_from_yaml("nodes: [{id: a, handler: f, for_each: []}]", handlers={"f": lambda: 1 / 0})

    assert state(workflow, journal) == {"a": []}


def test_for_each_of_what_is_no_list_says_so(journal: Journal) -> None:
    """A text or a mapping is not taken apart by accident."""
    text = "nodes:\n  - {id: a, handler: f}\n  - {id: b, handler: f, for_each: a}"

    with pytest.raises(ExpressionFailed, match=r"is 'abc', not a list \(<text>:3:35\)"):
        workflow_from_yaml(text, handlers={"f": lambda: "abc"}).run_sync({}, journal=journal)


def test_items_that_are_done_are_not_done_again_after_a_failure(journal: Journal) -> None:
    """One poisoned item fails the node when the others are done; the resumed run does only that one."""
    did: list[int] = []
    poison = {3}

    def f(item: int) -> int:
        did.append(item)
        if item in poison:
            raise ValueError("poison")
        return item * 10

    workflow = workflow_from_yaml("nodes: [{id: a, handler: f, for_each: [1, 2, 3, 4]}]", handlers={"f": f})
    with pytest.raises(NodeFailed, match="poison"):
        workflow.run_sync({}, journal=journal)
    first, did[:] = sorted(did), []
    poison.clear()
    run = journal.find("last")
    result = workflow.run_sync(run_id=run.run_id, journal=journal)

    assert first == [1, 2, 3, 4]
    assert did == [3]
    assert result.state["a"] == [10, 20, 30, 40]


def test_several_poisoned_items_leave_the_run_resumable(journal: Journal) -> None:
    """All that fail are tried again by a resumed run, not only the one that was told of."""
    poison = {2, 3}

    def f(item: int) -> int:
        if item in poison:
            raise ValueError(f"poison {item}")
        return item

    workflow = workflow_from_yaml("nodes: [{id: a, handler: f, for_each: [1, 2, 3]}]", handlers={"f": f})
    with pytest.raises(NodeFailed):
        workflow.run_sync({}, journal=journal)
    poison.clear()
    run = journal.find("last")

    assert workflow.run_sync(run_id=run.run_id, journal=journal).state["a"] == [1, 2, 3]


def test_only_so_many_items_are_worked_on_at_once(journal: Journal) -> None:
    """`parallel` is a limit."""
    now, most = 0, 0

    async def f(item: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return item

    text = "nodes: [{id: a, handler: f, for_each: '{{ range(20) }}', parallel: 3}]"
    workflow = workflow_from_yaml(text, handlers={"f": f})

    assert state(workflow, journal)["a"] == list(range(20))
    assert most == 3


# -- policies ----------------------------------------------------------------------------------------------------------


def test_a_failing_node_is_tried_again_as_often_as_it_says(journal: Journal) -> None:
    """`retry: 3` is three attempts in all."""
    tries = []

    def f() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return len(tries)

    text = "nodes: [{id: a, handler: f, retry: {attempts: 3, wait: 1ms, on: [ConnectionError]}}]"

    assert state(workflow_from_yaml(text, handlers={"f": f}), journal) == {"a": 3}


def test_what_is_not_listed_is_not_tried_again(journal: Journal) -> None:
    """`on` names what is worth another attempt."""
    tries = []

    def f() -> None:
        tries.append(1)
        raise ValueError("for good")

    text = "nodes: [{id: a, handler: f, retry: {attempts: 3, wait: 1ms, on: [ConnectionError]}}]"
    with pytest.raises(NodeFailed, match="for good"):
        workflow_from_yaml(text, handlers={"f": f}).run_sync({}, journal=journal)

    assert len(tries) == 1


def test_a_node_that_takes_too_long_is_given_up(journal: Journal) -> None:
    """`timeout` is for one attempt."""

    async def f() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NodeTimeout, match="'a'"):
        workflow_from_yaml("nodes: [{id: a, handler: f, timeout: 10ms}]", handlers={"f": f}).run_sync(
            {}, journal=journal
        )


def test_a_cached_node_answers_from_what_it_read(journal: Journal) -> None:
    """Another run with the same inputs takes the earlier result; other values that it does not read do not matter."""
    did: list[int] = []

    def f(x: int) -> int:
        did.append(x)
        return x

    text = """
        state: {x: int, other: int}
        nodes: [{id: a, handler: f, inputs: {x: "{{ x }}"}, cache: {ttl: 1d}}]
    """
    workflow = workflow_from_yaml(text, handlers={"f": f})
    for x, other in ((1, 1), (1, 2), (2, 1)):
        assert state(workflow, journal, x=x, other=other)["a"] == x

    assert did == [1, 2]


def test_a_checkpoint_is_a_named_point_of_the_history(journal: Journal) -> None:
    """`checkpoint: true` keeps the whole state after the node, under its name."""
    workflow = workflow_from_yaml(
        "nodes: [{id: a, handler: f, checkpoint: true}, {id: b, handler: f}]", handlers={"f": lambda: 1}
    )
    result = workflow.run_sync({}, journal=journal)

    assert [point.name for point in result.run.history() if point.name] == ["a"]


def test_an_edited_word_of_the_file_is_a_changed_node() -> None:
    """What decides what a node does is part of its source; what is only for people is not."""
    handlers = {"f": lambda x: x}

    def source(inputs: str, description: str = "") -> str:
        text = f"nodes: [{{id: a, handler: f, inputs: {{x: {inputs}}}, description: '{description}'}}]"
        return workflow_from_yaml(text, handlers=handlers).plan().sources()["a"]

    assert source("1") == source("1", "now described")
    assert source("1") != source("2")
