"""Time travel: history, states, forks, edits and differences; and graphs that changed since."""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

import pytest

from victor_nb import END, START, Command, Workflow, interrupt, send
from victor_nb.errors import UsageError
from victor_nb.journal import RunFinished
from victor_nb.workflows import GraphChanged, InvalidState, NodeFailed, Overwrite, WorkflowRun


class State(TypedDict, total=False):
    x: int
    names: Annotated[list[str], operator.add]


def chain(*names: str) -> Workflow:
    wf = Workflow(State, "chain")
    for name in names:
        wf.add_node(name, lambda state, name=name: {"names": [name], "x": len(state["names"]) + 1})
    for source, target in zip((START, *names), names, strict=False):
        wf.add_edge(source, target)
    return wf


def test_the_history_has_a_checkpoint_for_the_input_and_each_superstep(journal):
    """Each one knows its state and what was due, whatever came later."""
    run = chain("a", "b").run_sync({"x": 9}, journal=journal).run

    history = run.history()

    assert [(one.superstep, one.source, one.nodes, one.next) for one in history] == [
        (0, "input", (), ("a",)),
        (1, "nodes", ("a",), ("b",)),
        (2, "nodes", ("b",), ()),
    ]
    assert [one.state["x"] for one in history] == [9, 1, 2]
    assert run.state(1) == run.state("a") == {"x": 1, "names": ["a"]}
    assert [one.superstep for one in run.history(last=2)] == [1, 2]


def test_a_run_is_read_without_the_code_that_wrote_it(journal):
    """The journal holds the graph too; common reducers are known by name."""
    run_id = chain("a", "b").run_sync({}, journal=journal).run_id

    run = WorkflowRun(journal, run_id)

    assert run.state() == {"x": 2, "names": ["a", "b"]}
    assert run.shape is not None
    assert [node.id for node in run.shape.nodes] == ["__start__", "a", "b"]


def test_a_reducer_without_a_name_is_asked_for(journal):
    """The error says how to give it."""

    class Own(TypedDict, total=False):
        names: Annotated[list[str], lambda a, b: [*b, *a]]

    wf = Workflow(Own).add_node("a", lambda state: {"names": ["a"]}).add_edge(START, "a")
    run_id = wf.run_sync({"names": ["b"]}, journal=journal).run_id

    with pytest.raises(InvalidState, match="only the workflow's code knows how 'names' is joined"):
        WorkflowRun(journal, run_id).state()
    assert WorkflowRun(journal, run_id, wf).state() == {"names": ["a", "b"]}


def test_a_fork_goes_on_from_its_checkpoint_and_leaves_its_origin_alone(journal):
    """It shares the past; nodes after the checkpoint run again."""
    wf = chain("a", "b", "c")
    origin = wf.run_sync({}, journal=journal)

    fork = origin.run.fork(at=1, update={"names": ["edited"]})
    result = wf.run_sync(run_id=fork.id, journal=journal)

    assert result.state["names"] == ["a", "edited", "b", "c"]
    assert origin.run.state()["names"] == ["a", "b", "c"]
    assert [one.source for one in fork.history()] == ["input", "nodes", "edit", "nodes", "nodes"]
    assert fork.history()[0].run_id == origin.run_id


@pytest.mark.parametrize("at", [0, 1, 2, "a", -1])
def test_a_fork_without_an_edit_ends_as_its_origin(journal, at):
    """Also at the very beginning, at the last checkpoint, and by the name of a node."""
    wf = chain("a", "b")
    origin = wf.run_sync({"x": 5}, journal=journal)

    result = wf.run_sync(run_id=origin.run.fork(at=at).id, journal=journal)

    assert result.state == origin.state


def test_a_fork_can_go_on_as_if_another_node_had_written(journal):
    """What follows that node is due then."""
    wf = chain("a", "b", "c")
    fork = wf.run_sync({}, journal=journal).run.fork(at=1, update={"names": ["by b"]}, as_node="b")

    assert wf.run_sync(run_id=fork.id, journal=journal).state["names"] == ["a", "by b", "c"]


def test_as_node_asks_the_routes_after_that_node(journal):
    """They see the state with the update."""
    wf = Workflow(State).add_node("a", lambda state: None).add_node("big", lambda state: {"names": ["big"]})
    wf.add_edge(START, "a").add_conditional_edges("a", lambda s: "big" if s["x"] > 10 else END, ["big", END])
    run = wf.run_sync({"x": 1}, journal=journal).run

    fork = run.fork(at=0, update={"x": 11}, as_node="a")

    assert fork.next() == ("big",)
    with pytest.raises(UsageError, match="decided by a route"):
        WorkflowRun(journal, run.id).fork(at=0, as_node="a")


def test_an_interrupted_run_can_be_edited_where_it_stands(journal):
    """The question is asked anew, on the new state."""
    wf = Workflow(State).add_node("ask", lambda state: {"names": [interrupt(f"{state['x']}?")]}).add_edge(START, "ask")
    waiting = wf.run_sync({"x": 1}, journal=journal)

    waiting.run.edit({"x": 2})
    again = wf.run_sync(run_id=waiting.run_id, journal=journal)

    assert [one.value for one in again.interrupts] == ["2?"]
    assert wf.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal).state == {
        "x": 2,
        "names": ["yes"],
    }


def test_finished_siblings_run_again_after_an_edit(journal):
    """They had worked on the state before it."""

    def work(state):
        if state["x"] == 1:
            raise ValueError("one")
        return {"names": [f"work {state['x']}"]}

    wf = Workflow(State).add_node("sibling", lambda state: {"names": [f"sibling {state['x']}"]}).add_node(work)
    wf.add_edge(START, "sibling").add_edge(START, "work")
    with pytest.raises(NodeFailed):
        wf.run_sync({"x": 1}, journal=journal)
    run = wf.past("last", journal)

    run.edit({"x": 2})

    assert wf.run_sync(run_id=run.id, journal=journal).state["names"] == ["sibling 2", "work 2"]


def test_a_finished_run_is_forked_rather_than_edited(journal):
    """What came out of it stays true."""
    run = chain("a").run_sync({}, journal=journal).run

    with pytest.raises(RunFinished):
        run.edit({"x": 1})


def test_edits_go_through_reducers_unless_told_otherwise(journal):
    """Overwrite replaces."""
    wf = chain("a", "b")
    fork = wf.run_sync({}, journal=journal).run.fork(at=1, update={"names": Overwrite([])})

    assert wf.run_sync(run_id=fork.id, journal=journal).state["names"] == ["b"]


def test_a_key_that_is_not_there_is_told_with_the_nearest(journal):
    """So are nodes and checkpoints."""
    run = chain("alpha").run_sync({}, journal=journal).run

    with pytest.raises(UsageError, match=r"has no key 'nmaes'\. Did you mean 'names'"):
        run.fork(update={"nmaes": []})
    with pytest.raises(UsageError, match=r"no checkpoint is called 'alpa'\. Did you mean 'alpha'"):
        run.state("alpa")
    with pytest.raises(UsageError, match="no checkpoint 7; it goes from 0 to 1"):
        run.state(7)


def test_two_runs_are_compared_by_state_and_by_what_ran(journal):
    """A fork and its origin share a past; that is told too."""
    wf = chain("a", "b")
    origin = wf.run_sync({}, journal=journal).run
    fork = origin.fork(at=1, update={"x": 7, "names": ["e"]})
    wf.run_sync(run_id=fork.id, journal=journal)

    diff = origin.diff(fork)

    assert diff.common == 1
    assert {change.path: (change.before, change.after) for change in diff.state} == {
        "x": (2, 3),
        "names": (["a", "b"], ["a", "e", "b"]),
    }
    assert diff.nodes == (["2/b"], ["3/b"])
    assert not origin.diff(origin)


# -- changed graphs ----------------------------------------------------------------------------------------------------


def failing(*more: str) -> Workflow:
    wf = chain("a", *more)
    return wf.add_node("fail", lambda state: 1 / 0).add_edge(("a", *more)[-1], "fail")


def test_a_run_whose_graph_changed_names_the_differences(journal):
    """New, gone and changed nodes, edges, keys."""
    with pytest.raises(NodeFailed):
        failing("b").run_sync({}, journal=journal)

    changed = chain("a", "c").add_node("fail", lambda state: {"x": 1}).add_edge("c", "fail")
    with pytest.raises(GraphChanged) as told:
        changed.run_sync(run_id="last", journal=journal)

    for difference in ("node 'c' is new", "node 'b' is gone", "'fail': its code changed", "edge a → c is new"):
        assert difference in told.value.what
    assert "accept_changes=True" in told.value.hint


def test_accepting_a_change_keeps_what_is_finished_and_goes_on_with_the_new_graph(journal):
    """A mended node is what most changes are."""
    with pytest.raises(NodeFailed):
        failing("b").run_sync({}, journal=journal)
    mended = chain("a", "b", "fail", "after")

    result = mended.run_sync(run_id="last", journal=journal, accept_changes=True)

    assert result.state["names"] == ["a", "b", "fail", "after"]
    assert [one.nodes for one in result.run.history()] == [(), ("a",), ("b",), ("fail",), ("after",)]
    assert result.run.state(1)["names"] == ["a"]


def test_a_due_node_that_is_gone_cannot_be_accepted(journal):
    """There is nothing to go on with; the error says what to do."""
    with pytest.raises(NodeFailed):
        failing().run_sync({}, journal=journal)

    with pytest.raises(GraphChanged, match="node 'fail' is due, and the graph has it no more"):
        chain("a").run_sync(run_id="last", journal=journal, accept_changes=True)


def test_an_unchanged_graph_that_was_built_anew_is_the_same(journal):
    """Layout, comments and the order of definition of other things do not count."""
    with pytest.raises(NodeFailed):
        failing("b").run_sync({}, journal=journal)

    with pytest.raises(NodeFailed):
        failing("b").run_sync(run_id="last", journal=journal)


def test_a_replay_with_changed_code_is_told(journal):
    """A recording says nothing about code that did not make it."""
    wf = chain("a")
    wf.run_sync({}, journal=journal)
    changed = Workflow(State, "chain").add_node("a", lambda state: {"x": 5}).add_edge(START, "a")

    with pytest.raises(GraphChanged, match="'a': its code changed"):
        changed.run_sync({}, journal=journal, replay="strict")


def test_sends_and_routes_are_part_of_the_history(journal):
    """A map is one superstep with one checkpoint."""
    wf = Workflow(State).add_node("work", lambda item: {"names": [str(item)]})
    wf.add_conditional_edges(START, lambda state: send("work", [1, 2, 3]), ["work"])
    run = wf.run_sync({}, journal=journal).run

    assert [one.nodes for one in run.history()] == [(), ("work",)]
    assert run.state(0) == {"names": []}
    assert wf.run_sync(run_id=run.fork(at=0).id, journal=journal).state["names"] == ["1", "2", "3"]
