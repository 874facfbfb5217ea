"""Nodes on a Dask cluster of processes: lost workers, lost schedulers, large values, effects that are had once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.require import library
from tests.workflows import moving
from tests.workflows.test_executors import chain, marked
from victor_nb import END, START, RetryPolicy, Send, Workflow
from victor_nb.errors import Resumable, UsageError
from victor_nb.journal import Status, StepInDoubt, open_journal
from victor_nb.workflows import CannotMove, ExecutorLost, NodeFailed

dask = library("dask", extra="dask")
distributed = library("distributed", extra="dask")
dask_executor = library("victor_nb.workflows.dask_executor", extra="dask")
Client, LocalCluster = distributed.Client, distributed.LocalCluster

# A client whose scheduler was killed leaves its sockets to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def cluster():
    """Two processes; one that ends is started again."""
    quickly = {"distributed.worker.multiprocessing-method": "forkserver"}
    place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    patience = {"scheduler_kwargs": {"allowed_failures": 1}}
    with (
        dask.config.set(quickly),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **place, **patience) as running,
    ):
        yield running


@pytest.fixture
def client(cluster):
    """A connection to it."""
    with Client(cluster, set_as_default=False) as connected:
        connected.wait_for_workers(2, timeout=30)
        yield connected


@pytest.fixture
def journal():
    """An empty journal."""
    with open_journal("memory:") as opened:
        yield opened


def address(cluster):
    """The cluster as a URL."""
    return cluster.scheduler_address.replace("tcp://", "dask://")


class TestWork:
    """What goes to a cluster and comes back."""

    def test_a_url_names_a_cluster(self, cluster, client, journal):
        """The connection is made for the run, and closed with it."""
        clients = len(cluster.scheduler.clients)
        result = chain(moving.where).run_sync({}, executor=address(cluster), journal=journal)

        assert result.state["pid"] != os.getpid()
        assert len(cluster.scheduler.clients) == clients

    @pytest.mark.parametrize("kind", ["client", "executor"])
    def test_a_client_and_its_executor_are_used_and_left_open(self, client, journal, kind):
        """They are the caller's."""
        given = client if kind == "client" else client.get_executor()
        result = chain(moving.where).run_sync({}, executor=given, journal=journal)

        assert result.state["pid"] != os.getpid()
        assert client.submit(int, "7").result() == 7

    def test_many_nodes_share_the_workers(self, client, journal):
        """A fan-out is joined in order."""
        workflow = Workflow(moving.State)
        workflow.add_node(moving.square).add_node(moving.add_up)
        workflow.add_conditional_edges(START, lambda state: [Send("square", n) for n in state["numbers"]], ["square"])
        workflow.add_edge("square", "add_up").add_edge("add_up", END)

        result = workflow.run_sync({"numbers": list(range(50))}, executor=client, journal=journal)

        assert result.state["squares"] == [n * n for n in range(50)]

    def test_a_function_of_a_cell_is_sent_as_it_is(self, client, journal):
        """Nothing has to be installed on the workers for it."""
        factor = 6

        def local(state):
            return {"total": factor * 7}

        assert chain(local).run_sync({}, executor=client, journal=journal).state["total"] == 42

    def test_an_error_there_is_the_nodes_error_here(self, client, journal, tmp_path):
        """With its class; one that passes is tried again as the node's policy says."""
        with pytest.raises(NodeFailed, match="no such thing as 7") as raised:
            chain(moving.fails).run_sync({"numbers": [7]}, executor=client, journal=journal)
        assert isinstance(raised.value.__cause__, LookupError)

        workflow = chain(moving.fails_twice, retry=RetryPolicy(attempts=3, wait_s=0))
        result = workflow.run_sync({"marks": str(tmp_path / "marks")}, executor=client, journal=journal)
        assert result.state["total"] == 3

    def test_a_function_that_cannot_be_sent_is_named(self, client, journal):
        """Where it holds something that only this process has."""
        import threading

        lock = threading.Lock()

        def local(state):
            return {"total": int(lock.locked())}

        with pytest.raises(CannotMove, match="local cannot be sent"):
            chain(local).run_sync({}, executor=client, journal=journal)

    def test_a_finished_run_is_replayed_without_the_cluster(self, client, journal):
        """What it computed is in the journal."""
        workflow = chain(moving.where)
        first = workflow.run_sync({}, executor=client, journal=journal)

        assert workflow.run_sync({}, journal=journal, replay="strict").state == first.state


class TestLargeValues:
    """What is larger than a megabyte goes by reference."""

    def test_a_large_value_travels_once(self, client, journal, monkeypatch):
        """However many nodes read it."""
        sent = []
        put = dask_executor.DaskExecutor._put
        monkeypatch.setattr(
            dask_executor.DaskExecutor, "_put", lambda self, value: sent.append(type(value)) or put(self, value)
        )
        workflow = Workflow(moving.State)
        workflow.add_node(moving.make_table).add_node(moving.measure)
        workflow.add_edge(START, "make_table")
        workflow.add_conditional_edges(
            "make_table", lambda state: [Send("measure", {"table": state["table"]}) for _ in range(8)], ["measure"]
        )
        workflow.add_edge("measure", END)
        result = workflow.run_sync({}, executor=client, journal=journal)

        assert result.state["sizes"] == [124999750000] * 8
        assert len(sent) == 1

    def test_few_large_values_are_remembered(self, client, journal, monkeypatch):
        """What was not needed for long is sent again, and kept no longer."""
        monkeypatch.setattr(dask_executor, "MOST_REFERENCES", 1)
        workflow = chain(moving.make_table, moving.measure)

        result = workflow.run_sync({"numbers": list(range(200_000))}, executor=client, journal=journal)

        assert result.state["sizes"] == [124999750000]

    def test_a_large_value_whose_worker_is_lost_is_sent_again(self, client, journal, tmp_path):
        """The run still has it."""
        workflow, marks = chain(moving.make_table, moving.measure_and_die_once), tmp_path / "marks"

        result = workflow.run_sync({"marks": str(marks)}, executor=client, journal=journal)

        assert result.state["sizes"] == [124999750000]
        assert marked(marks) == {"measures": 2}


class TestLostWorkers:
    """A worker that is killed in the middle of a node."""

    def test_its_node_is_done_elsewhere_and_finished_ones_are_not_done_again(self, client, journal, tmp_path):
        """The run does not even notice."""
        workflow, marks = chain(moving.first, moving.dies_once), tmp_path / "marks"

        result = workflow.run_sync({"marks": str(marks)}, executor=client, journal=journal)

        assert result.status == "finished"
        assert marked(marks) == {"first": 1, "dies": 2}
        assert len(journal.events(result.run_id, types=["step.finished"])) == 2

    def test_an_effect_is_not_had_twice(self, client, journal, tmp_path):
        """It is in doubt, and a person decides."""
        workflow, marks = chain(moving.first, moving.dies_once, effect="effect"), tmp_path / "marks"
        with pytest.raises(ExecutorLost, match=r"whether it had its effect is not known[\s\S]*--on-doubt") as raised:
            workflow.run_sync({"marks": str(marks)}, executor=client, journal=journal)
        assert isinstance(raised.value, Resumable)
        assert marked(marks) == {"first": 1, "dies": 1}

        with pytest.raises(StepInDoubt):
            workflow.run_sync(run_id="last", executor=client, journal=journal)
        result = workflow.run_sync(run_id="last", executor=client, journal=journal, on_doubt="retry")

        assert result.status == "finished"
        assert marked(marks) == {"first": 1, "dies": 2}

    def test_a_node_that_kills_every_worker_stops_the_run(self, client, journal, tmp_path):
        """With the likeliest reason; the run can be resumed with larger workers."""
        marks = tmp_path / "marks"
        with pytest.raises(ExecutorLost, match=r"every worker that tried[\s\S]*memory"):
            chain(moving.dies_always).run_sync({"marks": str(marks)}, executor=client, journal=journal)

        assert journal.find("last").status is Status.STOPPED
        client.wait_for_workers(2, timeout=60)

    @pytest.mark.parametrize("given", [{}, {"numbers": list(range(200_000))}], ids=["small", "large"])
    def test_a_cluster_without_workers_is_not_waited_for_for_ever(self, journal, monkeypatch, given):
        """The run stops and can be resumed; a large value waits with its node, since waiting nodes bring workers."""
        monkeypatch.setattr(dask_executor, "LOOK_S", 0.05)
        monkeypatch.setattr(dask_executor, "PUT_S", 0.1)
        place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
        with LocalCluster(n_workers=0, **place) as empty, pytest.raises(ExecutorLost, match="no worker for"):
            chain(moving.where).run_sync(given, executor=f"{address(empty)}?without_workers_s=0.2", journal=journal)

        assert chain(moving.where).run_sync(run_id="last", journal=journal).status == "finished"


class TestCancelling:
    """Work that nobody wants any more."""

    @pytest.mark.parametrize("effect", ["pure", "effect"])
    def test_a_cancelled_run_takes_back_what_waits_and_can_be_resumed(self, client, journal, tmp_path, effect):
        """What a worker has in its hands it finishes, for nobody; an effect among that is in doubt."""
        marks = tmp_path / "marks"
        workflow = chain(moving.waits_for_file, effect=effect)

        async def cancelled():
            task = asyncio.ensure_future(workflow.run({"marks": str(marks)}, executor=client, journal=journal))
            while not marked(marks):
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(cancelled())
        assert journal.find("last").status is Status.STOPPED
        (tmp_path / "go").touch()
        if effect == "effect":
            with pytest.raises(StepInDoubt):
                workflow.run_sync(run_id="last", executor=client, journal=journal)
        result = workflow.run_sync(run_id="last", executor=client, journal=journal, on_doubt="retry")

        assert result.state["total"] == 9
        assert marked(marks) == {"waits": 2}


class TestSchedulers:
    """A scheduler that cannot be reached, or is gone."""

    @pytest.fixture
    def remote(self):
        """A scheduler and a worker that are processes of their own: their address, and the processes by name."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        dask = [sys.executable, "-W", "ignore", "-m", "dask"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": Path(__file__).parents[2]}
        place = ["--host", "127.0.0.1"]
        command = [*dask, "scheduler", *place, "--port", str(port), "--no-dashboard", "--no-show"]
        with subprocess.Popen(command, **quiet) as scheduler:
            command = [*dask, "worker", f"tcp://127.0.0.1:{port}", *place, "--no-dashboard", "--no-nanny"]
            with subprocess.Popen(command, **quiet) as worker:
                yield f"dask://127.0.0.1:{port}", scheduler, worker
                worker.kill()
            scheduler.kill()

    def test_a_scheduler_that_goes_away_stops_the_run_which_can_be_resumed(
        self, remote, client, journal, tmp_path, monkeypatch
    ):
        """What was finished is kept; another cluster does the rest."""
        monkeypatch.setattr(dask_executor, "CONNECT_S", 20.0)
        url, scheduler, _ = remote
        marks = tmp_path / "marks"
        workflow = chain(moving.first, moving.waits_for_file)

        async def main():
            executor, close = dask_executor.open_executor(url)
            executor._client._timeout = 0.5  # how long it looks for a scheduler that it had
            task = asyncio.ensure_future(workflow.run({"marks": str(marks)}, executor=executor, journal=journal))
            while "waits" not in marked(marks):
                await asyncio.sleep(0.01)
            scheduler.send_signal(signal.SIGKILL)
            try:
                await task
            finally:
                close()

        with pytest.raises(ExecutorLost, match="scheduler was lost"):
            asyncio.run(main())
        assert journal.find("last").status is Status.STOPPED
        (tmp_path / "go").touch()
        result = workflow.run_sync(run_id="last", executor=client, journal=journal)

        assert result.state["total"] == 9
        assert marked(marks)["first"] == 1

    @pytest.mark.parametrize("effect", ["pure", "effect"])
    @pytest.mark.parametrize("given", [{}, {"numbers": list(range(200_000))}], ids=["small", "large"])
    def test_a_client_that_was_closed_is_told(self, cluster, journal, effect, given):
        """The run stops, and can be resumed here; what never began needs no decision of a person twice."""
        closed = Client(cluster, set_as_default=False)
        closed.close()
        workflow = chain(moving.where, effect=effect)
        with pytest.raises(ExecutorLost, match="connection to the Dask scheduler was lost"):
            workflow.run_sync(given, executor=closed, journal=journal)

        assert workflow.run_sync(run_id="last", journal=journal, on_doubt="retry").state["pid"] == os.getpid()

    def test_nobody_is_there(self, journal, monkeypatch):
        """Said before anything runs."""
        monkeypatch.setattr(dask_executor, "CONNECT_S", 0.3)
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            url = f"dask://127.0.0.1:{nobody.getsockname()[1]}"
            with pytest.raises(ExecutorLost, match=r"no Dask scheduler answers[\s\S]*dask scheduler"):
                chain(moving.where).run_sync({}, executor=url, journal=journal)

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("dask://", "host and port"),
            ("dask://h", "host and port"),
            ("dask://h:1?without_worker_s=3", "Did you mean 'without_workers_s'"),
            ("dask://h:1?without_workers_s=soon", "host and port"),
        ],
    )
    def test_a_url_with_a_mistake_is_refused(self, journal, url, words):
        """With an example of a good one."""
        with pytest.raises(UsageError, match=words):
            chain(moving.where).run_sync({}, executor=url, journal=journal)

    def test_a_client_of_an_event_loop_is_refused(self, cluster, journal):
        """It could only be used from that loop."""

        async def main():
            async with Client(cluster.scheduler_address, asynchronous=True, set_as_default=False) as client:
                await chain(moving.where).run({}, executor=client, journal=journal)

        with pytest.raises(UsageError, match="one event loop"):
            asyncio.run(main())
