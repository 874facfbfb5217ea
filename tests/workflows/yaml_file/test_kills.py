"""Killed with SIGKILL in the middle: what was done is not done again, and what is in doubt is asked about."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from victor_nb.journal import Journal, open_journal

Run = Callable[..., subprocess.CompletedProcess[str]]

TRAINING = """
workflow: multi_stage_training
nodes:
  - id: preprocess
    type: compute
    handler: preprocess_data
    checkpoint: true
  - id: train
    type: agent
    role: trainer
    goal: "Train a model on the preprocessed data"
    checkpoint: true
    resume_on_failure: true
  - id: evaluate
    type: compute
    handler: evaluate_model
    checkpoint: true
"""
HANDLERS = """
import os, signal
from pathlib import Path

def did(what, dies):
    with Path("did.txt").open("a") as file:
        file.write(f"{what}\\n")
    if dies and not Path("healed").exists():
        os.kill(os.getpid(), signal.SIGKILL)

def preprocess_data():
    did("preprocess", False)
    return {"rows": 100}

def evaluate_model(preprocess, train):
    did("evaluate", True)
    return {"rows": preprocess["rows"], "train": bool(train)}

def item(item):
    did(item, item == 3)
    return item * 10
"""
PROGRAM = """
import json, sys
from victor_nb.workflows import load_workflow
workflow = load_workflow("flow.yaml")
options = json.loads(sys.argv[1])
result = workflow.run_sync(**options) if "run_id" in options else workflow.run_sync({}, **options)
print(result.status, json.dumps(result.state))
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `flow.yaml` in a process of its own, in `tmp_path`; options of `run` are given as JSON."""
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "run.py").write_text(PROGRAM)

    def run(options: str = "{}") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "run.py", options], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def journal_in(folder: Path) -> Journal:
    return open_journal(f"sqlite:///{folder}/.victor/victor.db")


def test_a_workflow_killed_in_its_third_node_resumes_at_the_third(tmp_path: Path, run: Run) -> None:
    """SIGKILL inside `evaluate`: neither `preprocess` nor the agent's request is done again."""
    (tmp_path / "flow.yaml").write_text(TRAINING)
    killed = run()
    journal = journal_in(tmp_path)
    unfinished = journal.find("last").run_id
    before = journal.history(unfinished, types=("step.finished",))
    (tmp_path / "healed").touch()
    resumed = run(f'{{"run_id": "{unfinished}"}}')

    assert killed.returncode == -signal.SIGKILL
    assert resumed.stdout.startswith("finished"), resumed.stderr
    assert '"evaluate": {"rows": 100, "train": true}' in resumed.stdout
    assert (tmp_path / "did.txt").read_text().split() == ["preprocess", "evaluate", "evaluate"]
    steps = journal.history(unfinished, types=("step.finished",))
    assert steps[: len(before)] == before
    assert [one.data["name"] for one in steps if one.data["kind"] == "node"] == ["preprocess", "train", "evaluate"]
    assert len(steps) == len(before) + 1


def test_items_that_were_done_before_a_kill_are_not_done_again(tmp_path: Path, run: Run) -> None:
    """SIGKILL at the third of five: the resumed run begins with the third."""
    (tmp_path / "flow.yaml").write_text("nodes: [{id: a, handler: item, for_each: '{{ range(1, 6) }}', parallel: 1}]")
    killed = run()
    (tmp_path / "healed").touch()
    resumed = run(f'{{"run_id": "{journal_in(tmp_path).find("last").run_id}"}}')

    assert killed.returncode == -signal.SIGKILL
    assert '"a": [10, 20, 30, 40, 50]' in resumed.stdout, resumed.stderr
    assert (tmp_path / "did.txt").read_text().split() == ["1", "2", "3", "3", "4", "5"]


def test_a_node_that_must_not_resume_by_itself_asks_a_person(tmp_path: Path, run: Run) -> None:
    """`resume_on_failure: false`: nothing happens until somebody decides."""
    (tmp_path / "flow.yaml").write_text("nodes: [{id: a, handler: item, inputs: {item: 3}, resume_on_failure: false}]")
    killed = run()
    (tmp_path / "healed").touch()
    unfinished = journal_in(tmp_path).find("last").run_id
    asked = run(f'{{"run_id": "{unfinished}"}}')

    assert killed.returncode == -signal.SIGKILL
    assert "StepInDoubt" in asked.stderr
    assert (tmp_path / "did.txt").read_text().split() == ["3"]
    decided = run(f'{{"run_id": "{unfinished}", "on_doubt": "retry"}}')
    assert decided.stdout.startswith("finished"), decided.stderr
