"""A pipeline whose process is killed goes on in another one, and does no notebook twice that was finished."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.pipelines import killed
from victor_nb.journal import RunInfo, open_journal
from victor_nb.pipelines import Pipeline

PROGRAM = Path(killed.__file__)
ROOT = PROGRAM.parents[2]
KILLS = int(os.environ.get("VICTOR_KILLS", "2"))
"""How many runs are killed, each again and again until it comes through."""


class Killed:
    """The program of killed.py in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        killed.write_notebooks(folder)

    def info(self) -> RunInfo | None:
        if not (self.folder / "victor.db").exists():
            return None
        with open_journal(f"sqlite:///{self.folder / 'victor.db'}") as journal:
            return next(iter(journal.runs()), None)

    def finished(self) -> set[str]:
        """The members that the journal has as finished."""
        with open_journal(f"sqlite:///{self.folder / 'victor.db'}") as journal:
            pipeline = Pipeline("killed", killed.nodes(), folder=self.folder)
            return {one.id for one in pipeline.past(journal=journal).nodes if one.is_done}

    def marks(self) -> list[str]:
        marks = self.folder / "marks"
        return marks.read_text().splitlines() if marks.exists() else []

    def execute(self, kill_after_s: float | None) -> bool:
        """Run it or go on with it; kill it after so long. Return whether it came to its end."""
        info = self.info()
        if info is not None and info.is_finished:  # killed after the last word was written
            return True
        run = [info.run_id] if info is not None else []
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        program = subprocess.Popen(
            [sys.executable, PROGRAM, ".", *run], cwd=self.folder, env=environment, stdout=subprocess.PIPE
        )
        try:
            program.communicate(timeout=kill_after_s)
        except subprocess.TimeoutExpired:
            program.send_signal(signal.SIGKILL)
            program.communicate()
        assert program.returncode in (0, -signal.SIGKILL)
        return program.returncode == 0

    def files(self) -> dict[str, str]:
        """What the notebooks wrote."""
        return {path.name: path.read_text() for path in self.folder.glob("*.txt")}

    def processes(self) -> list[psutil.Process]:
        """Processes that still work in the folder."""
        return [one for one in psutil.process_iter() if _folder_of(one) == self.folder]


def _folder_of(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    """What a run writes that nobody kills."""
    program = Killed(tmp_path_factory.mktemp("pipelines") / "undisturbed")
    assert program.execute(None)
    assert sorted(program.marks()) == sorted(killed.MEMBERS)
    return program.files()


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_pipeline_comes_to_what_an_undisturbed_one_comes_to(tmp_path, undisturbed, seed):
    """Killed at random places until it comes through: the same files, nothing finished is repeated, nothing is left."""
    program, chance = Killed(tmp_path / "work"), random.Random(seed)
    is_through = program.execute(chance.uniform(0.4, 3.0))
    while not is_through:
        finished = program.finished() if program.info() is not None else set()
        before = len(program.marks())
        is_through = program.execute(chance.uniform(0.8, 6.0) if chance.random() < 0.7 else None)
        assert finished.isdisjoint(program.marks()[before:])

    assert program.files() == undisturbed
    assert program.finished() == set(killed.MEMBERS)
    for path in program.folder.rglob("*.ipynb"):
        json.loads(path.read_text())
    gone_by = time.monotonic() + 10
    while program.processes() and time.monotonic() < gone_by:
        psutil.wait_procs(program.processes(), timeout=1)
    assert program.processes() == []
