"""The workflow files ask for no more than they need, and do what the pages say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.require import library

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of every job."""
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def test_they_are_valid():
    """As the service itself would say."""
    library("check_jsonschema", extra="test")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *map(str, FILES)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_foreign_actions_are_pinned_to_a_commit(name):
    """A tag can be moved to other code; a commit cannot."""
    used = [step["uses"] for step in steps(WORKFLOWS[name]) if "uses" in step]

    assert [one for one in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", one)] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_the_code_and_nothing_else(name):
    """Only the job that publishes may write, and it alone may say who it is."""
    jobs = WORKFLOWS[name]["jobs"]

    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert {job for job, about in jobs.items() if "permissions" in about} <= {"publish"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_checkout_leaves_no_token_behind(name):
    """What runs after it cannot find one on disk."""
    checkouts = [step for step in steps(WORKFLOWS[name]) if step.get("uses", "").startswith("actions/checkout@")]

    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_tests_run_on_every_python_that_the_package_claims():
    """And on three systems."""
    matrix = WORKFLOWS["tests"]["jobs"]["tests"]["strategy"]["matrix"]
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))

    assert matrix["python"] == claimed
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_nothing_is_published_that_was_not_tested_and_built_from_the_tag():
    """A release waits for the tests, for the wheels, and for the version to be right."""
    jobs = WORKFLOWS["release"]["jobs"]

    assert set(jobs["publish"]["needs"]) == {"tests", "wheels"}
    assert jobs["tests"]["needs"] == jobs["wheels"]["needs"] == "version"


def test_every_measurement_of_every_night_exists():
    """A benchmark that was renamed is renamed there, too."""
    names = WORKFLOWS["benchmarks"]["jobs"]["measure"]["strategy"]["matrix"]["benchmark"]

    assert [name for name in names if not (ROOT / "benchmarks" / f"{name}.py").exists()] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such right")
@pytest.mark.parametrize("name", WORKFLOWS)
def test_scripts_that_are_run_are_there_and_can_be(name):
    """A script has its place, and its right to be executed."""
    run = "\n".join(step.get("run", "") for step in steps(WORKFLOWS[name]))

    for script in re.findall(r"(?<![\w/])\.ci/[\w-]+", run):
        assert (ROOT / script).stat().st_mode & 0o100, script
