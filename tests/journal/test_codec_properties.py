"""Properties of values: whatever is made of the kinds that we promise comes back exactly, or is refused."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel

from victor_nb.journal import Unstorable
from victor_nb.journal.codec import Reader, Writer

quick = settings(max_examples=60)


class Mood(enum.Enum):
    GOOD = "good"
    PAIR = (1, 2)


class Bits(enum.Flag):
    A = 1
    B = 2


class Place(NamedTuple):
    x: object
    y: object


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    inner: object = None


@dataclasses.dataclass
class Counted:
    """Its constructor changes what it is given, so rebuilding must not call it."""

    value: int
    seed: dataclasses.InitVar[int] = 1
    total: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, seed):
        self.value += seed


class Aliased(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = Field(alias="the-name", default="x")
    when: datetime | None = None
    _secret_sauce: int = PrivateAttr(default=3)


class Numbers(RootModel[list[int]]):
    pass


class Compact(msgspec.Struct, frozen=True):
    name: str
    inner: object = None


def copied(value):
    """The value after it was written and read again."""
    writer = Writer()
    encoded = writer.body({"result": value})
    return Reader(writer.blobs.__getitem__).value(encoded)["result"]


def same(one, other):
    """Equal in value and type all the way down, with NaN equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (one == other and math.copysign(1, one) == math.copysign(1, other)) or (one != one and other != other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, Frozen | Compact):
        return one.name == other.name and same(one.inner, other.inner)
    if isinstance(one, datetime):
        return (one, one.tzinfo, one.fold) == (other, other.tzinfo, other.fold)
    if isinstance(one, Decimal):
        return str(one) == str(other)
    return one == other


zones = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=30)), ZoneInfo("Europe/Zurich")])
any_text = st.text() | st.text(st.characters())  # the second with halves of surrogate pairs
hashables = st.one_of(
    st.none() | st.booleans() | any_text | st.binary() | st.integers() | st.uuids() | st.dates(),
    st.integers(min_value=10**30, max_value=10**40),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.timedeltas(),
    st.datetimes(timezones=zones, allow_imaginary=False),
    st.times(timezones=st.sampled_from([None, UTC, ZoneInfo("Asia/Tokyo")])),
    st.sampled_from([*Mood, *Bits, Bits.A | Bits.B, Path("a/b"), Path("ü/\udcff"), range(1, 9, 2)]),
)
leaves = hashables | st.floats() | st.complex_numbers() | st.binary().map(bytearray)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(lambda items: deque(items, 9)),
        st.dictionaries(hashables, inner, max_size=4),
        st.dictionaries(any_text | st.sampled_from(["$tuple", "$", "$json"]), inner, max_size=4),
        st.dictionaries(any_text, inner, max_size=4).map(OrderedDict),
        st.dictionaries(any_text, inner, max_size=4).map(lambda items: defaultdict(list, items)),
        st.dictionaries(hashables, st.integers(), max_size=4).map(Counter),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
        st.builds(Place, inner, inner),
        st.builds(Frozen, st.text(), inner),
        st.builds(Compact, st.text(), inner),
    ),
    max_leaves=12,
)


@quick
@given(values)
def test_any_nesting_of_any_kinds_comes_back_exactly(value):
    """Value, type, order, sign of zero, time zone and fold survive, however deep."""
    assert same(copied(value), value)


@quick
@given(st.dictionaries(hashables, hashables, max_size=6))
def test_equal_dicts_are_written_equally_whatever_their_keys(value):
    """The canonical form does not depend on the order in which a dict was filled."""
    assert Writer().canonical(value) == Writer().canonical(dict(reversed(value.items())))


@quick
@given(values)
def test_writing_what_was_read_gives_the_same_bytes(value):
    """The canonical form of a copy is that of the original, or a replay would miss."""
    assert Writer().canonical(copied(value)) == Writer().canonical(value)


def test_records_are_rebuilt_without_their_constructors():
    """Defaults, fields that no constructor takes, private attributes and what was set all survive."""
    counted = Counted(1, seed=5)
    counted.total = 77
    model = Aliased(**{"the-name": "q", "more": (1, 2)})
    model._secret_sauce = 8

    assert copied(counted) == counted
    again = copied(model)
    assert (again, again._secret_sauce, again.model_fields_set) == (model, 8, model.model_fields_set)
    assert copied(Numbers([1, 2])) == Numbers([1, 2])


def test_a_class_that_could_not_be_found_again_is_refused_when_it_is_written():
    """Better an error at the step than a journal that nobody can read."""

    @dataclasses.dataclass
    class Hidden:
        x: int

    with pytest.raises(Unstorable, match="could not be found again"):
        copied([Hidden(1)])


def test_a_default_that_is_a_function_is_refused():
    """What would lose its nature is not stored."""
    with pytest.raises(Unstorable, match="its default comes from a function"):
        copied(defaultdict(lambda: 1))


def test_integers_longer_than_python_prints_come_back():
    """Python refuses to write more than 4300 decimals; we write what it refuses in another base."""
    assert copied([2**20_000, -(2**20_000)]) == [2**20_000, -(2**20_000)]


arrays = npst.arrays(
    dtype=st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(endianness="?"),
        npst.floating_dtypes(endianness="?"),
        npst.complex_number_dtypes(),
        npst.unicode_string_dtypes(max_len=5),
        npst.byte_string_dtypes(max_len=5),
        npst.datetime64_dtypes(),
        npst.timedelta64_dtypes(),
        npst.array_dtypes(npst.integer_dtypes() | npst.unicode_string_dtypes(max_len=3), max_size=3),
    ),
    shape=npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def same_array(one, other):
    """Equal in type, shape and bits."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@quick
@given(arrays)
def test_any_array_comes_back_exactly(array):
    """Types, byte order, structure, missing times and NaN bits survive; so do views of an array."""
    assert same_array(copied(array), array)
    if array.ndim:
        assert same_array(copied(array[::2].T), array[::2].T)


@quick
@given(arrays.filter(lambda array: array.size > 0))
def test_any_scalar_of_an_array_comes_back_exactly(array):
    """A single number keeps its width."""
    item = array.flat[0]
    result = copied(item)

    assert type(result) is type(item)
    assert np.asarray(result).dtype == np.asarray(item).dtype
    assert repr(result) == repr(item)


columns = st.one_of(
    npst.arrays(npst.integer_dtypes(endianness="="), 3).map(pd.Series),
    npst.arrays(npst.floating_dtypes(endianness="=", sizes=(32, 64)), 3).map(pd.Series),
    st.lists(st.booleans(), min_size=3, max_size=3).map(pd.Series),
    st.lists(st.text(), min_size=3, max_size=3).map(pd.Series),
    st.lists(st.text() | st.none(), min_size=3, max_size=3).map(lambda cells: pd.Series(cells, dtype=object)),
    st.lists(values, min_size=3, max_size=3).map(lambda cells: pd.Series(dict(enumerate(cells)), dtype=object)),
    st.lists(st.sampled_from("abc"), min_size=3, max_size=3).map(lambda cells: pd.Series(pd.Categorical(cells))),
    st.lists(st.integers(0, 9) | st.none(), min_size=3, max_size=3).map(lambda c: pd.Series(c, dtype="Int64")),
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), min_size=3, max_size=3).map(pd.Series),
    st.just(pd.Series(pd.date_range("2026", periods=3, tz="Europe/Zurich"))),
    st.just(pd.Series(pd.timedelta_range("1h", periods=3))),
    st.just(pd.Series(pd.period_range("2026", periods=3, freq="M"))),
    st.just(pd.Series(pd.cut([1.0, np.nan, 3.0], 2))),
    st.just(pd.Series(pd.Categorical([1, "a", (2, 3)], categories=[(2, 3), "a", 1], ordered=True))),
    st.lists(st.complex_numbers(), min_size=3, max_size=3).map(lambda cells: pd.Series(cells, dtype="complex128")),
    st.sampled_from([0, 1.5]).map(lambda fill: pd.Series(pd.arrays.SparseArray([fill, 1, 2], fill_value=fill))),
)
labels = st.lists(any_text.filter(lambda t: t.isprintable()) | st.integers(-9, 9) | st.none(), max_size=4)
indexes = st.sampled_from(
    [
        pd.RangeIndex(3),
        pd.RangeIndex(9, 3, -2, name="r"),
        pd.Index(["a", "b", "a"], name="t"),
        pd.Index([1.5, None, 2.0]),
        pd.Index(["a", 1, None], dtype=object),
        pd.Index([1, 2, 3], dtype="int16"),
        pd.date_range("2026", periods=3, freq="D", name=("a", 1)),
        pd.DatetimeIndex(["2026-03-29", "2026-03-30", "2026-03-30"], tz="Europe/Zurich"),
        pd.CategoricalIndex(["x", "y", "x"]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", None]),
        pd.CategoricalIndex(pd.cut([1, 2, 3], 2)),
        pd.interval_range(0, 3),
    ]
)


@settings(quick, max_examples=80)
@given(st.lists(columns, max_size=4), labels, indexes)
def test_any_table_comes_back_exactly(data, names, index):
    """Types, labels of any kind, duplicate names, every kind of index and cells of Python objects survive."""
    frame = pd.DataFrame(dict(enumerate(data))) if data else pd.DataFrame(index=range(3))
    frame.index = index
    if len(names) >= len(data):
        frame.columns = pd.Index(names[: len(data)], dtype=object, tupleize_cols=False)
    result = copied(frame)

    pd.testing.assert_index_equal(result.columns, frame.columns)
    assert list(result.dtypes) == list(frame.dtypes)
    of_objects = [place for place, dtype in enumerate(frame.dtypes) if pd.api.types.is_object_dtype(dtype)]
    others = [place for place in range(frame.shape[1]) if place not in of_objects]
    pd.testing.assert_frame_equal(result.iloc[:, others], frame.iloc[:, others], check_freq=True, check_exact=True)
    for place in of_objects:  # pandas takes a NaN inside a list in a cell for another NaN
        assert all(map(same, result.iloc[:, place], frame.iloc[:, place]))


@pytest.mark.parametrize("labels", [pd.cut([1, 2, 3], 3), pd.Categorical(["a", "b", "c"]), pd.interval_range(0, 3)])
def test_column_labels_of_a_type_of_their_own_come_back_exactly(labels):
    """Pivot tables over bins have such labels."""
    frame = pd.DataFrame([[1, 2, 3]])
    frame.columns = pd.Index(labels)

    pd.testing.assert_frame_equal(copied(frame), frame, check_exact=True)


@quick
@given(columns, indexes, hashables)
def test_any_series_and_index_comes_back_exactly(column, index, name):
    """The smaller relatives of a table keep as much."""
    series = column.set_axis(index).rename(name) if not isinstance(name, dict | range) else column.set_axis(index)
    pd.testing.assert_index_equal(copied(index), index, exact=True)
    pd.testing.assert_series_equal(copied(series), series, check_freq=True)


@pytest.mark.parametrize(
    "value",
    [
        pd.Timestamp("2026-01-02 03:04:05.123456789"),
        pd.Timestamp("2026-10-25 02:30", tz="UTC").tz_convert("Europe/Zurich"),
        pd.Timestamp("2026-01-02").as_unit("s"),
        pd.Timedelta(3, "ns"),
        pd.Timedelta(3, "s").as_unit("s"),
        pd.Period("2026-03", freq="M"),
        pd.Interval(1, 2.5, closed="left"),
        pd.NaT,
        pd.NA,
    ],
    ids=repr,
)
def test_single_values_of_pandas_come_back_exactly(value):
    """`df["when"].max()` is as good a result as a number."""
    result = copied([value])[0]

    assert repr(result) == repr(value)
    assert getattr(result, "unit", None) == getattr(value, "unit", None)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"a": [1, object()]}), r"column 'a' holds an object[\s\S]*astype\(str\)"),
        (
            pd.DataFrame({"a": pd.Categorical([object()])}),
            r"column 'a' holds an object[\s\S]*astype\(str\)",
        ),
    ],
    ids=["objects", "categories of objects"],
)
def test_a_table_that_would_change_is_refused_with_its_place(frame, words):
    """The error leads to the table inside the value and says what would do."""
    with pytest.raises(Unstorable, match=rf"{words}") as refused:
        copied({"tables": [frame]})
    assert refused.value.where == "at result['tables'][0]"


def test_classes_that_only_look_like_tables_are_refused():
    """A masked array would come back without its mask."""
    with pytest.raises(Unstorable, match="MaskedArray"):
        copied(np.ma.array([1, 2], mask=[True, False]))


def test_a_date_and_its_table_have_one_canonical_form():
    """Equal tables have equal hashes in every process, so that recordings are found."""
    frame = pd.DataFrame({"x": [1, 2], "t": ["a", "b"], "d": [date(2026, 1, 1), date(2026, 1, 2)]})

    assert Writer().canonical(frame) == Writer().canonical(copied(frame))
    assert Writer().canonical([time(1), Fraction(1, 3)]) == Writer().canonical([time(1), Fraction(1, 3)])
