"""The guides' code runs from the first block of a page to the last, as a reader would run it.

1. Python and magics run in one kernel a page, `victor` lines in a shell beside it, all in one empty project.
2. What is not run is listed here, with the reason.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.support.this_python import ThisPython
from victor_nb.config import Settings

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path for path in [ROOT / "README.md", *(ROOT / "docs" / "guides").glob("*.md")]}
OTHERS = {
    "from-langgraph": "tests/workflows/test_guide_from_langgraph.py",
    "pipeline-ci": "tests/pipelines/test_guide_ci.py",
    "pipeline-yaml": "tests/pipelines/yaml_file/test_guide.py",
    "postgresql": "tests/journal/test_guide_postgresql.py",
    "scaling-out": "tests/workflows/test_guide_scaling_out.py",
    "testing": "tests/testing/test_plugin.py",
    "tools": "tests/tools/test_guide.py",
    "workflow-yaml": "tests/workflows/yaml_file/test_guide.py",
}
"""Guides whose code runs in a test of the room that they are about."""

NOT_RUN = {
    r"pip install|export |papermill": "needs a network, a key or a notebook of the reader's",
    r"victor (demo|lab|kernel)": "slow or lasting; have tests of their own",
    r"victor .*\b(RUN|CALL|VERB)\b": "stands for a form, not for a command",
    r"c\.InteractiveShellApp": "belongs into a settings file of IPython",
}
FAILING = {
    "%%victor --with wine --max-steps 1": "BudgetExceeded",
    "%%victor clinician --tools save_finding": "ApprovalDenied",
    'patients["BMI"]': "KeyError",
}
"""Cells that a guide shows because they fail, by their beginnings."""


class Piece(NamedTuple):
    """Something that a reader runs: a cell, or a line for a shell."""

    is_cell: bool
    text: str


def pieces(page: str) -> Iterator[Piece]:
    """What of a page's blocks can be run; outputs and settings are left out."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        text = block.strip()
        if language == "python" or text.startswith("%%"):
            found = [Piece(True, text)]
        elif language in ("text", "bash") and re.match(r"%?victor |pip install", text):
            found = [Piece(line.startswith("%"), line) for line in text.splitlines()]
        else:
            found = []
        yield from (piece for piece in found if not any(re.match(form, piece.text.lstrip("%")) for form in NOT_RUN))


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """An empty project of somebody who has no settings, with `victor` among the commands."""
    for name in [name for name in os.environ if name.startswith("VICTOR_")]:
        monkeypatch.delenv(name)
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name.lower()))
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home"))
    command = tmp_path / "bin" / "victor"
    (tmp_path / "home").mkdir()
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m victor_nb.cli "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run_line(line: str) -> None:
    """Run one line of a shell; what it said is part of the failure."""
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def run_cell(client: NotebookClient, text: str) -> None:
    """Run one cell in the kernel; it fails if, and only if, the guide means it to."""
    cell = nbformat.v4.new_code_cell(text)
    client.nb.cells.append(cell)
    meant = next((error for start, error in FAILING.items() if text.startswith(start)), None)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
        raised, told = None, "it did not fail"
    except CellExecutionError as failure:
        raised, told = failure.ename, str(failure)
    assert raised == meant, f"{text}\n{told}"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", sorted(PAGES.keys() - OTHERS.keys()))
def test_a_page_runs_in_order(page, project):
    """Everything that a block needs was said before it, on the same page."""
    todo = list(pieces(PAGES[page].read_text(encoding="utf-8")))
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(
        notebook, timeout=120, kernel_manager_class=ThisPython, resources={"metadata": {"path": str(project)}}
    )
    if not any(piece.is_cell for piece in todo):
        for piece in todo:
            run_line(piece.text)
        return
    with client.setup_kernel():
        for piece in todo:
            if piece.is_cell:
                run_cell(client, piece.text)
            else:
                run_line(piece.text)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_settings_that_a_page_shows_are_valid(page, project, monkeypatch):
    """Whoever pastes them into victor.toml gets what they say."""
    for block in re.findall(r"^```toml\n(.*?)^```$", PAGES[page].read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        (project / "victor.toml").write_text(block)

        assert Settings.load(project)


def test_guides_that_are_run_elsewhere_exist():
    """The list of exceptions names no page that is gone."""
    assert OTHERS.keys() <= PAGES.keys()
    assert all((ROOT / place).exists() for place in OTHERS.values())
