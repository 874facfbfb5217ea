"""Nodes in other processes through `concurrent.futures`: the run stays here, the work goes there."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from tests.workflows import moving
from victor_nb import END, START, RetryPolicy, Send, Workflow
from victor_nb.errors import MissingExtra, Resumable, UsageError
from victor_nb.journal import Status, StepInDoubt, open_journal
from victor_nb.workflows import CannotMove, ExecutorLost, NodeFailed


def chain(*nodes, **options):
    """A workflow of nodes, one after another."""
    workflow = Workflow(moving.State)
    names = [getattr(node, "__name__", "node") for node in nodes]
    for name, node in zip(names, nodes, strict=True):
        workflow.add_node(name, node, **options)
    for source, target in zip([START, *names], [*names, END], strict=True):
        workflow.add_edge(source, target)
    return workflow


def marked(path):
    """How often which node has begun."""
    words = path.read_text().split() if path.exists() else []
    return {word: words.count(word) for word in words}


@pytest.fixture
def journal():
    """An empty journal."""
    with open_journal("memory:") as opened:
        yield opened


@pytest.fixture
def pool():
    """A few processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as opened:
        yield opened


def test_a_node_runs_in_another_process_and_is_recorded_in_this_one(pool, journal):
    """What it returns is part of the state, and of the journal."""
    result = chain(moving.where).run_sync({}, executor=pool, journal=journal)

    assert result.state["pid"] != os.getpid()
    finished = journal.events(result.run_id, types=["step.finished"])
    assert [event.data["result"]["update"]["pid"] for event in finished] == [result.state["pid"]]


def test_what_needs_the_run_stays_here(pool, journal):
    """Async nodes, and nodes that ask for the runtime."""

    async def later(state):
        return {"pid": os.getpid()}

    def with_runtime(state, runtime):
        return {"total": os.getpid()}

    result = chain(later, with_runtime).run_sync({}, executor=pool, journal=journal)

    assert (result.state["pid"], result.state["total"]) == (os.getpid(), os.getpid())


def test_many_nodes_share_the_processes(pool, journal):
    """A fan-out is done by as many as there are, and joined in order."""
    workflow = Workflow(moving.State)
    workflow.add_node(moving.square).add_node(moving.add_up)
    workflow.add_conditional_edges(START, lambda state: [Send("square", n) for n in state["numbers"]], ["square"])
    workflow.add_edge("square", "add_up").add_edge("add_up", END)

    result = workflow.run_sync({"numbers": list(range(20))}, executor=pool, journal=journal)

    assert result.state["squares"] == [n * n for n in range(20)]
    assert result.state["total"] == sum(n * n for n in range(20))


def test_threads_are_an_executor_too(journal):
    """Any executor will do; nothing is pickled for this one."""
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as threads:
        result = chain(lambda state: {"marks": threading.current_thread().name}).run_sync(
            {}, executor=threads, journal=journal
        )

    assert result.state["marks"].startswith("mine")


def test_an_error_there_is_the_nodes_error_here(pool, journal):
    """With its class and its message, and retried as its policy says."""
    with pytest.raises(NodeFailed, match="no such thing as 7") as raised:
        chain(moving.fails).run_sync({"numbers": [7]}, executor=pool, journal=journal)

    assert isinstance(raised.value.__cause__, LookupError)


def test_an_error_there_that_passes_is_tried_again(pool, journal, tmp_path):
    """Attempts are counted here."""
    workflow = chain(moving.fails_twice, retry=RetryPolicy(attempts=3, wait_s=0))

    result = workflow.run_sync({"marks": str(tmp_path / "marks")}, executor=pool, journal=journal)

    assert result.state["total"] == 3
    assert marked(tmp_path / "marks") == {"fails": 3}


def test_a_process_that_is_killed_stops_the_run_which_a_new_pool_resumes(journal, tmp_path):
    """What was finished is not done again."""
    workflow, marks = chain(moving.first, moving.dies_once), tmp_path / "marks"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(ExecutorLost, match="takes no work any more") as raised:
            workflow.run_sync({"marks": str(marks)}, executor=pool, journal=journal)
        assert isinstance(raised.value, Resumable)
    info = journal.find("last")
    assert info.status is Status.STOPPED
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = workflow.run_sync(run_id=info.run_id, executor=pool, journal=journal)

    assert result.status == "finished"
    assert marked(marks) == {"first": 1, "dies": 2}


def test_an_effect_whose_process_was_killed_is_in_doubt(journal, tmp_path):
    """Whether it was had, only a person can find out."""
    workflow, marks = chain(moving.dies_once, effect="effect"), tmp_path / "marks"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(ExecutorLost):
        workflow.run_sync({"marks": str(marks)}, executor=pool, journal=journal)

    with pytest.raises(StepInDoubt, match="whether it had its effect"):
        workflow.run_sync(run_id="last", journal=journal)
    assert marked(marks) == {"dies": 1}
    workflow.run_sync(run_id="last", journal=journal, on_doubt="skip")
    assert journal.find("last").status is Status.FINISHED


def test_a_replay_needs_no_executor(pool, journal):
    """Nothing is done, so nowhere has to be reached."""
    workflow = chain(moving.where)
    first = workflow.run_sync({}, executor=pool, journal=journal)

    assert workflow.run_sync({}, executor="dask://127.0.0.1:1", journal=journal, replay="strict").state == first.state


def test_a_function_that_cannot_be_sent_is_named(pool, journal):
    """And where to define it instead."""

    def local(state):
        return {}

    with pytest.raises(CannotMove, match=r"local cannot be sent[\s\S]*define it in a module"):
        chain(local).run_sync({}, executor=pool, journal=journal)


def test_an_executor_that_was_shut_down_is_told(journal):
    """The run can be resumed with another."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(ExecutorLost, match="after shutdown"):
        chain(moving.where).run_sync({}, executor=pool, journal=journal)

    assert chain(moving.where).run_sync(run_id="last", journal=journal).status == "finished"


@pytest.mark.parametrize(
    ("given", "words"),
    [("dusk://h:1", r"Did you mean 'dask'"), (7, "int is no executor")],
)
def test_what_is_no_executor_is_refused(journal, given, words):
    """Before anything runs."""
    with pytest.raises(UsageError, match=words):
        chain(moving.where).run_sync({}, executor=given, journal=journal)
    assert journal.runs() == []


def test_without_dask_the_extra_is_named(journal, monkeypatch):
    """An installation without it says what to install."""
    import sys

    monkeypatch.setitem(sys.modules, "victor_nb.workflows.dask_executor", None)

    with pytest.raises(MissingExtra, match=r'pip install "victor-nb\[dask\]"'):
        chain(moving.where).run_sync({}, executor="dask://h:1", journal=journal)
