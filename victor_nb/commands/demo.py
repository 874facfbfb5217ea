"""`victor demo`: the tutorial on real data, then the same again from the journal, counted.

1. Everything that is written goes below `.victor/`; the kernels' homes are moved there too.
2. That the second execution was free is not believed but counted: models and tools may not be called in a
   strict replay, and the journal must hold the same runs and the same steps after it as before.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.notebooks import Execution, execute
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.commands.tutorials import tutorial_folder
from victor_nb.errors import VictorError
from victor_nb.journal import Journal, open_journal
from victor_nb.journal.file_lock import locked
from victor_nb.journal.sqlite_errors import is_busy
from victor_nb.views import TableView, TextView

NOTEBOOKS = ("00_introduction.ipynb", "01_first_agent.ipynb")


class DemoFailed(VictorError):
    """The demonstration did not show what it promises; `what` says which part."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a journal holds: runs, finished runs, model requests and tool calls."""

    runs: int
    finished: int
    model_requests: int
    tool_calls: int

    @classmethod
    def of(cls, journal: Journal) -> Counts:
        """Count the journal's events."""
        runs = journal.runs(limit=10_000)
        kinds = [event.data["kind"] for info in runs for event in journal.events(info.run_id, types=("step.finished",))]
        finished = sum(info.is_finished for info in runs)
        return cls(len(runs), finished, kinds.count("model"), kinds.count("tool"))


@click.command("demo", cls=VerbCommand)
@click.pass_obj
def command(session: Session) -> TableView:
    """Run the tutorial's first notebooks on real data, then replay them from the journal for free.

    Needs no key and no network. Everything is kept in .victor/demo and nothing else is touched.

    Example: victor demo
    """
    with _fresh_home(session.settings().home / "demo") as home:
        return _shown(home, lambda text: session.display(TextView(text)))


def _shown(home: Path, say: Callable[[str], None]) -> TableView:
    url = f"sqlite:///{home / 'victor.db'}"
    say(f"First execution: agents profile a real data set. Working in {home}")
    began = time.monotonic()
    first = _execute_all(home, url, "record", "executed", say)
    worked_s = time.monotonic() - began
    before = _counted(url)
    if not before.model_requests or not before.tool_calls or before.runs != before.finished:
        raise DemoFailed(f"the agents did not do their work: {before}", str(home))
    say(f"{before.runs} runs, {before.model_requests} model requests, {before.tool_calls} tool calls in the journal.")
    say("\nSecond execution: strictly from the journal; a call of a model or a tool would be an error.")
    began = time.monotonic()
    second = _execute_all(home, url, "strict", "replayed", say)
    after = _counted(url)
    check_free(before, after, first, second, home)
    return _report(home, url, before, worked_s, time.monotonic() - began)


@contextmanager
def _fresh_home(home: Path) -> Iterator[Path]:
    """Have the demo's own folder alone and empty, so that what is counted is this demonstration."""
    with closing(_alone(home)):
        try:
            if home.exists():
                shutil.rmtree(home)
            home.mkdir()
        except OSError as problem:
            raise DemoFailed(f"the demo's folder cannot be made anew: {problem.strerror}", str(home)) from problem
        yield home.absolute()


def _alone(home: Path) -> sqlite3.Connection:
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        return locked(home.with_name("demo-in-use.db"))
    except (OSError, sqlite3.Error) as problem:
        if isinstance(problem, sqlite3.Error) and is_busy(problem):
            raise DemoFailed(
                "another demonstration is running in this project", str(home), "wait for it, or start in another folder"
            ) from problem
        raise DemoFailed(f"the demo's folder cannot be made: {problem}", str(home)) from problem


def _execute_all(home: Path, url: str, replay: str, folder: str, say: Callable[[str], None]) -> list[Execution]:
    settings = {"VICTOR_ROOT": str(home), "VICTOR_JOURNAL": url, "VICTOR_REPLAY": replay, "VICTOR_MODEL": "offline"}
    done = []
    for name in NOTEBOOKS:
        say(f"  {name}")
        target = home / folder / name
        execution = execute(tutorial_folder() / name, target, home / "kernels", settings, _each_cell(say))
        say(f"    {execution.cells} cells in {execution.seconds:.1f} s -> {target}")
        done.append(execution)
    return done


def _each_cell(say: Callable[[str], None]) -> Callable[[str], None]:
    """Return what reports a cell: its place, and its first line."""
    places = itertools.count(1)
    return lambda headline: say(f"    [{next(places):2}] {headline}")


def _counted(url: str) -> Counts:
    with open_journal(url) as journal:
        return Counts.of(journal)


def check_free(before: Counts, after: Counts, first: list[Execution], second: list[Execution], home: Path) -> None:
    if after != before:
        raise DemoFailed(f"the replay added to the journal: before {before}, after {after}", str(home))
    for one, other in zip(first, second, strict=True):
        if one.answers != other.answers:
            raise DemoFailed(
                "the replay gave other answers than the first execution", str(other.path), "compare the two"
            )
        if not one.answers:
            raise DemoFailed("the notebook shows no agent's answer", str(one.path))


def _report(home: Path, url: str, counts: Counts, worked_s: float, replayed_s: float) -> TableView:
    rows: list[dict[str, Any]] = [
        {"what": "executed notebooks", "result": str(home / "executed")},
        {"what": "replayed notebooks", "result": str(home / "replayed")},
        {"what": "run records", "result": url.removeprefix("sqlite:///")},
        {"what": "first execution", "result": _calls(counts.model_requests, counts.tool_calls, worked_s)},
        {"what": "second execution", "result": _calls(0, 0, replayed_s) + ", same answers"},
    ]
    note = f"look closer: VICTOR_JOURNAL={url} victor runs"
    return table("It works.", rows, ("what", "result"), note=note)


def _calls(model_requests: int, tool_calls: int, seconds: float) -> str:
    return f"{model_requests} model calls, {tool_calls} tool calls, {seconds:.1f} s"
