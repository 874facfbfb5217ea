"""What is told of a notebook is what happened: in the outcome, the events and the saved notebook alike."""

from __future__ import annotations

import threading

import pytest

from tests.pipelines.made import code, markdown
from victor_nb.pipelines.executing import NotebookFailed


def test_a_notebook_that_comes_to_its_end(desk):
    """Its cells are told of in order, its outputs are saved, and nothing is left beside it."""
    outcome = desk.run("x = 1", markdown("# a title"), "x + 1", "")

    assert outcome.status == "finished"
    assert [cell.status for cell in outcome.cells] == ["finished", "skipped", "finished", "skipped"]
    assert desk.kinds() == ["kernel.started", "cell.started", "cell.finished", "cell.started", "cell.finished"]
    assert desk.about("cell.started") == {"cell": 0, "position": 1, "cells": 2, "code": "x = 1"}
    assert desk.text(2) == "2"
    assert [file.name for file in desk.output.parent.iterdir()] == ["done.ipynb"]
    assert outcome.check() is outcome


def test_a_cell_that_raises(desk):
    """It has failed, what follows is pending, and the error names notebook and cell."""
    outcome = desk.run("print('before')", "1 / 0", "print('never')")

    assert (outcome.status, outcome.reason) == ("failed", "error")
    assert [cell.status for cell in outcome.cells] == ["finished", "failed", "pending"]
    assert desk.statuses() == ["completed", "failed", "pending"]
    assert desk.about("cell.failed")["error"]["type"] == "ZeroDivisionError"
    assert "ZeroDivisionError" in outcome.cells[1].error.traceback
    assert "book.ipynb, cell 2: 1 / 0" in outcome.error.where
    with pytest.raises(NotebookFailed, match="division by zero"):
        outcome.check()


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("import os; os._exit(3)", "status 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_kernel_that_dies(desk, death, words):
    """papermill calls every cell completed; here the cell was killed, and what followed never ran."""
    # The pause: what a kernel has not sent yet when the system ends it, nobody has.
    outcome = desk.run(
        "print('before')", f"import time\nprint('last words', flush=True)\ntime.sleep(0.2)\n{death}", "print('never')"
    )

    assert (outcome.status, outcome.reason) == ("killed", "died")
    assert words in outcome.error.what
    assert [cell.status for cell in outcome.cells] == ["finished", "killed", "pending"]
    assert desk.statuses() == ["completed", "failed", "pending"]
    assert desk.saved().metadata.papermill.exception is True
    assert desk.text(1) == "last words\n"
    assert desk.about("cell.killed")["reason"] == "died"
    assert desk.about("cell.killed")["exit_status"] == outcome.exit.status


def test_a_cell_that_takes_too_long_is_interrupted_and_keeps_what_it_said(desk):
    """The interrupt lets it clean up and say so; the notebook ends there."""
    looping = "import time\ntry:\n    while True: time.sleep(0.01)\nfinally: print('cleaned up')"
    outcome = desk.run("print('before')", looping, "print('never')", cell_timeout_s=3)

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert "took longer than 3 s" in outcome.error.what
    assert [cell.status for cell in outcome.cells] == ["finished", "killed", "pending"]
    assert "cleaned up" in desk.text(1)


def test_a_cell_that_ignores_interrupts_ends_with_its_kernel(desk):
    """Whoever does not listen is killed; what it printed is kept."""
    deaf = "import signal\nsignal.signal(2, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: pass"
    outcome = desk.run(deaf, cell_timeout_s=3)

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert desk.text(0) == "deaf\n"


def test_a_notebook_has_a_time_limit_of_its_own(desk):
    """Cells that are quick one by one may still take too long together."""
    outcome = desk.run(*["import time; time.sleep(0.3)"] * 30, timeout_s=2)

    assert (outcome.status, outcome.reason) == ("killed", "timeout")
    assert "the notebook took longer than 2 s" in outcome.error.what


def test_somebody_stops_it(desk):
    """Set in any thread; the cell that ran is stopped, not failed."""
    stop = threading.Event()
    started = desk.told.append

    def stop_in_the_second(kind, about):
        started((kind, about))
        if kind == "cell.output":
            stop.set()

    from victor_nb.pipelines.executing import Execution, execute_notebook

    source = desk.write("x = 1", "import time\nprint('working', flush=True)\ntime.sleep(100)")
    outcome = execute_notebook(source, desk.output, on_event=stop_in_the_second, how=Execution(stop=stop))

    assert (outcome.status, outcome.reason) == ("stopped", "stopped")
    assert [cell.status for cell in outcome.cells] == ["finished", "stopped"]
    assert desk.about("cell.killed")["reason"] == "stopped"


def test_a_notebook_may_end_itself(desk):
    """sys.exit() is no failure, as with papermill; what follows never ran."""
    outcome = desk.run("import sys\nsys.exit()", "print('never')")

    assert outcome.status == "finished"
    assert [cell.status for cell in outcome.cells] == ["finished", "pending"]


def test_tags_of_jupyter_are_honoured(desk):
    """A cell may say that it raises, or that it is not to be run."""
    outcome = desk.run(code("1 / 0", "raises-exception"), code("1 / 0", "skip-execution"), "print('after')")

    assert outcome.status == "finished"
    assert [cell.status for cell in outcome.cells] == ["finished", "skipped", "finished"]


def test_asking_for_input_fails(desk):
    """Nobody is there to answer."""
    assert desk.run("input('name?')").cells[0].error.type == "StdinNotImplementedError"


def test_a_silent_cell_is_told_of(desk):
    """It may train a model or hang; nothing is ended."""
    outcome = desk.run("import time; time.sleep(2.5)", quiet_s=0.5)

    assert outcome.status == "finished"
    assert desk.about("cell.quiet")["seconds"] >= 0.5


def test_the_kernels_work_is_seen_while_it_runs(desk):
    """Processor and memory, children included, for whoever watches; the peak stays."""
    outcome = desk.run("import time; time.sleep(1.5)")

    assert desk.about("kernel.sample")["memory_bytes"] > 10_000_000
    assert outcome.peak_bytes > 10_000_000


def test_what_came_of_it_can_be_sent_on(desk):
    """Outcomes cross processes: a worker of a cluster returns one."""
    import pickle

    outcome = desk.run("print('x')", "1 / 0")

    assert pickle.loads(pickle.dumps(outcome)) == outcome or str(outcome.error)
    assert str(pickle.loads(pickle.dumps(outcome)).error) == str(outcome.error)
