"""Schemas and validation: what models are told, and what happens to what they send."""

from __future__ import annotations

import datetime as dt
import enum
import json
import pickle
from dataclasses import dataclass
from typing import Annotated, Literal

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_nb.tools import Role, ToolArgumentError, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int


class Person(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=0)


@tool
def google(a: int, b: str = "x") -> None:
    """Do it.

    Args:
        a: the first,
            on two lines.
        b (str): the second.

    Returns:
        Nothing.
    """


@tool
def numpy_style(a: int, b: str = "x") -> None:
    """Do it.

    Parameters
    ----------
    a : int
        the first,
        on two lines.
    b : str
        the second.
    """


@tool
def sphinx(a: int, b: str = "x") -> None:
    """Do it.

    :param a: the first,
        on two lines.
    :param str b: the second.
    :returns: nothing
    """


@pytest.mark.parametrize("declared", [google, numpy_style, sphinx])
def test_each_docstring_style_describes_parameters(declared):
    """Google, NumPy and Sphinx docstrings give the same schema, and the description stops before them."""
    assert declared.description == "Do it."
    properties = declared.parameters["properties"]
    assert properties["a"] == {"type": "integer", "description": "the first, on two lines."}
    assert properties["b"] == {"type": "string", "description": "the second.", "default": "x"}
    assert declared.parameters["required"] == ["a"]


def test_a_function_without_docstring_is_described_by_its_types():
    """No docstring is allowed; there is then nothing to say but the types."""
    bare = tool(name="bare")(_bare)
    assert bare.description == ""
    assert bare.parameters["properties"] == {"schema": {"type": "integer"}, "_x": {"type": "boolean", "default": True}}


def _bare(schema: int, _x: bool = True) -> int:
    return schema


@tool
def plot(
    column: Annotated[str, Role("column")],
    other: Annotated[str, Role("numeric_column")] | None = None,
    size: Annotated[int, pydantic.Field(ge=1, le=9, description="its own words")] = 3,
) -> str:
    """Plot.

    Args:
        size: words that lose.
    """
    return column


def test_roles_reach_the_schema():
    """A role is the parameter's `x-role`, also where the parameter may be left out."""
    properties = plot.parameters["properties"]
    assert properties["column"] == {"type": "string", "x-role": "column"}
    assert properties["other"]["x-role"] == "numeric_column"
    assert properties["size"]["description"] == "its own words"


def test_an_unknown_role_is_a_programmers_mistake():
    """Roles are a closed list."""
    with pytest.raises(ValueError, match="unknown role 'colum'"):
        Role("colum")  # type: ignore[arg-type]


@tool
def rich(
    colour: Colour,
    when: dt.date,
    point: Point,
    person: Person,
    mode: Literal["a", "b"] = "a",
    tags: list[str] = [],  # noqa: B006
) -> None:
    """Take many types."""


def test_rich_types_are_converted():
    """Enums, dates, dataclasses and models arrive as themselves."""
    arguments = rich.validate(
        {"colour": "red", "when": "2024-05-06", "point": {"x": 1, "y": 2}, "person": {"name": "Ada", "age": 36}}
    )
    assert arguments == {
        "colour": Colour.RED,
        "when": dt.date(2024, 5, 6),
        "point": Point(1, 2),
        "person": Person(name="Ada", age=36),
    }


GOOD = {"colour": "red", "when": "2024-05-06", "point": {"x": 1, "y": 2}, "person": {"name": "Ada", "age": 36}}


@pytest.mark.parametrize(
    ("change", "parameter", "says"),
    [
        ({"colour": "green"}, "colour", "colour: one of 'red', 'blue'"),
        ({"when": "tomorrow"}, "when", "parameter 'when' does not accept 'tomorrow'"),
        ({"point": {"x": 1}}, "point", r"parameter 'point'\['y'\]"),
        ({"point": 3}, "point", "point: object with x, y"),
        ({"person": {"name": "Ada", "age": -1}}, "person", r"parameter 'person'\['age'\] does not accept -1"),
        ({"mode": "c"}, "mode", "mode: one of 'a', 'b'"),
        ({"tags": "one"}, "tags", "tags: array of string"),
        ({"tag": []}, "tag", "there is no parameter 'tag'. Did you mean 'tags'?"),
    ],
)
def test_a_bad_argument_is_named_with_the_accepted_form(change, parameter, says):
    """The error carries the parameter, the value and what would do."""
    with pytest.raises(ToolArgumentError, match=says) as caught:
        rich.validate(GOOD | change)
    assert caught.value.parameter == parameter
    assert caught.value.where == "tool 'rich'"


def test_bounds_are_part_of_the_accepted_form():
    """A number out of bounds is told the bounds."""
    with pytest.raises(ToolArgumentError, match="size: integer ≥ 1 ≤ 9"):
        plot.validate({"column": "a", "size": 0})
    with pytest.raises(ToolArgumentError, match="other: string or null"):
        plot.validate({"column": "a", "other": 3})


def test_a_missing_argument_is_named():
    """A required parameter that is left out is named, and several problems come in one error."""
    with pytest.raises(ToolArgumentError, match="parameter 'colour' is required; parameter 'when' is required"):
        rich.validate({})


def test_many_problems_are_cut_short():
    """A hundred unknown names are not a hundred lines."""
    with pytest.raises(ToolArgumentError, match="and 95 more"):
        google.validate({"a": 1} | {f"p{i}": i for i in range(100)})


@pytest.mark.parametrize("arguments", ["a text", ["a"], None, 3])
def test_arguments_that_are_no_object_are_refused(arguments):
    """A model that sends something else gets told."""
    with pytest.raises(ToolArgumentError, match="must be an object with named values"):
        google.validate(arguments)


def test_a_long_value_is_shown_in_part():
    """An error is short even when the value is not."""
    with pytest.raises(ToolArgumentError) as caught:
        google.validate({"a": "x" * 1_000_000})
    assert len(str(caught.value)) < 500


def test_the_error_survives_pickling():
    """It comes out of another process as it was."""
    error = ToolArgumentError.at("column", "wrong", "tool 'x'", "right")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.parameter, str(copy)) == ("column", str(error))


@tool
def everything(
    number: int,
    ratio: float,
    words: str,
    flag: bool,
    items: list[int],
    table: dict[str, float],
    maybe: str | None = None,
) -> None:
    """Take each JSON type."""


json_arguments = st.fixed_dictionaries(
    {
        "number": st.integers(-(2**53), 2**53),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "words": st.text(),
        "flag": st.booleans(),
        "items": st.lists(st.integers(-1000, 1000), max_size=5),
        "table": st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    },
    optional={"maybe": st.none() | st.text()},
)


@given(json_arguments)
def test_valid_arguments_come_through_json_unchanged(arguments):
    """What fits the schema is passed on equal, also after a trip through JSON; what is left out stays out."""
    assert everything.validate(json.loads(json.dumps(arguments))) == arguments


@given(json_arguments, st.sampled_from(["number", "ratio", "flag", "items", "table"]), st.text(min_size=1))
def test_a_text_that_is_none_of_the_type_is_blamed_on_its_parameter(arguments, spoilt, junk):
    """Spoiling one argument gives an error about that one, and no other exception."""
    bad = {"not": junk} if spoilt in ("number", "ratio", "flag", "items") else ["not", junk]
    with pytest.raises(ToolArgumentError) as caught:
        everything.validate(arguments | {spoilt: bad})
    assert caught.value.parameter == spoilt
