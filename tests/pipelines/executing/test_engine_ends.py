"""Notebooks of foreign engines that die, hang or are stopped: the truth is told, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, papermill_engines

from tests.pipelines.executing.conftest import needs_linux


class Derived(NBClientEngine):
    """As most engines are made: papermill's own, with something more."""


class Apart(Engine):
    """Starts its kernel by itself, and takes no other."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        PapermillNotebookClient(nb_man, kernel_name=kernel_name).execute()


class Hanging(Engine):
    """Waits for something that never comes, in the first cell."""

    is_released = threading.Event()
    problem: Exception | None = None
    has_ended = threading.Event()

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        nb_man.cell_start(nb_man.nb.cells[0], 0)
        cls.is_released.wait()
        try:
            nb_man.cell_complete(nb_man.nb.cells[0], 0)
        except Exception as problem:
            cls.problem = problem
            raise
        finally:
            cls.has_ended.set()


@pytest.fixture(autouse=True)
def _registered(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for engine in (Derived, Apart, Hanging):
        monkeypatch.setitem(papermill_engines._engines, engine.__name__.lower(), engine)


@needs_linux
@pytest.mark.parametrize("engine", ["derived", "apart"])
def test_a_kernel_that_is_killed_is_told_as_killed(desk, engine):
    """papermill would have called its cell completed; what it printed before is kept, what follows stays pending."""
    kill = (
        "print('last words', flush=True)\nimport os, signal, time\ntime.sleep(.3)\nos.kill(os.getpid(), signal.SIGKILL)"
    )

    outcome = desk.run("1", kill, "print('never')", engine=engine)

    assert (outcome.status, outcome.reason) == ("killed", "died")
    assert [cell.status for cell in outcome.cells] == ["finished", "killed", "pending"]
    assert desk.statuses() == ["completed", "failed", "pending"]
    assert desk.text(1) == "last words\n"
    assert "cell 2" in outcome.error.where


@needs_linux
def test_the_signal_that_ended_a_kernel_of_ours_is_named(desk):
    """In the error, the event and the outcome."""
    outcome = desk.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", engine="derived")

    assert "SIGKILL" in str(outcome.error)
    assert desk.about("cell.killed")["signal"] == "SIGKILL"
    assert outcome.exit.status == -9


@pytest.mark.parametrize("limit", ["cell_timeout_s", "timeout_s"])
def test_a_cell_that_hangs_is_interrupted_when_time_runs_out(desk, limit):
    """And told as killed for want of time, whatever the engine says of the interruption."""
    outcome = desk.run("1", "import time\ntime.sleep(1000)", "print('never')", engine="derived", **{limit: 4.0})

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert [cell.status for cell in outcome.cells] == ["finished", "killed", "pending"]
    assert "took longer than 4 s" in str(outcome.error)
    assert desk.about("cell.killed")["reason"] == "timeout"


@needs_linux
def test_a_cell_that_does_not_heed_interruptions_loses_its_kernel(desk):
    """Its process is gone when the notebook has ended."""
    deaf = "import os, signal, time\nprint(os.getpid(), flush=True)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"

    outcome = desk.run(deaf + "while True:\n    time.sleep(.1)", engine="derived", cell_timeout_s=4.0)

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert outcome.exit.status == -9


@pytest.mark.parametrize("engine", ["derived", "apart"])
def test_a_notebook_that_somebody_stops_is_stopped_in_its_cell(desk, engine):
    """The user's wish is told as such; nothing is called a failure."""
    stop = threading.Event()
    tell = desk.told.append

    class Told(list):
        def append(self, event):
            tell(event)
            if event[0] == "cell.started" and event[1]["cell"] == 1:
                stop.set()

    desk.told = Told()
    outcome = desk.run("1", "import time\ntime.sleep(5)", "print('never')", engine=engine, stop=stop)

    assert (outcome.status, outcome.reason) == ("stopped", "stopped")
    assert [cell.status for cell in outcome.cells] == ["finished", "stopped", "pending"]
    assert desk.statuses() == ["completed", "failed", "pending"]


def test_an_engine_that_hangs_is_waited_for_no_longer(desk):
    """Time has run out: its cell is told as killed; what it reports afterwards counts for nothing and ends it."""
    outcome = desk.run("1", "2", engine="hanging", timeout_s=0.2)

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert [cell.status for cell in outcome.cells] == ["killed", "pending"]
    saved = desk.output.read_bytes()

    Hanging.is_released.set()
    assert Hanging.has_ended.wait(30)

    assert "took longer" in str(Hanging.problem)
    assert desk.output.read_bytes() == saved
