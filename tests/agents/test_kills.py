"""A run survives kills at any point: what was finished is not done again, an effect never happens twice.

`VICTOR_KILLS=1000` makes the long version of it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.kill_target import TURNS
from victor_nb.journal import Status, open_journal

KILLS = int(os.environ.get("VICTOR_KILLS", "40"))


class Target:
    """The process that forks and kills; see `kill_target`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def aim(self, url: str, notes: Path) -> None:
        command = [sys.executable, "-m", "tests.agents.kill_target", url, str(notes)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def attempt(self, kill_after_s: float | None = None) -> int:
        """Let one child try; return its exit code, -9 if it was killed."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps({} if kill_after_s is None else {"kill_after_s": kill_after_s}),
            file=self._process.stdin,
            flush=True,
        )
        return int(self._process.stdout.readline())

    def end(self) -> None:
        if self._process is not None:
            self._process.communicate()


@pytest.fixture
def target() -> Iterator[Target]:
    """Ended with the test."""
    made = Target()
    yield made
    made.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(max(180, KILLS))
def test_no_kill_repeats_what_was_finished_or_doubles_an_effect(target, tmp_path):
    """Over many runs and many kills at random moments."""
    chance = random.Random(20261121)
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        target.end()
        url, notes = f"sqlite:////{tmp_path}/{runs}.db", tmp_path / f"{runs}.txt"
        target.aim(url, notes)
        kills += killed_at_random(target, chance)
        check(url, notes)


def killed_at_random(target: Target, chance: random.Random) -> int:
    """Kill attempt after attempt until one ends by itself; return how many were killed."""
    kills = 0
    for _ in range(12):
        code = target.attempt(kill_after_s=chance.uniform(0.02, 0.2))
        if code == 0:
            return kills
        assert code == -9, "the run failed by itself"
        kills += 1
    assert target.attempt() == 0
    return kills


def check(url: str, notes: Path) -> None:
    """Compare what was really done with what the journal says."""
    done = Counter(notes.read_text().split("\n"))
    with open_journal(url) as journal:
        (info,) = journal.runs()
        events = journal.events(info.run_id)
    attempts = sum(event.type in ("run.started", "run.resumed") for event in events)
    finished = Counter(event.step_id for event in events if event.type == "step.finished")
    starts = {e.step_id: e.data for e in events if e.type == "step.started"}
    ends = {e.step_id: e.data for e in events if e.type == "step.finished"}

    assert info.status is Status.FINISHED
    assert set(finished.values()) == {1}, "a step was recorded twice"
    assert len(finished) == TURNS * 4 + 1, "a step is missing"
    for step_id, end in ends.items():
        if end["name"] != "send":
            continue
        times = done[f"send {starts[step_id]['inputs']['arguments']['number']}"]
        assert times <= 1, "an effect happened twice"
        assert times == 1 or end.get("skipped"), "a finished effect did not happen"
    for number in range(TURNS):
        # A request or a look is repeated only when a kill caught it in the middle.
        assert 1 <= done[f"model {number}"] <= attempts
        assert 1 <= done[f"look {number}"] <= attempts
    repeated = sum(times - 1 for what, times in done.items() if what.startswith(("model", "look")))
    assert repeated <= 2 * (attempts - 1), "more was repeated than was in flight"
