"""What keeps a notebook from being executed is said at once: what, where, and what to do; nothing has run."""

from __future__ import annotations

import json

import pytest

from tests.pipelines.made import notebook
from victor_nb.errors import VictorError
from victor_nb.pipelines.executing import (
    Execution,
    InvalidNotebook,
    NotebookNotFound,
    UnknownKernel,
    execute_notebook,
)


def attempt(desk, source, **how):
    """Execute a file and return the error; nothing was told, nothing was written."""
    with pytest.raises(VictorError) as caught:
        execute_notebook(
            source, desk.output, on_event=lambda kind, _: desk.told.append(kind), how=Execution(cwd=desk.path, **how)
        )
    assert desk.told == []
    assert not desk.output.exists()
    return caught.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"[]", "no notebook"),
        (b"{}", "no notebook"),
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 4, "metadata": {}}', "no notebook"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_is_no_notebook(desk, content, words):
    """Empty, torn, other JSON, not even text."""
    source = desk.path / "bad.ipynb"
    source.write_bytes(content)

    error = attempt(desk, source)

    assert isinstance(error, InvalidNotebook)
    assert words in error.what
    assert error.where == str(source)


def test_a_file_that_is_not_there(desk):
    """A folder is none either."""
    assert isinstance(attempt(desk, desk.path / "nothing.ipynb"), NotebookNotFound)
    (desk.path / "folder.ipynb").mkdir()
    assert isinstance(attempt(desk, desk.path / "folder.ipynb"), NotebookNotFound)


def test_a_kernel_that_is_not_installed(desk):
    """The nearest one is named, and where to see them all."""
    error = attempt(desk, desk.write("1"), kernel="python33")

    assert isinstance(error, UnknownKernel)
    assert "Did you mean 'python3'?" in error.what
    assert error.where == str(desk.path / "book.ipynb")


def test_a_notebook_that_names_no_kernel(desk):
    """Somebody has to choose one; giving it is enough."""
    source = desk.path / "book.ipynb"
    source.write_text(json.dumps({**notebook("print(1)"), "metadata": {}}))

    assert "does not say in which kernel" in attempt(desk, source).what
    assert execute_notebook(source, desk.output, how=Execution(kernel="python3")).status == "finished"


def test_a_kernel_that_does_not_start(desk, monkeypatch):
    """Its own words are not known, its exit status is; no cell has run."""
    spec = desk.path / "kernels" / "broken"
    spec.mkdir(parents=True)
    argv = ["sh", "-c", "exit 3"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Broken", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(desk.path))

    outcome = desk.run("print(1)", kernel="broken")

    assert (outcome.status, outcome.reason) == ("failed", "start")
    assert "'broken' did not start" in outcome.error.what
    assert [cell.status for cell in outcome.cells] == ["pending"]
    assert desk.statuses() == ["pending"]


def test_names_of_any_script_and_with_spaces(desk):
    """In paths of the notebook, of its output, and of the folder it runs in."""
    folder = desk.path / "Ünïcode ☃ {x} %s"
    folder.mkdir()
    source = folder / "ein Heft - 'ä'.ipynb"
    source.write_text(json.dumps(notebook("import os\nprint(os.getcwd())")))
    desk.output = folder / "fertig ✓.ipynb"

    assert execute_notebook(source, desk.output, how=Execution(cwd=folder)).status == "finished"
    assert desk.text(0) == f"{folder}\n"


def test_a_folder_that_must_not_be_written_to(desk):
    """Nothing is written beside the source."""
    source = desk.write("print('x')", name="source.ipynb")
    before = sorted(desk.path.iterdir())
    desk.run("print('x')")

    assert [path for path in sorted(desk.path.iterdir()) if path.name not in ("book.ipynb", "out")] == before
    assert source.exists()
