"""A workflow whose process is killed goes on in another one, and does nothing twice that it had finished."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from victor_nb import open_journal
from victor_nb.journal import RunInfo

PROGRAM = Path(__file__).parent / "killed.py"
NODES = 3 * (1 + 5 + 2)


class Killed:
    """The program of killed.py, its journal and its marks."""

    def __init__(self, url: str, marks: Path) -> None:
        self.url, self.marks = url, marks

    def marked(self) -> list[str]:
        return self.marks.read_text().splitlines() if self.marks.exists() else []

    def info(self) -> RunInfo | None:
        with open_journal(self.url) as journal:
            return next(iter(journal.runs()), None)

    def finished(self) -> set[str]:
        """The nodes whose results the journal has."""
        with open_journal(self.url) as journal:
            events = journal.events(journal.runs()[0].run_id, types=("step.finished",))
        found = [event.data["result"]["update"]["names"][-1] for event in events if event.data["name"] in "beginworkij"]
        return set(found)

    def execute(self, kill_after: int | None) -> None:
        """Run or resume it; kill it when it has left so many marks, and is perhaps a little further by then."""
        info, before = self.info(), len(self.marked())
        run = [info.run_id] if info is not None else []
        program = subprocess.Popen([sys.executable, PROGRAM, self.url, self.marks, *run], stdout=subprocess.DEVNULL)
        if kill_after is not None:
            while program.poll() is None and len(self.marked()) < before + kill_after:
                time.sleep(0.0005)
            program.send_signal(signal.SIGKILL)
        assert program.wait() in (0, -signal.SIGKILL)

    def state(self) -> object:
        info = self.info()
        with open_journal(self.url) as journal:
            return journal.result(info.run_id) if info is not None and info.is_finished else None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_killed_workflow_goes_on_and_repeats_no_finished_node(tmp_path, store, seed, request):
    """Killed again and again at random places, it ends in the state of a run that was left alone."""
    url = request.getfixturevalue("postgres").url() if store == "postgres" else f"sqlite:///{tmp_path / 'v.db'}"
    program, chance = Killed(url, tmp_path / "marks"), random.Random(seed)
    program.execute(chance.randrange(1, 5))
    while program.state() is None:
        finished, before = program.finished(), len(program.marked())
        program.execute(chance.choice([1, 2, 4, 6, None]))
        assert finished.isdisjoint(program.marked()[before:])

    alone = Killed(f"sqlite:///{tmp_path / 'alone.db'}", tmp_path / "alone")
    alone.execute(None)
    assert program.state() == alone.state()
    assert set(program.marked()) == set(alone.marked())
    assert len(alone.marked()) == NODES


def test_the_program_tells_its_state(tmp_path):
    """What the other tests read from the journal is what the caller gets."""
    told = subprocess.run(
        [sys.executable, PROGRAM, f"sqlite:///{tmp_path / 'v.db'}", tmp_path / "marks"], capture_output=True, check=True
    )

    assert json.loads(told.stdout)["round"] == 3
