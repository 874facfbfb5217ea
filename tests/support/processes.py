"""Processes that a command left behind, or did not: found by their ids, waited for until they have ended."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psutil

WAIT_S = 60.0
"""Far longer than anything takes: what fails has to fail, not to be slow on a busy machine."""


def is_running(pid: int) -> bool:
    """Whether a process does anything; one that has ended and that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(pid: int) -> bool:
    """Wait until a process has ended; the kernel takes a moment after a kill."""
    deadline = time.monotonic() + WAIT_S
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def pid_in(file: Path, command: subprocess.Popen[str] | None = None) -> int:
    """Wait until a command has written its process id; if it ends before, what it said on standard error is told."""
    deadline = time.monotonic() + WAIT_S
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the command did not start"
        assert command is None or command.poll() is None, command.communicate()[1]
        time.sleep(0.01)
    return int(file.read_text())
