"""The guide's example files, run for real."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from victor_nb.journal import open_journal
from victor_nb.workflows import Command, load_workflow
from victor_nb.workflows.sources import read
from victor_nb.workflows.yaml_file.writing import workflow_to_yaml

EXAMPLES = Path(__file__).parents[3] / "docs/guides/workflow-yaml"


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
