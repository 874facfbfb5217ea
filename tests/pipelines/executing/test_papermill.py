"""Notebooks made for papermill run unchanged, through its own parts: parameters, handlers, engines, several at once."""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from papermill.iorw import papermill_io

from tests.pipelines.made import code, notebook
from victor_nb.pipelines.executing import Execution, execute_notebook


def test_parameters_follow_the_parameters_cell(desk):
    """With their types; the notebook keeps papermill's metadata."""
    outcome = desk.run(
        "import datetime",
        code("day = None\nn = 1", "parameters"),
        "print(repr(day), n)",
        parameters={"day": datetime.date(2026, 1, 2)},
    )

    assert outcome.status == "finished"
    assert desk.text(3) == "datetime.date(2026, 1, 2) 1\n"
    assert desk.saved().cells[2].metadata.tags == ["injected-parameters"]
    assert desk.saved().metadata.papermill.parameters == {"day": "datetime.date(2026, 1, 2)"}
    assert desk.saved().metadata.papermill.duration > 0


def test_a_notebook_without_a_parameters_cell_takes_them_on_top(desk):
    """As papermill does."""
    desk.run("print(n)", parameters={"n": 3})

    assert desk.text(1) == "3\n"


def test_an_executed_notebook_can_be_executed_again(desk):
    """Marks, outputs and injected parameters of the last time make room for the new ones."""
    desk.run(code("n = 1", "parameters"), "print(n)\n1 / n", parameters={"n": 0})
    again = execute_notebook(desk.output, desk.path / "again.ipynb", {"n": 2}, how=Execution(cwd=desk.path))

    assert again.status == "finished"
    assert len(nbformat.read(desk.path / "again.ipynb", 4).cells) == 3


class Shelf:
    """A place that is no file, as papermill's handlers of clouds are."""

    def __init__(self) -> None:
        self.books: dict[str, str] = {}

    def read(self, path: str) -> str:
        return self.books[path]

    def write(self, text: str, path: str) -> None:
        self.books[path] = text


@pytest.fixture
def shelf():
    """A handler that papermill knows during a test."""
    made = Shelf()
    handlers = list(papermill_io._handlers)
    papermill_io.register("shelf://", made)
    yield made
    papermill_io._handlers[:] = handlers


def test_notebooks_lie_wherever_papermill_has_a_handler_for(shelf, tmp_path):
    """Read from it, and written to it once, at the end."""
    shelf.books["shelf://a.ipynb"] = json.dumps(notebook("print('x' * n)"))

    outcome = execute_notebook("shelf://a.ipynb", "shelf://b.ipynb", {"n": 2}, how=Execution(cwd=tmp_path))

    assert outcome.output == "shelf://b.ipynb"
    assert json.loads(shelf.books["shelf://b.ipynb"])["cells"][1]["outputs"][0]["text"] == ["xx\n"]


def test_several_run_side_by_side_in_one_process(desk):
    """Each in its own folder and with its own environment; nothing of this process changes."""

    def run(n: int):
        folder = desk.path / str(n)
        folder.mkdir()
        source = folder / "book.ipynb"
        source.write_text(json.dumps(notebook("import os\nprint(os.getcwd(), os.environ['VICTOR_N'])", "1 / 0")))
        how = Execution(cwd=folder, environment={"VICTOR_N": str(n)})
        return execute_notebook(source, folder / "done.ipynb", how=how)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(run, range(6)))

    assert [outcome.status for outcome in outcomes] == ["failed"] * 6
    for n, outcome in enumerate(outcomes):
        book = nbformat.read(outcome.output, 4)
        assert book.cells[1].outputs[0].text == f"{desk.path / str(n)} {n}\n"
