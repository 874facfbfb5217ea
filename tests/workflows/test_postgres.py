"""Workflows on a journal in PostgreSQL whose server goes away, and in two places at once."""

from __future__ import annotations

import operator
import threading
from typing import Annotated, TypedDict

import pytest

from tests.support import postgres as postgres_server
from tests.support.require import library
from victor_nb import END, START, Workflow
from victor_nb.errors import Resumable
from victor_nb.journal import Journal, JournalUnreachable, RunInUse, open_journal
from victor_nb.workflows import WorkflowRun

PostgresStore = library("victor_nb.journal.postgres", extra="postgres").PostgresStore


class State(TypedDict, total=False):
    """Which nodes ran."""

    names: Annotated[list[str], operator.add]


@pytest.fixture(scope="module")
def fragile():
    """A server that these tests stop and start."""
    yield from postgres_server.running()


def chain(done, middle, width=1):
    """first -> middle (several side by side) -> last; `done` tells which ran."""

    def node(name, work=lambda: None):
        def call(state):
            work()
            done.append(name)
            return {"names": [name]}

        return call

    workflow = Workflow(State, name="chain")
    workflow.add_node("first", node("first")).add_node("last", node("last"))
    middles = [f"middle{number}" for number in range(width)]
    for name in middles:
        workflow.add_node(name, node(name, middle))
        workflow.add_edge("first", name)
    workflow.add_edge(START, "first").add_edge(middles, "last").add_edge("last", END)
    return workflow


@pytest.mark.parametrize("durability", ["step", "turn"])
@pytest.mark.parametrize("width", [1, 5])
def test_a_server_that_goes_away_stops_the_workflow_which_goes_on_when_it_is_back(fragile, durability, width):
    """What was finished is not done again, and nobody waits for ever."""
    done, stopping = [], threading.Lock()

    def stop_once():
        with stopping:
            if "stopped" not in done:
                done.append("stopped")
                fragile.stop("immediate")

    workflow = chain(done, stop_once, width)
    with Journal(PostgresStore(fragile.url(), reconnect_s=0.2)) as journal:
        try:
            with pytest.raises(JournalUnreachable) as raised:
                workflow.run_sync({}, journal=journal, durability=durability)
            assert isinstance(raised.value, Resumable)
        finally:
            fragile.start()
        journal._leases.renew()
        before = len(done)
        result = workflow.run_sync(run_id="last", journal=journal)

        middles = [f"middle{number}" for number in range(width)]
        assert result.state["names"] == ["first", *middles, "last"]
        if durability == "step":
            assert "first" not in done[before:]
        assert WorkflowRun(journal, result.run_id).state()["names"] == result.state["names"]


@pytest.mark.parametrize("width", [1, 5])
def test_a_server_that_restarts_is_not_even_noticed(fragile, width):
    """The next commit waits for it."""
    done, restarting = [], threading.Lock()

    def restart_once():
        with restarting:
            if "restarted" not in done:
                done.append("restarted")
                fragile.stop("immediate")
                fragile.start()

    with open_journal(fragile.url()) as journal:
        result = chain(done, restart_once, width).run_sync({}, journal=journal)

        assert result.status == "finished"
        assert [event.seq for event in journal.events(result.run_id)] == list(
            range(1, len(journal.events(result.run_id)) + 1)
        )


def test_a_run_is_executed_in_one_place_and_goes_on_in_another(fragile):
    """Whoever comes too early is told who works on it."""
    url, done = fragile.url(), []
    here, there = threading.Event(), threading.Event()

    def meet():
        here.set()
        assert there.wait(30)
        raise KeyboardInterrupt

    def first_place():
        with open_journal(url) as journal, pytest.raises(KeyboardInterrupt):
            chain(done, meet).run_sync({}, journal=journal)

    thread = threading.Thread(target=first_place)
    thread.start()
    assert here.wait(30)
    with open_journal(url) as journal:
        with pytest.raises(RunInUse):
            chain(done, lambda: None).run_sync(run_id="last", journal=journal, accept_changes=True)
        there.set()
        thread.join()
        result = chain(done, lambda: None).run_sync(run_id="last", journal=journal, accept_changes=True)

    assert result.state["names"] == ["first", "middle0", "last"]
    assert done == ["first", "middle0", "last"]
