"""What notebooks of a pipeline read decides whether they run again; nobody declares it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from tests.pipelines.conftest import Place
from tests.pipelines.made import code, markdown
from victor_nb.pipelines import Node, notebook
from victor_nb.pipelines.kernels import close_zygotes

PREPARE = "rows = [float(line) for line in open('wine.csv').read().split()]\nopen('clean.txt', 'w').write(str(rows))"
TRAIN = (
    "import features\nscore = features.scaled(open('clean.txt').read()) * alpha\nopen('model.txt', 'w').write('good')"
)


@pytest.fixture(scope="module", autouse=True)
def _no_zygotes_left() -> object:
    yield
    close_zygotes()


class Example:
    """Two notebooks, a data file, and a module that imports another one."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.alpha = 0.1
        self.write("wine.csv", "1\n2\n")
        self.write("features.py", "import util\n\n\ndef scaled(text):\n    return len(text) * util.FACTOR\n")
        self.write("util.py", "FACTOR = 2\n")
        self.train(code("alpha = 1", "parameters"), TRAIN)
        place.notebook("prepare.ipynb", PREPARE)

    def write(self, name: str, text: str) -> None:
        (self.place.path / name).write_text(text)

    def train(self, *cells: dict[str, object] | str) -> None:
        self.place.notebook("train.ipynb", *cells)

    def nodes(self) -> list[Node]:
        return [
            notebook("prepare.ipynb", outputs=["clean.txt"]),
            notebook("train.ipynb", inputs=["clean.txt"], outputs=["model.txt"], parameters={"alpha": self.alpha}),
        ]

    def why(self) -> dict[str, str]:
        """Why each notebook would run, told before; what ran is the same, and then nothing would."""
        told = self.place.pipeline(*self.nodes()).why()
        ran = {one.id for one in self.place.run(*self.nodes()).nodes if one.status == "finished"}
        assert ran >= {name for name, why in told.items() if why and not why.startswith("it needs")}
        assert ran <= {name for name, why in told.items() if why}
        assert not any(self.place.pipeline(*self.nodes()).why().values())
        return {name: why for name, why in told.items() if why}


@pytest.fixture
def example(place: Place) -> Example:
    made = Example(place)
    made.why()
    return made


CASES: dict[str, tuple[Callable[[Example], object], dict[str, str]]] = {
    "nothing": (lambda e: None, {}),
    "markdown": (lambda e: e.train(markdown("# Train"), code("alpha = 1", "parameters"), TRAIN), {}),
    "comment": (lambda e: e.train(code("alpha = 1  # share", "parameters"), "# now\n" + TRAIN), {}),
    "tags": (lambda e: e.train(code("alpha = 1", "parameters", "hide-input"), code(TRAIN, "slow")), {}),
    "code": (
        lambda e: e.train(code("alpha = 1", "parameters"), TRAIN + "\nscore"),
        {"train": "the code of train.ipynb changed"},
    ),
    "parameter": (lambda e: setattr(e, "alpha", 0.2), {"train": "parameter alpha: 0.1 -> 0.2"}),
    "module": (
        lambda e: e.write("features.py", "def scaled(text):\n    return 0\n"),
        {"train": "module features.py, imported by train.ipynb, changed"},
    ),
    "module of a module": (
        lambda e: e.write("util.py", "FACTOR = 3\n"),
        {"train": "module util.py, imported by features.py, changed"},
    ),
    "comment in a module": (lambda e: e.write("util.py", "# scale\nFACTOR = 2  # twice\n"), {}),
    "data": (
        lambda e: e.write("wine.csv", "1\n2\n3\n"),
        {"prepare": "wine.csv changed (4 bytes -> 6 bytes)", "train": "it needs prepare, which runs first"},
    ),
    "data with the same result": (
        lambda e: e.write("wine.csv", "1 2"),
        {"prepare": "wine.csv changed (4 bytes -> 3 bytes)", "train": "it needs prepare, which runs first"},
    ),
    "damaged product": (lambda e: e.write("model.txt", "damaged"), {}),
    "damaged product that another one reads": (lambda e: e.write("clean.txt", "damaged"), {}),
    "other file": (lambda e: e.write("notes.txt", "nobody reads this"), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_changed_decides_what_runs(example: Example, case: str) -> None:
    """ploomber's nine cases and more: none missed, none false; a damaged product is put back without a run."""
    change, expected = CASES[case]
    change(example)

    assert example.why() == expected
    assert (example.place.path / "model.txt").read_text() == "good"
    assert (example.place.path / "clean.txt").read_text().startswith("[1.0, 2.0")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_file_whose_name_is_no_text_hurts_nothing(place):
    """Linux takes any bytes for a name; such a one is not remembered, and its notebook runs each time."""
    path = place.path / os.fsdecode(b"\xff.txt")
    path.write_text("3")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    place.notebook("read.ipynb", "import os\nopen(os.fsdecode(b'\\xff.txt')).read()")

    assert place.run(notebook("read.ipynb")).nodes[0].status == "finished"
    assert place.run(notebook("read.ipynb")).nodes[0].status == "finished"
