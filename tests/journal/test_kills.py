"""Killed at any moment, resumed until the end: nothing finished is done again, nothing irrevocable twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from victor_nb.journal import Effect, Status, open_journal
from victor_nb.journal.sqlite import SqliteStore

PROGRAM = Path(__file__).parent / "killed.py"
STEPS = 160
KILLS = int(os.environ.get("VICTOR_KILLS", "200"))


def execute(url, marks, run_id, kill_after_s):
    """Run the program and kill it some time after it has begun to work; return the run."""
    command = [sys.executable, str(PROGRAM), url, str(marks), str(STEPS), *([run_id] if run_id else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        found = child.stdout.readline().strip()
        time.sleep(kill_after_s)
        child.kill()
    return found or run_id


@pytest.mark.timeout(max(180, KILLS))
def test_a_program_killed_at_random_points_does_everything_once(tmp_path):
    """Over all kills: finished steps answer from the journal, effects are never repeated, the file stays sound."""
    chance, kills, lives = random.Random(20), 0, 0
    while kills < KILLS:
        lives += 1
        folder = tmp_path / str(lives)
        folder.mkdir()
        url, marks = f"sqlite:///{folder}/victor.db", folder / "marks"
        run_id, is_finished = None, False
        while not is_finished:
            finished_before = done_steps(url, run_id) if run_id else set()
            marks_before = Counter(marks.read_text().split()) if marks.exists() else Counter()
            run_id = execute(url, marks, run_id, chance.uniform(0.0, 0.06))
            is_finished = run_id is not None and status_of(url, run_id) is Status.FINISHED
            kills += not is_finished
            again = Counter(marks.read_text().split()) - marks_before if marks.exists() else Counter()
            assert not finished_before & set(again), "a finished step was done again"
        seen = Counter(marks.read_text().split())
        assert len(seen) == STEPS, "every step was done"
        assert all(times == 1 for name, times in seen.items() if name.startswith(f"{Effect.EFFECT}-"))
        assert SqliteStore(folder / "victor.db").integrity() == []


def status_of(url, run_id):
    """Where the journal says the run stands."""
    with open_journal(url) as journal:
        return journal.find(run_id).status


def done_steps(url, run_id):
    """The names of the steps that the journal says are finished."""
    with open_journal(url) as journal:
        return {event.data["name"] for event in journal.events(run_id, types=["step.finished"])}
