"""What LangGraph's users expect of persistence and time travel: lines 41 to 52."""

from __future__ import annotations

import operator
import subprocess
import sys
from typing import Annotated, Any, TypedDict

import pytest

from tests.workflows.checklist import covers
from victor_nb.journal import Journal, Redactor, RunFinished, Unstorable
from victor_nb.workflows import (
    END,
    START,
    Command,
    GraphChanged,
    NodeFailed,
    Overwrite,
    Workflow,
    WorkflowRun,
    interrupt,
)
from victor_nb.workflows.memory import Memory


class State(TypedDict, total=False):
    x: Any
    log: Annotated[list[str], operator.add]


def chain(*words, name="chain"):
    """Nodes that say their names, one after another."""
    graph = Workflow(State, name)
    graph.add_sequence([(word, lambda state, word=word: {"log": [word], "x": len(state["log"])}) for word in words])
    return graph.add_edge(START, words[0])


@covers(42, 52)
def test_42_52_every_store_keeps_a_run_and_lets_it_go_on(journal):
    """In memory, in a file, on a server: resumed by nothing but its id, in an order that is the same everywhere."""
    problems = [RuntimeError("no")]

    def fails_once(state):
        if problems:
            raise problems.pop()
        return {"log": ["b"]}

    graph = Workflow(State).add_sequence([("a", lambda state: {"log": ["a"]}), ("b", fails_once)]).add_edge(START, "a")
    with pytest.raises(NodeFailed):
        graph.run_sync({}, journal=journal)
    done = graph.run_sync(run_id="last", journal=journal)

    assert done.state["log"] == ["a", "b"]
    assert [event.type for event in journal.events(done.run_id)] == [
        "run.started",
        "workflow.graph",
        "step.finished",
        "step.failed",
        "run.failed",
        "run.resumed",
        "step.finished",
        "run.finished",
    ]


@covers(42)
def test_42_a_process_that_never_saw_the_code_reads_the_run(sqlite_journal):
    """The journal is enough for its history, its states and its graph."""
    run = chain("a", "b").run_sync({}, journal=sqlite_journal)
    program = f"""
from victor_nb import open_journal
from victor_nb.workflows import WorkflowRun
run = WorkflowRun(open_journal({sqlite_journal.url!r}), {run.run_id!r})
print(run.state(1)["log"], run.next(1), [node.id for node in run.shape.nodes])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stderr, done.stdout.strip()) == ("", "['a'] ('b',) ['__start__', 'a', 'b']")


@pytest.fixture
def kept(sqlite_journal):
    """Where the runs of the following tests are kept."""
    return sqlite_journal


@covers(43)
def test_43_runs_checkpoints_and_steps_of_subgraphs_have_ids(kept):
    """A run's id sorts by time; a checkpoint is a superstep of a run; a subgraph's steps are below its node's."""
    outer = Workflow(State, "outer").add_node("inner", chain("i", name="inner")).add_edge(START, "inner")
    first, second = (outer.run_sync({}, journal=kept) for _ in range(2))

    assert first.run_id < second.run_id
    assert [(one.run_id, one.superstep) for one in second.run.history()] == [(second.run_id, 0), (second.run_id, 1)]
    steps = [(event.step_id, event.parent_id) for event in kept.events(second.run_id, types=["step.finished"])]
    assert steps == [("1/inner:1/i", "1/inner"), ("1/inner", "")]


@covers(44)
@pytest.mark.parametrize("durability", ["step", "turn"])
def test_44_how_soon_a_step_is_on_record_can_be_chosen(kept, durability):
    """Either way nothing of a run that ended is missing, and a node with an effect is on record at once."""
    on_record = []

    def look(state):
        run = kept.runs(limit=1)[0]
        on_record.append([event.step_id for event in kept.events(run.run_id, types=["step.finished"])])

    graph = Workflow(State).add_node("pay", lambda state: {"log": ["paid"]}, effect="effect").add_node(look)
    graph.add_edge(START, "pay").add_edge("pay", "look")
    done = graph.run_sync({}, journal=kept, durability=durability)

    assert on_record == [["1/pay"]]
    assert len(kept.events(done.run_id, types=["step.finished"])) == 2


@covers(45)
def test_45_where_a_run_stands_can_be_looked_up(kept):
    """Its state, what is next, what it asks, also inside of a subgraph; by the run, or by its id in another process."""
    inner = Workflow(State, "inner").add_sequence(
        [("work", lambda state: {"log": ["worked"]}), ("ask", lambda state: {"x": interrupt("sure?")})]
    )
    outer = Workflow(State, "outer").add_sequence([("before", lambda state: {"log": ["before"]}), ("inner", inner)])
    outer.add_edge(START, "before").add_node("beside", lambda state: None).add_edge("before", "beside")
    inner.add_edge(START, "work")
    waiting = outer.run_sync({}, journal=kept)
    run = WorkflowRun(kept, waiting.run_id)

    assert run.status == waiting.run.status == "waiting"
    assert run.state() == {"log": ["before"]}
    assert run.next() == ("inner", "beside")
    assert [(asked.value, asked.node) for asked in run.interrupts] == [("sure?", "2/inner:2/ask")]
    finished = [event.step_id for event in kept.events(run.id, types=["step.finished"])]
    assert "2/inner:1/work" in finished, "the tasks of a superstep that is under way are in the journal"


@covers(46)
def test_46_the_history_is_a_list_of_checkpoints(kept):
    """Oldest first; a part of it can be had, and any list can be filtered."""
    run = chain("a", "b", "c").run_sync({}, journal=kept).run

    assert [(one.superstep, one.nodes, one.source) for one in run.history()] == [
        (0, (), "input"),
        (1, ("a",), "nodes"),
        (2, ("b",), "nodes"),
        (3, ("c",), "nodes"),
    ]
    assert [(one.state["log"], one.next) for one in run.history(last=2)] == [
        (["a", "b"], ("c",)),
        (["a", "b", "c"], ()),
    ]
    assert [one.superstep for one in run.history() if "b" in one.next] == [1]
    assert [run.state(at)["log"] for at in (1, -2, "a", run.history()[2])] == [
        ["a"],
        ["a", "b"],
        ["a"],
        ["a", "b"],
    ]


@covers(47)
def test_47_a_state_can_be_changed_by_hand(kept):
    """Through the reducers, and as if a node had written it: then what follows that node is due."""
    graph = chain("a", "b", "c")
    waiting = graph.run_sync({}, journal=kept, interrupt_before=["b"])
    waiting.run.edit({"log": ["by hand"]}, as_node="b")
    assert waiting.run.next() == ("c",)
    done = graph.run_sync(run_id=waiting.run_id, journal=kept)
    assert done.state["log"] == ["a", "by hand", "c"]
    assert [one.source for one in done.run.history()] == ["input", "nodes", "edit", "nodes"]
    with pytest.raises(RunFinished):
        done.run.edit({"x": 1})

    waiting = graph.run_sync({}, journal=kept, interrupt_before=["b"])
    for update in ({"x": 7}, {"log": Overwrite(["only this"])}):
        waiting.run.edit(update)
    assert graph.run_sync(run_id=waiting.run_id, journal=kept).state["log"] == ["only this", "b", "c"]


@covers(48)
def test_48_a_run_is_replayed_for_nothing_and_forked_with_edits(kept):
    """A replay does nothing again; a fork shares the past, and neither run sees the other's future."""
    done = []

    def work(state):
        done.append(state["x"])
        return {"x": state["x"] * 10}

    graph = Workflow(State).add_sequence([("first", work), ("second", work)]).add_edge(START, "first")
    run = graph.run_sync({"x": 1}, journal=kept).run
    replayed = graph.run_sync({"x": 1}, journal=kept, replay="strict")
    assert (replayed.state["x"], replayed.replayed, done) == (100, True, [1, 10])

    fork = run.fork(at=1, update={"x": 5})
    assert graph.run_sync(run_id=fork.id, journal=kept).state["x"] == 50
    assert (run.state()["x"], done) == (100, [1, 10, 5])
    changed = run.diff(fork)
    assert (changed.common, [(one.before, one.after) for one in changed.state]) == (1, [(100, 50)])


@covers(48)
def test_48_a_fork_from_before_a_question_asks_again(kept):
    """Its answer belongs to the run that it was given to."""
    graph = Workflow(State).add_node("ask", lambda state: {"x": interrupt("which?")}).add_edge(START, "ask")
    waiting = graph.run_sync({}, journal=kept)
    done = graph.run_sync(Command(resume="this"), run_id=waiting.run_id, journal=kept)
    fork = done.run.fork(at=0)
    again = graph.run_sync(run_id=fork.id, journal=kept)
    assert [question.value for question in again.interrupts] == ["which?"]
    other = graph.run_sync(Command(resume="that"), run_id=fork.id, journal=kept)

    assert (done.run.state()["x"], other.state["x"]) == ("this", "that")


@covers(49)
def test_49_what_is_kept_needs_no_pickle_and_holds_no_secret(kept):
    """A value that cannot be written down is refused where it is made; a secret is taken out on the way in."""
    with pytest.raises(Unstorable, match="log"):
        Workflow(State).add_node("bad", lambda state: {"log": [print]}).add_edge(START, "bad").run_sync(
            {}, journal=kept
        )

    secret = Journal(kept.store, Redactor({"key": "open sesame"}))
    graph = Workflow(State).add_node("leak", lambda state: {"log": ["say open sesame"]}).add_edge(START, "leak")
    done = graph.run_sync({}, journal=secret)
    assert all(b"open sesame" not in event.raw for event in kept.events(done.run_id))


@covers(50)
def test_50_a_run_survives_a_change_of_its_graph_if_that_is_meant(kept):
    """The difference is told first; a key that is new has its default, and finished nodes keep their results."""
    graph = Workflow(State, "changing")
    graph.add_sequence([("a", lambda state: {"log": ["a"]}), ("b", lambda state: {"x": interrupt("?")})])
    waiting = graph.add_edge(START, "a").run_sync({}, journal=kept)

    class Later(State, total=False):
        notes: Annotated[list[str], operator.add]

    changed = Workflow(Later, "changing")
    changed.add_sequence(
        [
            ("a", lambda state: {"log": ["a"]}),
            ("b", lambda state: {"notes": [interrupt("?")]}),
            ("c", lambda state: {"log": ["c"]}),
        ]
    )
    changed.add_edge(START, "a").add_edge("c", END)
    with pytest.raises(GraphChanged) as caught:
        changed.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=kept)
    assert all(told in caught.value.what for told in ("node 'c' is new", "'b': its code changed", "'notes' is new"))
    done = changed.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=kept, accept_changes=True)
    assert done.state == {"log": ["a", "c"], "notes": ["yes"]}


class Meaning:
    """An embedder that knows one meaning."""

    def embed(self, texts):
        return [[float("drink" in text or "tea" in text), 0.1] for text in texts]


@covers(51)
def test_51_memory_across_runs(journal):
    """What one run keeps another finds: by name, by words or by meaning, until its time is over."""

    def keep(state, store):
        store.put(("users", "ada"), "drink", {"text": "likes tea"}, ttl_s=3600)
        store.put(("users", "ada"), "home", {"text": "lives in London"})

    def find(state, store):
        return {"log": [item.key for item in store.search(("users",), query=state["x"], limit=1)]}

    keeping = Workflow(State).add_node(keep).add_edge(START, "keep")
    finding = Workflow(State).add_node(find).add_edge(START, "find")
    keeping.run_sync({}, journal=journal)

    assert finding.run_sync({"x": "London"}, journal=journal).state["log"] == ["home"]
    by_meaning = Memory(journal, Meaning())
    assert finding.run_sync({"x": "a drink"}, journal=journal, store=by_meaning).state["log"] == ["drink"]
    assert Memory(journal).list_namespaces(suffix=("ada",)) == [("users", "ada")]
