"""How a kernel ended is told in words."""

from __future__ import annotations

import pytest

from victor_nb.errors import VictorError
from victor_nb.pipelines.kernels import KernelDied, KernelExit, UnknownKernels, kernel_manager_class
from victor_nb.pipelines.kernels.guardian import memory_kills


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (KernelExit(3), "exited by itself with status 3"),
        (KernelExit(-11), "SIGSEGV ended it: compiled code reached for memory"),
        (KernelExit(-9), "SIGKILL ended it, sent by a person or by the system"),
        (KernelExit(-9, memory_kills=1), "because memory ran out"),
        (KernelExit(-9, asked=True, memory_kills=1), "it was stopped with SIGKILL"),
        (KernelExit(-15), "SIGTERM ended it"),
        (KernelExit(-63), "signal 63 ended it"),
        (KernelExit(3, peak_bytes=2048 * 1024 * 1024), "it held up to 2,048 MiB"),
    ],
)
def test_an_end_is_told_as_its_meaning(end, words):
    """Status, signal by its name, and a kill for want of memory, unless the signal was ours."""
    assert words in str(end)


def test_a_dead_kernel_is_an_error_that_says_where_and_what_to_do():
    """The place that the caller knows, the end that the guardian saw, and advice that fits it."""
    error = KernelDied.because(KernelExit(-9, memory_kills=2), "train.ipynb, cell 7")

    assert isinstance(error, VictorError)
    assert str(error).startswith("the kernel died: the system killed it because memory ran out")
    assert error.where == "train.ipynb, cell 7"
    assert "--workers" in error.hint
    assert len({KernelDied.because(KernelExit(status)).hint for status in (0, -9, -11)}) == 3
    assert "nobody saw" in str(KernelDied.unknown())


def test_the_systems_count_of_memory_kills_is_read_from_where_it_is_kept(tmp_path):
    """The control group's own count first, in both versions of control groups; then the machine's; else none."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    assert memory_kills(str(proc), str(groups)) == 0

    (proc / "vmstat").write_text("pgfault 5\noom_kill 7\n")
    assert memory_kills(str(proc), str(groups)) == 7

    (proc / "self" / "cgroup").write_text("4:cpu,memory:/jobs/a\n")
    (groups / "memory" / "jobs" / "a").mkdir(parents=True)
    (groups / "memory" / "jobs" / "a" / "memory.oom_control").write_text("under_oom 0\noom_kill 3\n")
    assert memory_kills(str(proc), str(groups)) == 3

    (proc / "self" / "cgroup").write_text("0::/jobs/b\n")
    (groups / "jobs" / "b").mkdir(parents=True)
    (groups / "jobs" / "b" / "memory.events").write_text("oom 1\noom_kill 2\n")
    assert memory_kills(str(proc), str(groups)) == 2


def test_unknown_kernels_are_refused_with_the_nearest_word():
    """A typing error is told before anything starts."""
    with pytest.raises(UnknownKernels, match="Did you mean 'warm'"):
        kernel_manager_class(kernels="wram")
