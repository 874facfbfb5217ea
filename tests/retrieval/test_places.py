"""Notebooks, packages and tables as documents."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

from victor_nb import Index
from victor_nb.retrieval import BadDocument, NothingThere
from victor_nb.retrieval.sources.packages import pieces_of_module

pytestmark = pytest.mark.usefixtures("each_core")


def notebook(*cells, **metadata) -> str:
    listed = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": listed})


def test_a_notebook_is_found_by_cell(tmp_path):
    """A citation names the cell and the lines in it; code is code and prose is text."""
    (tmp_path / "work.ipynb").write_text(
        notebook(
            ("markdown", "# Giraffes\n\nWe count them."),
            ("code", ["import pandas as pd\n", "def count_giraffes(frame):\n", "    return len(frame)\n"]),
            ("code", "%%sql\nSELECT herd FROM zebras"),
            ("raw", ""),
        )
    )
    index = Index()
    index.add_notebooks(tmp_path)

    assert index.search("count_giraffes")[0].source == f"{tmp_path}/work.ipynb#2:1-3"
    assert index.search("herd of zebras")[0].cell == 3
    assert index.search("giraffes", filter={"kind": "text"})[0].cell == 1
    assert index.read(f"{tmp_path}/work.ipynb#2:1-3").text.startswith("import pandas")


def test_other_notebooks_are_read_too(tmp_path):
    """Format 3, another language, an empty one; what is no notebook is told."""
    cell = {"cell_type": "code", "input": ["giraffe = 1"]}
    (tmp_path / "old.ipynb").write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": [cell]}]}))
    (tmp_path / "r.ipynb").write_text(notebook(("code", "zebra <- 1"), kernelspec={"language": "R"}))
    (tmp_path / "empty.ipynb").write_text(notebook())
    (tmp_path / "broken.ipynb").write_text('{"cells": [1]}')
    (tmp_path / "cut.ipynb").write_text(notebook(("code", "x"))[:-5])
    (tmp_path / "list.ipynb").write_text("[]")
    index = Index()
    changes = index.add_notebooks(tmp_path)

    assert len(changes.added) == 3
    assert {why for _, why in changes.skipped} == {"it is no notebook"}
    assert len(changes.skipped) == 3
    assert index.search("giraffe")[0].path.endswith("old.ipynb")
    assert index.search("zebra")[0].metadata == {"language": "r"}


def test_an_installed_package_is_read_and_not_imported():
    """Signatures, docstrings and examples; by the name that is imported or installed, or by a part."""
    before = set(sys.modules)
    index = Index()
    index.add_package("papermill.execute")
    index.add_package("annotated-types")

    hit = index.search("execute a single notebook with parameters", k=1)[0]
    assert hit.path == "papermill/execute.py"
    assert hit.text.startswith("def papermill.execute.execute_notebook(input_path, output_path, parameters=None")
    assert "Executes a single notebook locally." in hit.text
    assert "execute_notebook" in hit.names
    assert hit.metadata["package"] == "papermill.execute"
    assert hit.metadata["version"]
    assert index.search("interval of comparable values", k=1)[0].path == "annotated_types/__init__.py"
    assert not {name for name in set(sys.modules) - before if name.startswith(("papermill", "annotated_types"))}


def test_a_package_that_is_not_installed_is_told():
    """With the nearest name; a part that is not there is named too."""
    index = Index()
    with pytest.raises(NothingThere, match="Did you mean 'papermill'"):
        index.add_package("papermil")
    with pytest.raises(NothingThere, match="no part 'nothing'"):
        index.add_package("papermill.nothing")
    for name in ["", "..", "a b", "/etc"]:
        with pytest.raises(NothingThere):
            index.add_package(name)
    assert index.follows() == []


def test_what_a_module_defines():
    """Public classes, methods, functions, stubs and NumPy's added docstrings; overloads and private names are not."""
    pieces = pieces_of_module(
        '"""What it is for."""\n'
        "from typing import overload\n"
        "if True:\n    def inside(a: int = 1, *, b=None) -> str:\n        '''Says.'''\n"
        "class Animal(Base, metaclass=Meta):\n    '''An animal.'''\n    def feed(self): ...\n    def _hide(self): ...\n"
        "@overload\ndef twice(a: int): ...\n"
        "async def wait(): 'Wait.'\n"
        "add_newdoc('numpy', 'arange', '''\n    arange(stop)\n    ''')\n"
        "add_newdoc('numpy', 'ndarray', ('shape', 'The shape.'))\n"
        "add_newdoc(name)\n",
        "zoo/animals.py",
    )

    assert [piece.text for piece in pieces] == [
        "zoo.animals\n\nWhat it is for.",
        "def zoo.animals.inside(a: int=1, *, b=None) -> str\n\nSays.",
        "class zoo.animals.Animal(Base, Meta)\n\nAn animal.",
        "def zoo.animals.Animal.feed(self)",
        "async def zoo.animals.wait()\n\nWait.",
        "numpy.arange\n\narange(stop)",
        "numpy.ndarray.shape\n\nThe shape.",
    ]
    assert pieces[3].names == ("Animal.feed",)
    assert (pieces[2].first, pieces[2].last) == (6, 7)


@pytest.mark.parametrize("broken", ["def (", "\0", "(" * 10_000])
def test_a_module_that_is_no_python_is_told(broken):
    """One file of a package that this Python cannot read is passed over."""
    with pytest.raises(SyntaxError):
        pieces_of_module(broken, "a.py")


FRAME = pd.DataFrame(
    {
        "review": ["the battery died", "great camera", None, "camera and battery are fine"],
        "product": ["phone", "camera", "lamp", "phone"],
        "stars": [1, 5, 3, 4],
        "when": pd.to_datetime(["2024-01-01", "2024-02-01", None, "2024-03-01"]),
        "price": [1.5, float("nan"), float("inf"), 2.0],
    }
)


def test_rows_of_a_table_are_found_and_filtered():
    """The other columns are metadata, values that are missing are none."""
    index = Index()
    index.add_frame(FRAME, "review", name="reviews")

    assert {hit.id for hit in index.search("battery", mode="lexical")} == {"reviews/0", "reviews/3"}
    assert [hit.id for hit in index.search("battery", filter={"stars": {"gte": 3}}, k=1)] == ["reviews/3"]
    assert index.search("battery", filter={"product": "phone", "when": {"lt": "2024-02"}})[0].metadata == {
        "product": "phone",
        "stars": 1,
        "when": "2024-01-01T00:00:00",
        "price": 1.5,
    }
    assert index.search("camera", filter={"stars": 5})[0].metadata["price"] is None


def test_columns_can_be_chosen():
    """Several columns of text, a title, ids of one's own, metadata by name."""
    index = Index()
    frame = FRAME.assign(key=["a", "b", "c", "d"])
    index.add_frame(frame, ["review", "product"], id="key", title="product", metadata=["stars"])

    hit = index.search("great camera")[0]
    assert (hit.id, hit.title, hit.metadata) == ("b", "camera", {"stars": 5})
    assert hit.text == "great camera\ncamera"


def test_rows_that_changed_are_embedded_alone():
    """A table that is added again costs only what is new in it."""
    index = Index()
    index.add_frame(FRAME, "review")
    changed = FRAME.copy()
    changed.loc[0, "review"] = "the battery lives"

    assert index.add_frame(changed, "review").changed == ("0",)


def test_mistakes_about_columns_are_told():
    """The column that is not there, an id that comes twice, no text at all."""
    index = Index()
    with pytest.raises(NothingThere, match="Did you mean 'review'"):
        index.add_frame(FRAME, "revew")
    with pytest.raises(NothingThere, match="'colour'"):
        index.add_frame(FRAME, "review", metadata=["colour"])
    with pytest.raises(BadDocument, match="'phone' is that of document 1 too"):
        index.add_frame(FRAME, "review", id="product")
    with pytest.raises(BadDocument):
        index.add_frame(FRAME, [])
    assert len(index) == 0
    index.add_frame(FRAME.iloc[:0], "review")
