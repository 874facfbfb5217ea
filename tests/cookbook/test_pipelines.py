"""The example pipeline does what its page says: it runs from its folder alone, and a second time for nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TUMOURS = Path(__file__).parents[2] / "cookbook" / "pipelines" / "tumours"


@pytest.fixture
def folder(tmp_path):
    """The example, where it may be written to."""
    return Path(shutil.copytree(TUMOURS, tmp_path / "tumours"))


def run(folder, *words):
    """What `victor pipeline run pipeline.yaml --json` prints in the folder."""
    command = [sys.executable, "-m", "victor_nb.cli", "pipeline", "run", "pipeline.yaml", "--json", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_the_example_runs_and_then_comes_from_the_cache(folder):
    """Six notebooks, three of them from a matrix; the second run asks nobody; another seed runs all of them."""
    first = run(folder)
    again = run(folder)
    changed = run(folder, "-p", "seed=1")

    assert [one["id"] for one in first["notebooks"]] == [
        "prepare",
        "train[model=logistic]",
        "train[model=forest]",
        "train[model=neighbours]",
        "compare",
        "report",
    ]
    assert {one["status"] for one in first["notebooks"]} == {"finished"}
    assert {one["status"] for one in again["notebooks"]} == {"cached"}
    assert changed["notebooks"][0]["why"] == "parameter seed: 0 -> 1"
