"""`victor_nb.glue` hands values of real types on from a notebook; outside of a pipeline it only shows them."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.executing.conftest import Desk
from victor_nb.pipelines.gluing import MIME, Picture, WrongGlue, glue, glued_in, values_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which values are handed on, as a pipeline's kernel has one."""
    monkeypatch.setenv("VICTOR_GLUE", str(tmp_path / "glue"))
    return tmp_path / "glue"


@pytest.mark.parametrize(
    "value",
    [
        1,
        0.5,
        "text",
        None,
        [1, {"a": (2, 3)}],
        datetime.date(2026, 1, 2),
        decimal.Decimal("1.10"),
        Path("a/b"),
        {"x": 10**30},
        b"\x00" * 200_000,
        "x" * 200_000,
        Picture(b"png", "words"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_keeps_its_type(folder, value, capsys):
    """What arrives equals what was given."""
    glue("it", value)

    (got,) = glued_in(folder).values.values()
    assert got == value
    assert type(got) is type(value)


def test_tables_and_arrays_arrive_as_such(folder):
    """As Arrow and npy, not as text."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"when": pd.to_datetime(["2026-01-01", None]), "n": [1, 2]})
    glue("frame", frame, show=False)
    glue("array", np.arange(6.0).reshape(2, 3), show=False)

    got = glued_in(folder).values
    pd.testing.assert_frame_equal(got["frame"], frame)
    assert np.array_equal(got["array"], np.arange(6.0).reshape(2, 3))


def test_a_figure_arrives_as_a_picture(folder):
    """Axes stand for their figure."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    glue("figure", figure, show=False)
    glue("axes", axes, show=False)

    assert all(value.png.startswith(b"\x89PNG") for value in glued_in(folder).values.values())


def test_the_later_value_counts(folder):
    """A name is one value."""
    glue("n", 1, show=False)
    glue("n", 2, show=False)

    assert glued_in(folder).values == {"n": 2}


@pytest.mark.parametrize("name", ["", "two words", "1st", "a.b", 3])
def test_a_name_is_a_word(folder, name):
    """Later nodes name it in a template."""
    with pytest.raises(WrongGlue, match="no name"):
        glue(name, 1)


def test_what_would_lose_something_is_refused(folder):
    """The error says where and what to do; nothing was handed on."""
    with pytest.raises(WrongGlue, match=r"glue\('f', …\)"):
        glue("f", open)

    assert glued_in(folder).values == {}


def test_outside_of_a_pipeline_it_shows_the_value(monkeypatch, capsys, tmp_path):
    """Nothing is written anywhere."""
    monkeypatch.delenv("VICTOR_GLUE", raising=False)
    monkeypatch.chdir(tmp_path)
    glue("n", 3)

    assert capsys.readouterr().out == "n = 3\n"
    assert list(tmp_path.iterdir()) == []


def test_it_is_light():
    """A cell that hands on a number does not import pandas for it."""
    code = (
        "import sys; from victor_nb import glue; print({'pandas', 'numpy', 'pydantic', 'papermill'} & set(sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_values_reach_the_outcome_and_the_notebook(tmp_path):
    """The notebook shows them for readers; small ones can be read from it."""
    desk = Desk(tmp_path)
    outcome = desk.run(
        "from victor_nb import glue\nimport pandas as pd, datetime",
        "glue('auc', 0.5)\nglue('day', datetime.date(2026, 1, 2))\nglue('frame', pd.DataFrame({'a': [1]}))",
    )

    assert outcome.values["auc"] == 0.5
    assert outcome.values["day"] == datetime.date(2026, 1, 2)
    assert outcome.values["frame"]["a"].tolist() == [1]
    assert values_of(desk.output) == {"auc": 0.5, "day": datetime.date(2026, 1, 2)}
    shown = desk.saved().cells[1].outputs[0].data
    assert shown["text/plain"] == "0.5"
    assert shown[MIME]["name"] == "auc"
    assert [file.name for file in desk.output.parent.iterdir()] == ["done.ipynb"]


def test_a_value_survives_a_kernel_that_dies_in_the_same_cell(tmp_path):
    """It is in a file before it is shown."""
    outcome = Desk(tmp_path).run("from victor_nb import glue\nimport os\nglue('n', 7)\nos.kill(os.getpid(), 9)")

    assert outcome.status == "killed"
    assert outcome.values == {"n": 7}


def test_a_class_of_the_notebook_cannot_be_handed_on(tmp_path):
    """Nobody else could find it; the cell fails and says so."""
    outcome = Desk(tmp_path).run(
        "from dataclasses import dataclass\nfrom victor_nb import glue",
        "@dataclass\nclass Score:\n    n: int\nglue('score', Score(1))",
    )

    assert outcome.status == "failed"
    assert "module" in outcome.error.what


def test_a_class_of_the_projects_module_is_found_in_its_folder(tmp_path):
    """The process that executes the notebook imports it from there; another one may, before it reads the value."""
    (tmp_path / "scores_of_a_project.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Score:\n    n: int\n"
    )
    outcome = Desk(tmp_path).run(
        "from victor_nb import glue\nfrom scores_of_a_project import Score", "glue('score', Score(3))"
    )

    assert outcome.values["score"].n == 3
    assert outcome.modules == ("scores_of_a_project",)
    code = f"""
import pathlib, sys
from victor_nb.pipelines.gluing import import_modules
import_modules({outcome.modules!r}, pathlib.Path({str(tmp_path)!r}))
print('scores_of_a_project' in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"
    assert str(tmp_path) not in sys.path
