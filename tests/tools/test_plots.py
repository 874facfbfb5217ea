"""Plots: the right kind, readable by everyone, the same every time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from tests.tools.calling import call
from victor_nb.tools import ToolArgumentError, kernel_variables
from victor_nb.tools.builtin import plots

N = 60
FRAME = pd.DataFrame(
    {
        "height": np.linspace(150, 200, N),
        "weight": np.linspace(50, 90, N) ** 1.1,
        "kind": ["a", "b", "c"] * (N // 3),
        "flag": [True, False] * (N // 2),
        "id": [f"id{i:02}" for i in range(N)],
        "day": pd.date_range("2024-01-01", periods=N),
        "zoned": pd.date_range("2024-01-01", periods=N, tz="Europe/Zurich"),
        "nullable": pd.array([None, *range(N - 1)], dtype="Int64"),
        "lists": [[1]] * N,
        "level": pd.Categorical(["low", "high"] * (N // 2)),
        "$price$ <b>": range(N),
        "empty": [np.nan] * N,
    }
)


def plot(**arguments):
    return call(kernel_variables({"df": FRAME}), "plot_columns", variable="df", **arguments)


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        ("height", None, "Histogram"),
        ("nullable", None, "Histogram"),
        ("day", None, "Histogram"),
        ("kind", None, "Bar chart"),
        ("flag", None, "Bar chart"),
        ("lists", None, "Bar chart"),
        ("height", "weight", "Scatter plot"),
        ("day", "weight", "Line chart"),
        ("zoned", "weight", "Line chart"),
        ("height", "day", "Scatter plot"),
        ("day", "zoned", "Scatter plot"),
        ("kind", "day", "Scatter plot"),
        ("day", "level", "Scatter plot"),
        ("kind", "weight", "Box plot"),
        ("weight", "kind", "Box plot"),
        ("id", "weight", "Bar chart"),
        ("weight", "id", "Bar chart"),
        ("kind", "level", "Bar chart"),
        ("$price$ <b>", "$price$ <b>", "Scatter plot"),
    ],
)
def test_the_kind_follows_the_types(x, y, kind):
    """Numbers, moments and groups each get the plot that fits, as SVG and PNG."""
    artifact = plot(x=x, y=y)
    assert artifact.text.startswith(f"{kind}. ")
    assert artifact.media_type == "image/svg+xml"
    assert artifact.alternatives["image/png"].startswith(b"\x89PNG")
    assert ET.fromstring(artifact.data).tag.endswith("svg")


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [("height", None, "box"), ("height", "weight", "line"), ("day", "weight", "scatter"), ("kind", "weight", "bar")],
)
def test_another_fitting_kind_can_be_asked_for(x, y, kind):
    """The types leave a choice."""
    assert plot(x=x, y=y, kind=kind).text.lower().startswith(kind)


@pytest.mark.parametrize(
    ("x", "y", "kind"), [("kind", None, "histogram"), ("height", "weight", "box"), ("day", None, "bar")]
)
def test_a_kind_that_does_not_fit_is_refused_with_those_that_do(x, y, kind):
    """The error says what to ask for instead."""
    with pytest.raises(ToolArgumentError, match=f"(?s)a {kind} plot does not fit.*kinds that fit"):
        plot(x=x, y=y, kind=kind)


def test_a_screen_reader_finds_title_and_description():
    """The SVG is an image with a name, and a sentence that says what is drawn of how much."""
    root = ET.fromstring(plot(x="kind", y="weight").data)
    title, description = root[0], root[1]
    assert root.get("role") == "img"
    assert root.get("aria-label") == title.text == "weight by kind"
    assert description.text == "Box plot. weight by kind: 60 rows of df."


def test_odd_names_are_text():
    """A column name is no formula and no markup."""
    artifact = plot(x="$price$ <b>")
    assert ET.fromstring(artifact.data)[0].text == "Distribution of $price$ <b>"


def test_the_same_columns_give_the_same_bytes():
    """A replay can be compared byte by byte."""
    first, second = plot(x="kind", y="weight"), plot(x="kind", y="weight")
    assert first.data == second.data
    assert first.alternatives == second.alternatives


def test_what_is_not_drawn_is_said():
    """Missing values, and groups beyond the limit."""
    assert "1 with a missing value left out" in plot(x="nullable", y="height").text
    frame = pd.DataFrame({"g": [f"g{i % 50}" for i in range(500)], "v": range(500)})
    artifact = call(kernel_variables({"df": frame}), "plot_columns", variable="df", x="g", y="v")
    assert b"the 20 most frequent of 50" in artifact.data


def test_nothing_to_plot_is_an_error():
    """A column of missing values has no plot."""
    with pytest.raises(ToolArgumentError, match="nothing to plot"):
        plot(x="empty")


def test_the_users_settings_are_left_alone():
    """Neither a setting nor the backend is changed."""
    before = dict(mpl.rcParams.copy())
    plot(x="kind", y="weight")
    assert dict(mpl.rcParams.copy()) == before


def test_many_marks_are_thinned():
    """A hundred thousand points are five thousand marks."""
    frame = pd.DataFrame({"x": np.arange(100_000), "y": np.arange(100_000)})
    artifact = plots.plot("df", frame["x"], frame["y"], "scatter")
    assert "5,000 evenly chosen rows drawn" in artifact.text


def test_a_plot_survives_the_journal(sqlite_journal):
    """A replay shows the same picture."""
    artifact = plot(x="kind")
    with sqlite_journal.start(kind="agent", name="test", request={}) as run:
        run.step_sync("plot", lambda: artifact)
        run.finish()
    with sqlite_journal.replay(run.id, mode="strict") as again:
        assert again.step_sync("plot", lambda: None) == artifact
        again.finish()
