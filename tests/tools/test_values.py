"""`to_model_text`: bounded, whatever the value, and honest about what is left out."""

from __future__ import annotations

import datetime as dt
import enum
import json
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePosixPath

import msgspec
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.tools import Artifact, Tool, to_model_text
from victor_nb.tools.values import cut


class Mood(enum.Enum):
    GOOD = "good"


@dataclass
class Reading:
    at: dt.date
    values: list[float] = field(default_factory=list)


class Row(pydantic.BaseModel):
    name: str
    size: int


class Place(msgspec.Struct):
    name: str
    size: int


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain text", "plain text"),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (float("nan"), '"nan"'),
        ([1, "a", None], '[1, "a", null]'),
        ((1, 2), "[1, 2]"),
        ({"b", "a"}, '["a", "b"]'),
        ({"a": {"b": [1]}}, '{"a": {"b": [1]}}'),
        ({1: "x"}, '{"1": "x"}'),
        (b"abc", '"<3 bytes>"'),
        (Mood.GOOD, '"good"'),
        (Reading(dt.date(2024, 1, 2), [0.5]), '{"at": "2024-01-02", "values": [0.5]}'),
        (Row(name="a", size=1), '{"name": "a", "size": 1}'),
        (Place(name="a", size=1), '{"name": "a", "size": 1}'),
        (Decimal("1.50"), '"1.50"'),
        (PurePosixPath("a/b"), '"a/b"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (np.float64(0.5), "0.5"),
        (np.int32(7), '"7"'),
        (Rude(), '"<Rude, whose repr raises RuntimeError>"'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_written_as_json(value, text):
    """Small values are whole."""
    assert to_model_text(value) == text


def test_a_number_that_python_refuses_to_write_is_described():
    """An integer of thousands of digits is no failure."""
    assert to_model_text(10**5000) == '"an integer of 16,610 bits"'


def test_texts_of_several_lines_stay_readable():
    """A record's long texts and tables stand under their key instead of being escaped."""
    text = to_model_text({"path": "a.txt", "text": "one\ntwo", "rows": pd.DataFrame({"n": [1]})})
    assert text == '{"path": "a.txt"}\ntext:\none\ntwo\nrows:\nDataFrame, 1 rows x 1 columns\n   n\n0  1'


def test_a_frame_shows_its_shape_and_first_rows():
    """A table is its shape, and at most 30 rows and columns."""
    frame = pd.DataFrame(np.arange(5000).reshape(100, 50))
    text = to_model_text(frame)
    assert text.startswith("DataFrame, 100 rows x 50 columns (the first 30 rows and 30 columns follow)")
    assert "1479" in text
    assert "1480" not in text


def test_a_frame_without_columns_or_rows_is_only_its_shape():
    """Empty tables are no special case to the reader."""
    assert to_model_text(pd.DataFrame()) == "DataFrame, 0 rows x 0 columns"
    assert "0 rows x 1 columns" in to_model_text(pd.DataFrame({"a": []}))


def test_a_frame_with_two_columns_of_one_name_is_written():
    """Column labels need not be unique, nor texts."""
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert "a  a" in to_model_text(frame)
    assert "('x', 1)" in to_model_text(frame.set_axis(pd.MultiIndex.from_tuples([("x", 1), ("y", 2)]), axis=1))


def test_series_index_and_array_are_written():
    """Other containers of pandas and NumPy say what they are."""
    assert to_model_text(pd.Series([1, 2], name="n")).startswith("Series 'n', 2 values, int64\n")
    assert to_model_text(pd.Index(["a"])).startswith("Series 'None', 1 values")
    assert to_model_text(np.zeros((2, 2))) == "ndarray, shape (2, 2), float64\n[[0. 0.]\n [0. 0.]]"
    assert "one corner follows" in to_model_text(np.zeros((1000, 1000)))
    assert to_model_text([np.zeros(1)]) == '["ndarray, shape (1,), float64\\n[0.]"]'


def test_an_artifact_is_its_text():
    """A model sees of a picture what a person would read aloud."""
    plot = Artifact("plot", "image/png", b"\x89PNG", text="A rising line.")
    assert to_model_text(plot) == "[plot: image/png, 4 bytes; shown to the user]\nA rising line."
    assert to_model_text([plot]) == '["[plot: image/png, 4 bytes; shown to the user]\\nA rising line."]'
    assert (
        to_model_text(Artifact("t", "application/json", {"a": 1}))
        == '[t: application/json; shown to the user]\n{"a": 1}'
    )


def test_an_artifact_gives_every_form_it_has():
    """The bundle is what a notebook displays, best form first."""
    plot = Artifact("plot", "image/svg+xml", b"<svg/>", alternatives={"image/png": b"x"})
    assert list(plot.bundle()) == ["image/svg+xml", "image/png", "text/plain"]
    assert plot.bundle()["text/plain"] == "plot"


HUGE = 100_000_000


class Generous(pydantic.BaseModel):
    text: str
    numbers: list[int]


HUGE_VALUES = {
    "text": lambda: "x" * HUGE,
    "text in a list": lambda: ["x" * HUGE],
    "text in a record": lambda: {"a": "x" * HUGE, "b": 1},
    "lines in a record": lambda: {"a": "x\n" * (HUGE // 2)},
    "list": lambda: list(range(3_000_000)),
    "dict": lambda: {str(i): i for i in range(1_000_000)},
    "odd keys": lambda: {(i,): i for i in range(100_000)},
    "set": lambda: set(range(1_000_000)),
    "bytes": lambda: b"x" * HUGE,
    "array": lambda: np.zeros((3000, 4000)),
    "deep array": lambda: np.zeros((10,) * 7),
    "frame": lambda: pd.DataFrame(np.zeros((200_000, 60))),
    "frame of texts": lambda: pd.DataFrame({"a": ["x" * 1_000_000] * 100}),
    "model": lambda: Generous(text="x" * HUGE, numbers=[1] * 1_000_000),
    "nested lists": lambda: [[[["x" * 1000] * 100] * 100] * 100],
    "deep records": lambda: [{"deep": {"deep": {"deep": {"deep": {"deep": {"deep": {"deep": {"deep": 1}}}}}}}}] * 10,
}


@pytest.mark.parametrize("kind", HUGE_VALUES)
def test_a_huge_value_is_cut_to_the_limit(kind):
    """100 MB of anything is a few thousand characters to a model."""
    value = HUGE_VALUES[kind]()
    assert 0 < len(to_model_text(value)) <= Tool.RESULT_LIMIT_CHARS
    assert len(to_model_text(value, 300)) <= 300


def test_what_is_left_out_is_said():
    """A cut text says how long it was; a cut list how many items follow."""
    assert "left out" in to_model_text("x" * 9000)
    assert "more" in to_model_text(list(range(100_000)), 2000)
    assert "more" in to_model_text({str(i): i for i in range(100_000)}, 2000)


@given(st.text(max_size=300), st.integers(0, 200))
def test_cutting_never_exceeds_and_keeps_what_fits(text, limit):
    """A text within the limit is untouched; any other is within it."""
    short = cut(text, limit)
    assert len(short) <= limit or text == short
    assert len(short) <= max(limit, len(text))
    if len(text) <= limit:
        assert short == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@given(json_values, st.integers(80, 400))
def test_any_json_value_is_written_within_any_limit(value, limit):
    """No value makes it fail or overrun."""
    assert len(to_model_text(value, limit)) <= limit


@given(st.lists(st.integers(0, 9), max_size=50))
def test_a_small_value_is_valid_json(value):
    """What fits is whole and parses back."""
    assert json.loads(to_model_text(value)) == value


def test_the_text_is_the_same_in_every_process():
    """Neither hash order nor memory addresses reach a model, or a replay would not match."""
    code = "from victor_nb.tools import to_model_text as t; print(t([{'b','a','c','d'}, object()]))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": str(seed)}
        ).stdout
        for seed in (1, 2, 3)
    }
    assert texts == {'[["\'a\'", "\'b\'", "\'c\'", "\'d\'"], "<object object>"]\n'} or len(texts) == 1


def test_a_table_whose_cells_misbehave_is_still_answered():
    """An object whose own text fails does not fail the tool."""
    assert "Rude" in to_model_text([Rude()])
    assert len(to_model_text(pd.DataFrame({"a": [Rude()]}))) > 0
