"""Every kernel ends, with all that it started, however its runner or the kernel itself ends; and how is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.kernels.conftest import needs_forks
from tests.pipelines.kernels.running import run
from tests.support import processes
from tests.support.processes import ends, pid_in

pytestmark = needs_forks

RUNNER = """
import sys
from tests.pipelines.kernels.running import run
run(sys.argv[2], kernels=sys.argv[1])
"""

# A child in a session of its own, whose parent has ended: nothing but the guardian knows whose it is.
DAEMON = """
import os, subprocess, sys
code = "import subprocess; print(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid, flush=True)"
child = subprocess.run([sys.executable, "-c", code], stdout=open({daemon!r}, "w")).returncode
"""
BUSY = """
print(os.getpid(), file=open({kernel!r}, "w"), flush=True)
sum(iter(int, 1))  # for ever, and nobody else of this process has a turn meanwhile
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_kernels_and_their_children_end_with_their_runner(tmp_path, monkeypatch, kernels, number):
    """The runner is killed while the kernel is busy in compiled code and has a child in another session."""
    monkeypatch.setattr(processes, "WAIT_S", 60.0)  # the runner imports nbclient and starts a zygote first
    kernel, daemon = tmp_path / "kernel", tmp_path / "daemon"
    code = DAEMON.format(daemon=str(daemon)) + BUSY.format(kernel=str(kernel))
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, kernels, code],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    kernel_pid, daemon_pid = pid_in(kernel), pid_in(daemon)

    runner.send_signal(number)
    runner.wait()

    assert ends(kernel_pid)
    assert ends(daemon_pid)


@pytest.mark.parametrize("kernels", ["warm", "cold"])
def test_what_a_notebook_leaves_running_ends_with_its_kernel(tmp_path, kernels):
    """A kernel that ends by itself leaves no process behind, and no folder."""
    daemon = tmp_path / "daemon"

    ran = run(DAEMON.format(daemon=str(daemon)), kernels=kernels)

    assert ran.error is None
    assert ends(int(daemon.read_text()))
    assert not Path(ran.manager.scratch).exists()


@pytest.mark.parametrize(
    ("kernels", "code", "status", "words"),
    [
        ("warm", "import os; os._exit(3)", 3, "exited by itself with status 3"),
        ("warm", "import os; os.kill(os.getpid(), 9)", -9, "SIGKILL ended it"),
        ("warm", "import ctypes; ctypes.string_at(0)", -11, "SIGSEGV ended it"),
        ("cold", "import ctypes; ctypes.string_at(0)", -11, "SIGSEGV ended it"),
    ],
)
def test_a_kernel_that_dies_is_told_with_its_status_or_signal(kernels, code, status, words):
    """papermill and nbclient only know that it died; the manager knows how."""
    ran = run("print('before')", code, "print('never')", kernels=kernels)

    assert type(ran.error).__name__ == "DeadKernelError"
    assert ran.text == "before\n"
    assert ran.manager.exit.status == status
    assert words in str(ran.manager.death("cell 2"))


def test_a_kernel_whose_guardian_is_killed_ends_too(tmp_path):
    """The system ends it (PR_SET_PDEATHSIG), and the runner notices."""
    kernel = tmp_path / "kernel"
    note = f"import os\nprint(os.getpid(), file=open({str(kernel)!r}, 'w'), flush=True)"
    ran = run(note, "os.kill(os.getppid(), 9)\nsum(iter(int, 1))")

    assert ends(pid_in(kernel))
    assert ran.manager.exit.signal_name == "SIGKILL"


def test_a_cell_that_takes_too_long_is_interrupted_and_the_kernel_goes_on():
    """An interrupt reaches the kernel as it would a cold one's."""
    ran = run(
        "import time\nwhile True:\n    time.sleep(0.01)",
        "print('after')",
        timeout=3,
        interrupt_on_timeout=True,
        allow_errors=True,
    )

    assert ran.error is None
    assert ran.notebook.cells[0].outputs[-1].ename == "KeyboardInterrupt"
    assert ran.text == "after\n"


def test_a_kernel_that_ignores_interrupts_is_ended():
    """Whoever does not go when asked is killed; the next notebook does not wait for it."""
    stubborn = "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(0.01)"

    ran = run(stubborn, timeout=3)

    assert type(ran.error).__name__ == "CellTimeoutError"
    assert (ran.manager.exit.status, ran.manager.exit.asked) == (-9, True)


@pytest.mark.parametrize("kernels", ["warm"] * 10 + ["cold"] * 5)
def test_a_kernel_that_is_idle_goes_when_it_is_asked(kernels):
    """ipykernel closes the thread that writes while another still waits for it; one end of four took three seconds."""
    assert run("x = 1", kernels=kernels).manager.exit.status == 0
