"""Killing a program in the middle, to see what it does when it comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Killed(NamedTuple):
    """What is left of a program that was killed, or had ended before.

    Attributes:
        was_killed: False if the program ended by itself first.
        code: its exit code; negative for a signal.
    """

    was_killed: bool
    code: int
    output: str


def run_and_kill(
    script: Path, arguments: Sequence[str] = (), *, when: Path | None = None, has_lines: int = 1, after_s: float = 0.0
) -> Killed:
    """Run a Python script and kill it by SIGKILL, as a crashing machine would.

    Args:
        script: the program; run it again, for example with a run's id, to see it resume.
        arguments: its arguments.
        when: kill it once this file has `has_lines` lines, such as marks that its effects leave.
        after_s: kill it so many seconds later; without `when`, after its start.
    """
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        while when is not None and child.poll() is None and _lines(when) < has_lines:
            time.sleep(0.002)
        time.sleep(after_s)
        was_killed = child.poll() is None
        child.kill()
        output, _ = child.communicate()
    return Killed(was_killed, child.returncode, output)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
