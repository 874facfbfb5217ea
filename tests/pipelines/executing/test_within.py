"""A notebook that did not come to its end goes on inside: variables are brought back, or the cells run again."""

from __future__ import annotations

import pytest

from tests.pipelines.executing.conftest import Desk
from victor_nb.pipelines.executing import snapshots

CELLS = (
    "import math\nimport numpy as np\nfrom dataclasses import dataclass\nfrom pathlib import Path\n"
    "from victor_nb import glue",
    "@dataclass\nclass Point:\n    x: int\n    def far(self): return scaled(self.x)\n"
    "def scaled(n, by=math.floor(2.5)):\n    return n * by * factor",
    "factor = 10\npoint = Point(3)\nboth = [point, point]\nalso = point\nnp.random.seed(1)\nfirst = np.random.rand()\n"
    "glue('first', 1)\nPath('ran').open('a').write('x')",
    "if not Path('go').exists(): raise RuntimeError('not yet')\nprint(point.far(), both[0] is also, np.random.rand())",
    "glue('far', point.far())",
)


@pytest.fixture(autouse=True)
def _every_cell(monkeypatch):
    """Cells of tests take no time."""
    monkeypatch.setattr(snapshots, "SHORTEST_S", 0.0)
    monkeypatch.setattr(snapshots, "SHARE", 0)


def test_it_begins_after_the_last_cell_whose_variables_were_kept(desk):
    """Values, identities, functions, classes, random states and glued values are as they were; outputs are too."""
    failed = desk.run(*CELLS, within=True)
    assert (failed.status, failed.restored) == ("failed", 0)
    (desk.path / "go").touch()

    outcome = desk.run(*CELLS, within=True)

    assert outcome.status == "finished"
    assert outcome.restored == 3
    assert (desk.path / "ran").read_text() == "x"
    assert desk.about("notebook.restored")["cells"] == 3
    assert [about["cell"] for kind, about in desk.told if kind == "cell.started"] == [3, 4]
    assert [cell.status for cell in outcome.cells] == ["finished"] * 5
    assert [cell.count for cell in outcome.cells] == [1, 2, 3, 4, 5]
    assert outcome.values == {"first": 1, "far": 60}
    assert desk.text(3) == undisturbed(desk)
    assert [file.name for file in desk.output.parent.iterdir()] == ["done.ipynb"]


def undisturbed(desk) -> str:
    """Return what the fourth cell prints where nothing went wrong."""
    other = Desk(desk.path / "other")
    other.path.mkdir()
    (other.path / "go").touch()
    other.run(*CELLS)
    return other.text(3)


def test_it_can_go_on_again_and_again(desk):
    """The second attempt keeps snapshots too, of what it was given and what it added."""
    cells = [
        "def double(n): return 2 * n",
        "a = double(1)",
        "assert open('one')",
        "b = double(a)",
        "assert open('two')",
    ]
    assert desk.run(*cells, within=True).restored == 0
    (desk.path / "one").touch()
    assert desk.run(*cells, within=True).restored == 2
    (desk.path / "two").touch()

    outcome = desk.run(*cells, "print(b)", within=True)
    assert (outcome.status, outcome.restored) == ("finished", 4)
    assert desk.text(5) == "4\n"


def test_a_cell_that_was_changed_runs_again_with_all_before_it(desk):
    """The snapshot was of another beginning; the reason is told."""
    desk.run("x = 1", "y = 2", "1 / 0", within=True)

    outcome = desk.run("x = 3", "y = 2", "print(x)", within=True)

    assert outcome.restored == 0
    assert desk.about("notebook.replayed")["why"] == "cell 1 was another one"
    assert desk.text(2) == "3\n"


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("import sqlite3\nbase = sqlite3.connect(':memory:')", "the variable base (Connection)"),
        ("lines = open('book.ipynb')", "the variable lines (TextIOWrapper)"),
        ("def outer():\n    def inner(): pass\n    return inner\nf = outer()", "f is not defined at the top of a cell"),
        ("n = 2\ndef f(m=n): pass", "the definition of f needs the variable n"),
        ("def count(): pass\ncount.calls = 0", "the function count has a state of its own"),
    ],
)
def test_variables_that_cannot_be_kept_are_named(desk, cell, why):
    """Then all cells run again: nothing is guessed."""
    desk.run("x = 1", cell, "y = 1", "1 / 0", within=True)
    assert why in desk.about("notebook.unkept")["why"]

    assert desk.run("x = 1", cell, "y = 1", "print(x)", within=True).restored == 1


def test_other_parameters_are_another_beginning(desk):
    """Injected parameters are a cell like the others."""
    desk.run("x = n", "1 / 0", parameters={"n": 1}, within=True)

    assert desk.run("x = n", "1 / 0", parameters={"n": 2}, within=True).restored == 0


def test_cells_that_use_earlier_output_need_the_earlier_cells(desk):
    """IPython's _ and Out are not kept."""
    desk.run("1", "2", "1 / 0", within=True)

    outcome = desk.run("1", "2", "print(_)", within=True)

    assert outcome.restored == 0
    assert "uses what earlier cells showed" in desk.about("notebook.replayed")["why"]
    assert desk.text(2) == "2\n"
