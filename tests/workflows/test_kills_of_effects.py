"""No kill has an effect of a workflow happen twice: of nodes side by side, in threads and awaited, and of steps.

`VICTOR_KILLS=1000` makes the long version of it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.workflows.kill_target import ROUNDS, WIDTH
from victor_nb.journal import Status, open_journal

KILLS = int(os.environ.get("VICTOR_KILLS", "30"))


def attempted(target: subprocess.Popen[str], kill_after_s: float | None) -> int:
    """Let one child try; return its exit code, -9 if it was killed."""
    assert target.stdin is not None
    assert target.stdout is not None
    print(json.dumps({} if kill_after_s is None else {"kill_after_s": kill_after_s}), file=target.stdin, flush=True)
    return int(target.stdout.readline())


def killed_at_random(url: str, notes: Path, chance: random.Random) -> int:
    """Kill attempt after attempt of one run until one ends by itself; return how many were killed."""
    command = [sys.executable, "-m", "tests.workflows.kill_target", url, str(notes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        for kills in range(12):
            if (code := attempted(target, chance.uniform(0.01, 0.12))) == 0:
                return kills
            assert code == -9, "the run failed by itself"
        assert attempted(target, None) == 0
        target.communicate()
    return 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(max(180, 2 * KILLS))
def test_no_kill_doubles_an_effect(tmp_path):
    """Over many runs and many kills at random moments, every effect is had once, or was decided to be skipped."""
    chance, kills, runs = random.Random(20261121), 0, 0
    while kills < KILLS:
        runs += 1
        url, notes = f"sqlite:////{tmp_path}/{runs}.db", tmp_path / f"{runs}.txt"
        kills += killed_at_random(url, notes, chance)
        check(url, notes)


def check(url: str, notes: Path) -> None:
    """Compare what was really done with what the journal says."""
    done = Counter(notes.read_text().splitlines())
    with open_journal(url) as journal:
        (info,) = journal.runs()
        ends = [event.data for event in journal.events(info.run_id, types=["step.finished"])]
        sent = journal.result(info.run_id)["sent"]
    effects = {what: times for what, times in done.items() if not what.startswith("plan")}

    assert info.status is Status.FINISHED
    assert set(effects.values()) <= {1}, "an effect happened twice"
    assert set(sent) - {"skipped"} <= effects.keys(), "an effect that is recorded did not happen"
    were_skipped = sum(bool(end.get("skipped")) for end in ends)
    assert len(ends) == ROUNDS * (2 * WIDTH + 3), "a step is missing, or was recorded twice"
    assert len(set(sent) - {"skipped"}) == ROUNDS * (2 * WIDTH + 1) - were_skipped
