"""The tutorial's notebooks run, and the demonstration proves what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from victor_nb.commands.notebooks import NotebookFailed, execute
from victor_nb.commands.tutorials import tutorial_folder
from victor_nb.journal import open_journal

ROOT = Path(__file__).parents[2]


def homes_in(folder: Path) -> dict[str, str]:
    """An environment whose every home is below `folder`."""
    ours = ("VICTOR_", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    moved = {"HOME": "home", "XDG_CONFIG_HOME": "home/.config", "IPYTHONDIR": "ipython", "MPLCONFIGDIR": "matplotlib"}
    return kept | {name: str(folder / place) for name, place in moved.items()} | {"PYTHONPATH": str(ROOT)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_notebooks_pass_nbval(tmp_path: Path) -> None:
    """Every cell of the tutorial runs without an error, checks included."""
    for notebook in tutorial_folder().glob("0*.ipynb"):
        (tmp_path / notebook.name).write_bytes(notebook.read_bytes())
    words = [
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-kernel-startup-timeout=240",
        "--nbval-cell-timeout=240",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
    ]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=homes_in(tmp_path / "homes"),
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demonstration_does_its_work_then_replays_for_free_and_touches_nothing_else(tmp_path: Path) -> None:
    """Exit code 0; runs and notebooks are where it says; nothing outside of .victor is written."""
    (tmp_path / "work").mkdir()
    (tmp_path / "homes" / "home").mkdir(parents=True)
    environment = homes_in(tmp_path / "homes")
    for moved in ("IPYTHONDIR", "MPLCONFIGDIR", "XDG_CONFIG_HOME"):
        del environment[moved]  # the demonstration has to move them itself

    done = subprocess.run(
        [sys.executable, "-m", "victor_nb.cli", "demo"],
        capture_output=True,
        text=True,
        cwd=tmp_path / "work",
        env=environment,
        check=False,
    )

    home = tmp_path / "work" / ".victor" / "demo"
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 model calls, 0 tool calls" in done.stdout
    assert str(home / "executed") in done.stdout
    assert [path.name for path in (tmp_path / "work").iterdir()] == [".victor"]
    assert list((tmp_path / "homes" / "home").iterdir()) == []
    with open_journal(f"sqlite:///{home / 'victor.db'}?mode=ro") as journal:
        assert all(info.is_finished for info in journal.runs())
        assert len(journal.runs()) >= 10
    for name in ("00_introduction.ipynb", "01_first_agent.ipynb"):
        assert "widgets" not in json.loads((home / "replayed" / name).read_text())["metadata"]


def test_a_notebook_that_fails_is_an_error_with_the_cell(tmp_path: Path) -> None:
    """What failed, and the executed notebook that holds the traceback; later cells did not run."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": name}
        for name, source in [("a", "x = 1"), ("b", "1 / 0"), ("c", "open('late', 'w')")]
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "broken.ipynb").write_text(json.dumps(notebook))
    said: list[str] = []

    with pytest.raises(NotebookFailed, match="ZeroDivisionError") as caught:
        execute(tmp_path / "broken.ipynb", tmp_path / "out" / "broken.ipynb", tmp_path / "homes", {}, said.append)

    assert caught.value.where == str(tmp_path / "out" / "broken.ipynb")
    assert said[0] == "x = 1"
    assert not (tmp_path / "out" / "late").exists()
