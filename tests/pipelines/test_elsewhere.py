"""Notebooks and functions that run where an executor has them run; the run itself stays here."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.support.require import library
from victor_nb.pipelines import PipelineFailed, compute, notebook

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def pool():
    """One other process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        yield processes


@pytest.fixture(scope="module")
def cluster_url():
    """A Dask cluster of one worker process, by its URL."""
    dask = library("dask", extra="dask")
    distributed = library("distributed", extra="dask")
    place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=True, **place) as running,
    ):
        yield running.scheduler_address.replace("tcp://", "dask://")


def test_a_function_runs_in_another_process_and_its_value_comes_back(place, pool):
    """Functions that can be imported there."""
    result = place.run(compute(os.getpid), executor=pool)

    assert result["getpid"] != os.getpid()


def test_a_notebook_runs_in_another_process_and_a_failure_is_told_as_here(place, pool):
    """The outcome comes back; the journal is written by this process alone."""
    place.notebook("good.ipynb", "open('made.txt', 'w').write('here')")
    place.notebook("bad.ipynb", "raise ValueError('no such table')")

    with pytest.raises(PipelineFailed, match="no such table") as failed:
        place.run(notebook("good.ipynb", outputs="made.txt"), notebook("bad.ipynb", after=[]), executor=pool)

    result = failed.value.result
    assert [one.status for one in result.nodes] == ["finished", "failed"]
    assert Path(result.nodes[0].notebook).exists()
    assert (place.path / "made.txt").read_text() == "here"


def test_a_pipeline_runs_on_a_cluster(place, cluster_url):
    """By its URL; a second run needs the cluster for nothing."""
    place.notebook("use.ipynb", "n = 3", "open('n.txt', 'w').write(str(n))")
    nodes = [notebook("use.ipynb", outputs="n.txt"), compute(len, "size", parameters={}, after="use", when="false")]

    assert place.run(*nodes, executor=cluster_url).nodes[0].status == "finished"
    assert place.run(*nodes, executor=cluster_url).nodes[0].status == "cached"


def test_a_notebook_whose_worker_is_killed_runs_again_on_another(place):
    """From its first cell; the run is not told of it, and what was finished before is not done again."""
    distributed = library("distributed", extra="dask")
    dask = library("dask", extra="dask")
    began = place.path / "began"
    os.mkfifo(began)
    first = (
        "import os, time\nif not os.path.exists('tried'):\n    open('tried', 'w')\n"
        f"    open({str(began)!r}, 'w').write('x')\n    time.sleep(600)"
    )
    place.notebook("before.ipynb", "print('x', file=open('before.txt', 'a'))")
    place.notebook("long.ipynb", "print('x', file=open('marks', 'a'))", first)
    nodes = [notebook("before.ipynb"), notebook("long.ipynb", after="before")]
    quiet = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}

    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, **quiet) as cluster,
        distributed.Client(cluster) as client,
    ):
        [worker] = client.run(os.getpid).values()

        def kill() -> None:
            began.read_text()  # returns when the notebook is there
            os.kill(worker, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        result = place.run(*nodes, executor=client)
        killer.join()

    assert [one.status for one in result.nodes] == ["finished", "finished"]
    assert (place.path / "marks").read_text() == "x\nx\n"
    assert (place.path / "before.txt").read_text() == "x\n"
