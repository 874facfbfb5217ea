"""Killing programs in the middle, to see what they do when they come back.

1. A kill is SIGKILL: nothing is flushed, nothing is cleaned up, no handler runs.
2. `kill_and_resume` kills at an exact moment, the same in every test run; `run_and_kill` when a file says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from victor_nb.journal import Journal, open_journal
from victor_nb.testing.assertions import timeline

Program = Callable[[Journal, str | None], Awaitable[object] | object]
"""What is killed: gets a journal, and the id of the run to resume (None the first time)."""

MARKS: Final = "VICTOR_TESTING_MARKS"
"""The environment variable that names the file of marks inside a program that is to be killed."""


class Killed(NamedTuple):
    """What is left of a program that was killed, or had ended before.

    Attributes:
        was_killed: False if the program ended by itself first.
        code: its exit code; negative for a signal.
    """

    was_killed: bool
    code: int
    output: str


@dataclass(frozen=True, slots=True)
class KillPoint:
    """A moment at which a program is killed.

    Attributes:
        moment: "before" or "after" the journal commits an event of type `what`, or when a program leaves the "mark"
            `what`.
        what: an event type, such as "step.finished"; for "mark", the mark.
        name: only events about a step of this name, such as a tool's.
        nth: at which occurrence, from 1; occurrences are counted from the program's start.
    """

    moment: Literal["before", "after", "mark"]
    what: str
    name: str = ""
    nth: int = 1

    @classmethod
    def at_mark(cls, mark: str, nth: int = 1) -> KillPoint:
        """The worst moment: an effect has happened, and the journal does not know."""
        return cls("mark", mark, nth=nth)

    def __str__(self) -> str:
        about = f" of {self.name!r}" if self.name else ""
        return f"{self.moment} {self.what!r}{about}, occurrence {self.nth}"


@dataclass(frozen=True, slots=True)
class Comeback:
    """What happened to a program that was killed and resumed.

    Attributes:
        run_id: the run that it worked on.
        journal_url: where its journal is.
        marks: how often each mark was left, over all executions: effects that really happened.
        code: the exit code of the last execution, which nobody killed.
        output: what the last execution wrote to its standard output and error.
    """

    run_id: str
    journal_url: str
    marks: Counter[str]
    code: int
    output: str


def leave_mark(mark: str) -> None:
    """Count an effect; for the body of a tool, in a program that `kill_and_resume` runs.

    Raises:
        RuntimeError: called outside such a program.
    """
    if MARKS not in os.environ:
        raise RuntimeError("leave_mark() counts effects in programs that kill_and_resume() runs, and nowhere else")
    from victor_nb.testing.stage import mark_left

    mark_left(mark)


def kill_and_resume(
    program: Program | Path, *points: KillPoint, folder: Path, journal_url: str = "", timeout_s: float = 60.0
) -> Comeback:
    """Run a program, kill it at each point in turn, and resume it after each kill until it ends by itself.

    Args:
        program: a function `(journal, run_id)`, sync or async, at the top of an importable module such as a test's
            own; or a file that defines one named `main`. It starts a run if `run_id` is None, and else resumes it.
        points: when to kill, one point an execution; without any, the program simply runs.
        folder: an empty folder, for the marks and the journal.
        journal_url: a journal without runs, in another place.
        timeout_s: how long one execution may take.

    Raises:
        AssertionError: an execution ended before it came to its kill point; the message has its output.
    """
    url = journal_url or f"sqlite:///{folder / 'victor.db'}"
    run_id = ""
    for number, point in enumerate(points):
        code, output = _execution(program, url, run_id, folder, timeout_s, point, number)
        if not (folder / f"kill-{number}").exists():
            raise AssertionError(
                f"the program ended with exit code {code} and never came to the kill point: {point}\n"
                f"{output}{_timeline_at(url)}"
            )
        run_id = _first_run(url)
    code, output = _execution(program, url, run_id, folder, timeout_s)
    marks = folder / "marks"
    left = Counter(json.loads(line) for line in marks.read_text().splitlines()) if marks.exists() else Counter[str]()
    return Comeback(_first_run(url), url, left, code, output)


def _execution(
    program: Program | Path,
    url: str,
    run_id: str,
    folder: Path,
    timeout_s: float,
    point: KillPoint | None = None,
    number: int = 0,
) -> tuple[int, str]:
    plan = {"url": url, "run_id": run_id, "kill_note": str(folder / f"kill-{number}")}
    if isinstance(program, Path):
        plan["file"] = str(program)
    else:
        plan |= {"module": program.__module__, "function": program.__qualname__}
    if point is not None:
        plan |= {name: getattr(point, name) for name in point.__slots__}
    done = subprocess.run(
        [sys.executable, "-m", "victor_nb.testing.stage", json.dumps(plan)],
        env={**os.environ, MARKS: str(folder / "marks"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return done.returncode, done.stdout


def _first_run(url: str) -> str:
    """The run that the program works on: the first one; others belong to its parts. Empty if it made none."""
    with open_journal(url) as journal:
        runs = journal.runs(limit=10_000)
        return runs[-1].run_id if runs else ""


def _timeline_at(url: str) -> str:
    run_id = _first_run(url)
    if not run_id:
        return "it had started no run"
    with open_journal(url) as journal:
        return timeline(journal.events(run_id))


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
