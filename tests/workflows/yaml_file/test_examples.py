"""The guide's example files, run for real; one of them killed in the middle."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from victor_nb.journal import open_journal
from victor_nb.workflows import Command, load_workflow
from victor_nb.workflows.sources import read
from victor_nb.workflows.yaml_file.writing import workflow_to_yaml

EXAMPLES = Path(__file__).parents[3] / "docs/guides/workflow-yaml"

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

def did(what):
    with Path("did.txt").open("a") as file:
        file.write(what + "\\n")

def preprocess_data():
    did("preprocess")
    return {"rows": 100}

def evaluate_model(preprocess, train):
    did("evaluate")
    if not Path("healed").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return {"rows": preprocess["rows"], "train": bool(train)}
"""
PROGRAM = """
import sys
from victor_nb.workflows import load_workflow
result = load_workflow("training.yaml").run_sync({}, run_id=None) if len(sys.argv) == 1 else \\
    load_workflow("training.yaml").run_sync(run_id=sys.argv[1])
print(result.status, result.state["evaluate"], result.replayed)
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_workflow_killed_in_its_third_node_resumes_at_the_third(tmp_path: Path) -> None:
    """SIGKILL inside `evaluate`: neither `preprocess` nor the agent's request is done again."""
    for name, text in (("training.yaml", TRAINING), ("training.py", HANDLERS), ("run.py", PROGRAM)):
        (tmp_path / name).write_text(text)
    killed = run(tmp_path)
    journal = open_journal(f"sqlite:///{tmp_path}/.victor/victor.db")
    unfinished = journal.find("last")
    requests = len(journal.history(unfinished.run_id, types=("step.finished",)))
    (tmp_path / "healed").touch()
    resumed = run(tmp_path, unfinished.run_id)

    assert killed.returncode == -signal.SIGKILL
    assert resumed.stdout == "finished {'rows': 100, 'train': True} False\n", resumed.stderr
    assert (tmp_path / "did.txt").read_text().split() == ["preprocess", "evaluate", "evaluate"]
    steps = journal.history(unfinished.run_id, types=("step.finished",))
    assert len(steps) == requests + 1
    assert [one.data["name"] for one in steps if one.data["kind"] == "node"] == ["preprocess", "train", "evaluate"]


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "examples"


def test_the_training_example_runs(examples: Path) -> None:
    """With the offline model, as the guide shows it."""
    result = load_workflow(examples / "multi_stage_training.yaml").run_sync({}, journal="memory:")

    assert result.state["evaluate"]["rows"] == 4
    assert [point.name for point in result.run.history() if point.name] == ["preprocess", "train", "evaluate"]


def test_the_reports_example_waits_and_publishes(examples: Path, tmp_path: Path) -> None:
    """A branch, a list, a question, a part: all in one file."""
    workflow, journal = load_workflow(examples / "reports.yaml"), open_journal("memory:")
    waiting = workflow.run_sync({}, journal=journal)
    done = workflow.run_sync(Command(resume="yes"), run_id=waiting.run_id, journal=journal)

    assert waiting.interrupts[0].value["prompt"] == "Publish 2 summaries?\nThe total is 12.\n"
    assert done.state["log"] == ["yes: report.md"]
    assert (tmp_path / "report.md").read_text().startswith("# Sales of north and south\n\nnorth: 7 in 2 sales")


def test_what_was_not_agreed_to_is_not_published(examples: Path, tmp_path: Path) -> None:
    """No: the part is skipped, and what follows knows it."""
    workflow, journal = load_workflow(examples / "reports.yaml"), open_journal("memory:")
    waiting = workflow.run_sync({"regions": ["south"]}, journal=journal)
    done = workflow.run_sync(Command(resume="no"), run_id=waiting.run_id, journal=journal)

    assert (done.state["log"], done.state["skipped"]) == (["no"], ["publish"])
    assert not (tmp_path / "report.md").exists()


@pytest.mark.parametrize("name", ["multi_stage_training", "reports", "publishing"])
def test_the_examples_come_back_from_python(examples: Path, name: str) -> None:
    """Loaded, written, loaded again: the same graph, from the same sources."""
    first = load_workflow(examples / f"{name}.yaml")
    (examples / f"{name}_again.yaml").write_text(workflow_to_yaml(first))
    again = load_workflow(examples / f"{name}_again.yaml")

    assert again.shape() == first.shape()
    assert {n: read(one.call).hash for n, one in again.nodes.items()} == {
        n: read(one.call).hash for n, one in first.nodes.items()
    }
