"""Values set in a notebook: equal, of the same type, in papermill's place, without secrets."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter, OrderedDict, deque
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.made import code, notebook, with_parameters
from tests.pipelines.settings_of_tests import Colour, Model, Point, Split
from victor_nb.journal.redaction import Redactor
from victor_nb.pipelines.parameters.errors import CannotHandOver, UnknownParameter
from victor_nb.pipelines.parameters.expressions import Code
from victor_nb.pipelines.parameters.injecting import Injected, inject, injected_source

KEY = "correct-horse-battery-staple"


def sources(given: Injected) -> list[str]:
    return [cell["source"] for cell in given.notebook["cells"]]


def handed(value: object, folder: Path) -> Any:
    """Return what a notebook gets for a value."""
    names: dict[str, Any] = {}
    exec(injected_source({"x": value}, Code(folder, Redactor())), names)
    assert set(names) <= {"x", "__builtins__"}
    return names["x"]


# -- the place of the cell -------------------------------------------------------------------------------------------


def test_the_cell_follows_the_parameters_cell(tmp_path: Path) -> None:
    """With papermill's tag and first line."""
    given = inject(notebook("import os", code("x = 1", "parameters"), "print(x)"), {"x": 2}, tmp_path)

    assert sources(given) == ["import os", "x = 1", "# Parameters\nx = 2", "print(x)"]
    assert given.notebook["cells"][2]["metadata"]["tags"] == ["injected-parameters"]
    nbformat.validate(nbformat.from_dict(given.notebook))


def test_the_cell_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    """An executed notebook can be run again with other values."""
    once = inject(with_parameters("x = 1", "print(x)"), {"x": 2}, tmp_path)

    assert sources(inject(once.notebook, {"x": 3}, tmp_path)) == ["x = 1", "# Parameters\nx = 3", "print(x)"]


def test_without_a_parameters_cell_it_stands_on_top(tmp_path: Path) -> None:
    """papermill's rule; the warning comes with `declared`."""
    assert sources(inject(notebook("print(x)"), {"x": 2}, tmp_path))[0] == "# Parameters\nx = 2"


def test_without_values_the_notebook_stays_as_it_is(tmp_path: Path) -> None:
    """No empty cell."""
    whole = with_parameters("x = 1")

    assert inject(whole, {}, tmp_path).notebook == whole


def test_the_notebook_that_is_given_is_not_changed(tmp_path: Path) -> None:
    """Several runs may share it."""
    whole = with_parameters("x = 1", "print(x)")
    before = json.dumps(whole)

    inject(whole, {"x": date(2026, 1, 1)}, tmp_path)

    assert json.dumps(whole) == before


def test_cells_have_ids_where_the_format_wants_them(tmp_path: Path) -> None:
    """nbformat 4.5 asks for them; the same one each time keeps differences small."""
    whole = {**with_parameters("x = 1"), "nbformat_minor": 5}
    whole["cells"][0]["id"] = "first"  # type: ignore[index]

    given = inject(whole, {"x": 2}, tmp_path)

    nbformat.validate(nbformat.from_dict(given.notebook))


def test_the_metadata_says_the_values_as_papermill_does(tmp_path: Path) -> None:
    """As JSON: what JSON cannot write is shown as text."""
    given = inject(with_parameters("x = 1"), {"x": [1, "a"], "d": date(2026, 1, 2), "f": math.nan}, tmp_path)

    shown = given.notebook["metadata"]["papermill"]["parameters"]
    assert shown == {"x": [1, "a"], "d": "datetime.date(2026, 1, 2)", "f": "nan"}


def test_a_name_that_no_variable_can_have_is_refused(tmp_path: Path) -> None:
    """It would be a mistake in the notebook's code, or worse."""
    for name in ("a b", "class", "x; import os", ""):
        with pytest.raises(UnknownParameter):
            inject(notebook(), {name: 1}, tmp_path)


def test_another_language_gets_papermills_code(tmp_path: Path) -> None:
    """With the values that it has a form for."""
    r = notebook(code("x <- 1", "parameters"), language="R")

    given = inject(r, {"x": (1, True), "d": date(2026, 1, 2), "p": Path("a"), "m": {"k": None}}, tmp_path)

    assert sources(given)[1] == '# Parameters\nx = list(1, TRUE)\nd = "2026-01-02"\np = "a"\nm = list("k" = NULL)\n'
    with pytest.raises(CannotHandOver, match="DataFrame"):
        inject(r, {"x": pd.DataFrame()}, tmp_path)
    with pytest.raises(CannotHandOver, match="secret"):
        inject(r, {"x": KEY}, tmp_path, {"key": KEY})


# -- values ----------------------------------------------------------------------------------------------------------

BERNE = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {1, 2},
        b"\x00ab",
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4, 5, 6),
        Path("data/wine one.csv"),
        Decimal("1.10"),
        UUID(int=5),
        1 - 2j,
        range(1, 10, 3),
        np.int64(5),
        pd.Timestamp("2026-01-02 03:04:05.123456789"),
        {1: "one", (2, 3): [None]},
        frozenset({1}),
        set(),
        (),
        bytearray(b"ab"),
        time(1, 2, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, tzinfo=BERNE, fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        timedelta(days=-1, microseconds=5),
        Fraction(1, 3),
        PurePosixPath("a/b"),
        10**5000,
        float("inf"),
        -float("inf"),
        -0.0,
        'it\'s "quoted"\n\ud800 \\ ü',
        np.float32(0.1),
        np.bool_(True),
        np.datetime64("2026-01-02", "D"),
        np.complex128(1j),
        np.str_("a"),
        pd.Timestamp("2026-01-02", tz="Europe/Zurich"),
        pd.Timedelta("1D"),
        OrderedDict(b=1, a=2),
        Counter("abca"),
        deque([1, 2], 5),
        Colour.RED,
        Split(0.2, 7),
        Point(1, 2),
        Model(name="a", splits=[Split(0.5)]),
        [Split(0.2), {"when": date(2026, 1, 2)}],
        list(range(50_000)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_arrives_with_its_type(value: Any, tmp_path: Path) -> None:
    """papermill turned 13 of 15 of these types into texts without a word."""
    found = handed(value, tmp_path)

    assert found == value
    assert type(found) is type(value)


def test_arrays_arrive_as_they_are(tmp_path: Path) -> None:
    """Shape, type and byte order."""
    for array in (np.arange(6, dtype=">i2").reshape(2, 3), np.array(["a", "bc"]), np.zeros((0, 2), "f4")):
        found = handed(array, tmp_path)
        assert (found.dtype, found.shape, found.tolist()) == (array.dtype, array.shape, array.tolist())


def test_a_table_arrives_by_an_arrow_file(tmp_path: Path) -> None:
    """Index, dates, categories and missing values; and inside of another value."""
    frame = pd.DataFrame(
        {"a": [1, None], "t": pd.to_datetime(["2026-01-01", None]), "c": pd.Categorical(["x", "y"])},
        index=pd.Index(["p", "q"], name="key"),
    )

    found = handed({"train": frame, "n": 2}, tmp_path)

    pd.testing.assert_frame_equal(found["train"], frame)
    assert len(list(tmp_path.iterdir())) == 1
    assert handed(frame["a"], tmp_path).equals(frame["a"])


def test_nan_arrives(tmp_path: Path) -> None:
    """Alone and inside."""
    found = handed([math.nan, Decimal("NaN"), np.float64("nan"), complex(math.nan, -0.0)], tmp_path)

    assert [math.isnan(one.real) for one in found] == [True] * 4


def test_a_class_is_imported_where_the_notebook_runs(tmp_path: Path) -> None:
    """The kernel has not imported the project's modules yet."""
    source = injected_source({"x": Model(name="a", splits=[Split(0.5)])}, Code(tmp_path, Redactor()))

    done = subprocess.run(
        [sys.executable, "-c", f"{source}\nprint(repr(x))"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "Model(name='a', splits=[Split(share=0.5, seed=0)])"


@pytest.mark.parametrize(
    "value", [object(), len, open, [object()], {"a": np.array([object()])}, type("Own", (dict,), {})()]
)
def test_what_cannot_be_handed_over_is_refused(value: object, tmp_path: Path) -> None:
    """With the parameter's name and what else to do; nothing is left behind."""
    with pytest.raises(CannotHandOver, match=r"cannot be handed to a notebook.*parameter 'x'") as caught:
        handed(value, tmp_path)

    assert "write it to a file" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_refers_to_itself_is_refused(tmp_path: Path) -> None:
    """It has no end as code."""
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(CannotHandOver, match="refers to itself"):
        handed(endless, tmp_path)


def test_a_kept_value_that_is_gone_says_so(tmp_path: Path) -> None:
    """Someone opened an old notebook after `clean`."""
    source = injected_source({"x": np.arange(3)}, Code(tmp_path, Redactor()))
    next(tmp_path.iterdir()).unlink()

    with pytest.raises(CannotHandOver, match="run the pipeline again"):
        exec(source, {})


def test_the_same_table_is_kept_once(tmp_path: Path) -> None:
    """Files are named by their content; a damaged one is written again."""
    handed(np.arange(5), tmp_path)
    kept = next(tmp_path.iterdir())
    kept.write_bytes(b"damaged")

    assert handed(np.arange(5), tmp_path).tolist() == [0, 1, 2, 3, 4]
    assert list(tmp_path.iterdir()) == [kept]


_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(BERNE), allow_imaginary=False)
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids()
    | st.builds(Path, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9))
    | st.builds(np.int32, st.integers(-(2**31), 2**31 - 1))
    | st.builds(np.float64, st.floats(allow_nan=False))
)
_keys = st.integers() | st.text(max_size=9) | st.dates() | st.tuples(st.booleans(), st.uuids())
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(_keys, max_size=4)
        | st.frozensets(_keys, max_size=4)
        | st.dictionaries(_keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def shape(value: Any) -> object:
    """The types in a value, and what equality passes over: -0.0, 1 against True, folds of times."""
    if isinstance(value, list | tuple):
        return type(value), [shape(item) for item in value]
    if isinstance(value, dict):
        return dict, [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(str(shape(item)) for item in value)
    return type(value), repr(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_values)
def test_any_value_arrives_equal_and_of_the_same_type(tmp_path: Path, value: Any) -> None:
    """Whatever is put inside whatever."""
    found = handed(value, tmp_path)

    assert found == value
    assert shape(found) == shape(value)


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_read_from_the_environment_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the cell nor the metadata holds it."""
    monkeypatch.setenv("SHOP_PASSWORD", KEY)

    given = inject(with_parameters("password: str"), {"password": KEY}, tmp_path, {"SHOP_PASSWORD": KEY})

    assert KEY not in json.dumps(given.notebook)
    assert sources(given)[1] == "# Parameters\npassword = __import__(\"os\").environ['SHOP_PASSWORD']"
    assert given.environment == {}


def test_a_secret_of_no_variable_is_handed_over_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was typed, one inside of a URL, one that only looks like a key: the kernel's environment has them."""
    url, found = f"postgres://me:{KEY}@host", "sk-ant-" + "a" * 30

    given = inject(notebook(), {"url": url, "keys": [found, KEY]}, tmp_path, {"key": KEY})

    text = json.dumps(given.notebook)
    assert KEY not in text
    assert found not in text
    for name, value in given.environment.items():
        monkeypatch.setitem(os.environ, name, value)
    names: dict[str, Any] = {}
    exec(sources(given)[0], names)
    assert (names["url"], names["keys"]) == (url, [found, KEY])
    assert all(name.startswith("VICTOR_SECRET_") for name in given.environment)


@pytest.mark.parametrize(
    "value",
    [
        KEY.encode(),
        Path(KEY),
        pd.DataFrame({"a": [KEY]}),
        Model(name=KEY, splits=[]),
        np.array([KEY]),
        {"k": Path(KEY)},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_secret_inside_of_something_else_is_refused(value: object, tmp_path: Path) -> None:
    """It would be written down, or the value would be another one without it."""
    with pytest.raises(CannotHandOver, match="holds a secret"):
        inject(notebook(), {"x": value}, tmp_path, {"key": KEY})

    assert list(tmp_path.iterdir()) == []
