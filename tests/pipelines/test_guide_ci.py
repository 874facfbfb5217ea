"""The guide to CI: its workflow is one that GitHub reads, its commands run, and exit codes are as it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipelines.made import notebook

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "pipeline-ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE))
ACTION = BLOCKS[".github/workflows/pipeline.yml"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the pipeline that the guide runs."""
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("print(1)")))
    (tmp_path / "training.yaml").write_text("notebooks: [a.ipynb]")
    (tmp_path / "summary.py").write_text(BLOCKS["summary.py"])
    return tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as CI would, with `victor` on the path."""
    victor = f'victor() {{ "{sys.executable}" -m victor_nb.cli "$@"; }}; '
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GITHUB_STEP_SUMMARY": os.devnull}
    return subprocess.run(["bash", "-c", victor + line], cwd=folder, env=environment, capture_output=True, text=True)


def steps() -> list[dict[str, Any]]:
    job: dict[str, Any] = yaml.safe_load(ACTION)["jobs"]["run"]
    return list(job["steps"])


def test_the_workflow_is_one() -> None:
    """Triggers, a machine, a limit; each step uses an action of some version, or runs something."""
    whole = yaml.safe_load(ACTION)

    assert whole[True] == ["push"]  # YAML 1.1 reads `on` so, as everybody's parsers of these files know
    assert {"runs-on", "timeout-minutes", "steps"} <= whole["jobs"]["run"].keys()
    assert all(("uses" in one) != ("run" in one) for one in steps())
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", one["uses"]) for one in steps() if "uses" in one)


def test_its_commands_run_and_keep_what_the_next_build_needs(project: Path) -> None:
    """The second build takes everything from the cache; the summary is a table of the run."""
    commands = [one["run"] for one in steps() if "victor" in one.get("run", "")]
    assert len(commands) == 2
    for _ in range(2):
        for line in commands:
            done = shell(line, project)
            assert done.returncode == 0, done.stderr

    told = json.loads((project / "run.json").read_text())
    assert [one["status"] for one in told["notebooks"]] == ["cached"]
    assert list((project / ".victor" / "pipelines").glob("*/runs"))
    summary = shell(f'"{sys.executable}" summary.py', project)
    assert "| a | cached |" in summary.stdout


def test_checks_without_running_run(project: Path) -> None:
    """And begin no run."""
    lines = re.findall(r"^victor pipeline (?:show|why) .*$", GUIDE, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        assert shell(line, project).returncode == 0
    assert "no pipeline ran here yet" in shell("victor pipeline status", project).stdout


def test_exit_codes_are_as_the_table_says(project: Path) -> None:
    """0, 1 and 2; 130 has a test of the terminal's."""
    (project / "bad.ipynb").write_text(json.dumps(notebook("1 / 0")))
    (project / "bad.yaml").write_text("notebooks: [bad.ipynb]")
    (project / "wrong.yaml").write_text("notebooks: [nothing.ipynb]")

    codes = {
        line: shell(f"victor pipeline run {line}", project).returncode
        for line in ("training.yaml", "bad.yaml", "wrong.yaml", "training.yaml --only b")
    }

    assert list(codes.values()) == [0, 1, 1, 2]
