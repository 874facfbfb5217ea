"""Values: what was written is what is read, exactly, or it is refused."""

from __future__ import annotations

import dataclasses
import enum
import math
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from victor_nb.journal import Unstorable
from victor_nb.journal.codec import Reader, Writer


class Colour(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: float


@dataclasses.dataclass
class Record:
    name: str
    inner: object = None


class Model(BaseModel):
    name: str
    parts: list[tuple[int, str]] = []


class Struct(msgspec.Struct):
    name: str


def copied(value):
    """The value after it was written and read again."""
    writer = Writer()
    encoded = writer.body({"result": value})
    return Reader(writer.blobs.__getitem__).value(encoded)["result"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


def same(one, other):
    """Equal in value and type, with NaN equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@given(json_values)
def test_nested_values_come_back_exactly(value):
    """Types, order, NaN, infinities, huge integers, tuples and keys that look like our tags survive."""
    assert same(copied(value), value)


@given(st.dictionaries(st.text(), st.integers()))
def test_equal_inputs_are_written_equally(value):
    """The order in which a dict was filled does not change its canonical form."""
    backwards = dict(reversed(value.items()))

    assert Writer().canonical(value) == Writer().canonical(backwards)


@pytest.mark.parametrize(
    "value",
    [
        b"\x00\xff",
        bytearray(b"abc"),
        {1, 2},
        frozenset({"a"}),
        {1: "a", (1, 2): "b"},
        {"$tuple": [1]},
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 1, 2, tzinfo=UTC).time(),
        date(2026, 1, 2),
        timedelta(days=-1, microseconds=3),
        Decimal("1.10"),
        Fraction(1, 3),
        UUID(int=5),
        Path("a") / "b",
        complex(1, math.inf),
        2**70,
        Colour.RED,
        Point(1, 2.5),
        Record("a", Record("b", (1, 2))),
        Model(name="m", parts=[(1, "a")]),
        Struct("s"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_python_values_come_back_as_what_they_are(value):
    """Every kind that we promise to store is read back with its own type."""
    result = copied(value)

    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"n": [1, 2, None], "t": ["a", None, "ü"], "d": pd.date_range("2026", periods=3, tz="UTC")}),
        pd.DataFrame({"c": pd.Categorical(["x", "y", "x"]), "b": [True, False, True]}, index=["r", "s", "t"]),
        pd.DataFrame({"v": range(4)}, index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["k", "n"])),
        pd.DataFrame(),
    ],
    ids=["types", "categories", "multi-index", "empty"],
)
def test_tables_come_back_equal(frame):
    """Types, index and missing values of a DataFrame survive."""
    pd.testing.assert_frame_equal(copied(frame), frame)


def test_series_indexes_and_arrays_come_back_equal():
    """So do the smaller relatives of a table."""
    series = pd.Series([1.5, None], name="s", index=["a", "b"])
    pd.testing.assert_series_equal(copied(series), series)
    pd.testing.assert_index_equal(copied(pd.Index([3, 1], name="i")), pd.Index([3, 1], name="i"))
    for array in (np.arange(6).reshape(2, 3)[:, ::2], np.array(5.0), np.array(["a", "ü"]), np.zeros(2, "i4,f8")):
        result = copied(array)
        assert result.dtype == array.dtype
        np.testing.assert_array_equal(result, array)
    assert same(copied({"f": np.float32(1.5)})["f"].item(), 1.5)
    assert type(copied(np.int8(3))) is np.int8


def test_an_equal_table_is_one_blob():
    """Blobs are named by content, so the same table is stored once."""
    writer = Writer()
    writer.body({"a": pd.DataFrame({"x": [1, 2]}), "b": pd.DataFrame({"x": [1, 2]})})

    assert len(writer.blobs) == 1


def test_a_long_field_becomes_a_blob_and_comes_back():
    """A hundred kilobytes do not make every listing of the run slow."""
    writer = Writer()
    encoded = writer.body({"result": "x" * 100_000, "name": "short"})

    assert len(encoded) < 200
    assert Reader(writer.blobs.__getitem__).value(encoded) == {"result": "x" * 100_000, "name": "short"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (lambda: 0, "result"),
        ({"a": [1, {"b": object()}]}, r"result\['a'\]\[1\]\['b'\]"),
        (Record("r", inner=open), r"result.inner"),
        ((1, (2, print)), r"result\[1\]\[1\]"),
    ],
)
def test_what_cannot_be_stored_is_named_by_its_path(value, path):
    """The error leads to the part that is wrong and says what would do."""
    with pytest.raises(Unstorable, match=rf"at {path}\)[\s\S]*return JSON-able values"):
        copied(value)


def test_a_value_that_contains_itself_is_refused():
    """There is no end to it, and the error says so."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(Unstorable, match="refers to itself"):
        copied(endless)


def test_columns_of_mixed_objects_are_refused_with_advice():
    """Arrow has no type for them, and we do not pickle."""
    with pytest.raises(Unstorable, match=r"astype\(str\)"):
        copied(pd.DataFrame({"mixed": [1, "a", object()]}))
    with pytest.raises(Unstorable, match="dtype object"):
        copied(np.array([object()]))


def test_a_class_that_is_not_loaded_is_never_imported():
    """Reading a journal runs nobody's code: the error says which cell or module to load."""
    with pytest.raises(Unstorable, match="'Gone' of module 'no_such_module'"):
        Reader({}.__getitem__).value(b'{"$object":"no_such_module:Gone","fields":{}}')
    with pytest.raises(Unstorable, match="not loaded"):
        Reader({}.__getitem__).value(b'{"$object":"os:system","fields":{}}')


def test_a_class_of_this_package_is_imported(monkeypatch):
    """Another process reads a run's values without knowing which of our modules they come from."""
    monkeypatch.delitem(sys.modules, "victor_nb.pipelines.gluing", raising=False)

    picture = Reader({}.__getitem__).value(
        b'{"$object":"victor_nb.pipelines.gluing:Picture","fields":{"png":"","text":"a curve"}}'
    )

    assert (type(picture).__name__, picture.text) == ("Picture", "a curve")
