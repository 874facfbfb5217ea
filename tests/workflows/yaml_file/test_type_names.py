"""Types by name: what a file can say, and how Python types are said."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.workflows.errors import InvalidState
from victor_nb.workflows.yaml_file.type_names import UnknownType, fitting, name_of_type, python_type


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("int", int),
        ("any", Any),
        ("null", None),
        ("date", datetime.date),
        ("path", pathlib.Path),
        ("list", list),
        ("list[str]", list[str]),
        ("dict[str, list[float]]", dict[str, list[float]]),
        ("int | null", int | None),
        (" list[int | str] ", list[int | str]),
    ],
)
def test_names_stand_for_types(written: str, kind: Any) -> None:
    """As in Python, where Python has them."""
    assert python_type(written) == kind


@pytest.mark.parametrize(
    "written",
    [
        "itn",
        "list[",
        "list[int, str]",
        "dict[str]",
        "os.system",
        "print()",
        "5",
        "",
        "int or str",
        "[" * 5000,
        "int[str]",
    ],
)
def test_what_is_no_type_is_refused(written: str) -> None:
    """Nothing is evaluated."""
    with pytest.raises(UnknownType):
        python_type(written)


simple = st.sampled_from(["int", "float", "str", "bool", "date", "datetime", "path", "list", "dict"])
types = st.recursive(
    simple,
    lambda inner: st.builds("list[{}]".format, inner) | st.builds("dict[{}, {}]".format, st.just("str"), inner),
    max_leaves=5,
)


@given(types)
def test_a_type_is_said_as_it_was_written(written: str) -> None:
    """Names of types come back."""
    assert name_of_type(python_type(written)) == written


def test_types_that_have_no_name_are_any() -> None:
    """A file says what it can."""
    assert [name_of_type(one) for one in (object, set[int], list[object], int | None)] == [
        *("any", "any", "list", "int | null"),
    ]


@pytest.mark.parametrize(
    ("value", "written", "fitted"),
    [
        ("5", "int", 5),
        ("2026-01-02", "date", datetime.date(2026, 1, 2)),
        ("a/b", "path", pathlib.Path("a/b")),
        (["1"], "list[int]", [1]),
        (None, "int | null", None),
    ],
)
def test_values_are_made_to_fit(value: Any, written: str, fitted: Any) -> None:
    """A command line has texts only."""
    assert fitting(value, written, "x") == fitted


@pytest.mark.parametrize(
    ("value", "written", "says"),
    [
        ("x", "int", "x is 'x': input should be a valid integer"),
        ([1, "y"], "list[int]", r"x\[1\] is 'y'"),
        ("z" * 200, "float", r"\.\.\.: input should be a valid number"),
    ],
)
def test_what_does_not_fit_names_value_and_type(value: Any, written: str, says: str) -> None:
    """And the item inside it that is to blame."""
    with pytest.raises(InvalidState, match=says):
        fitting(value, written, "x")
