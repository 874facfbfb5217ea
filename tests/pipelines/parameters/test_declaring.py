"""Parameters of a notebook are read from its code and checked before anything runs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.made import code, notebook, with_parameters
from victor_nb.pipelines.parameters.declaring import UNKNOWN, Declared, Parameter, check, declared, read_words
from victor_nb.pipelines.parameters.errors import (
    MissingParameter,
    UnknownParameter,
    UnreadableParameters,
    WrongParameter,
)

IMPORTS = """
import datetime as dt
import numpy as np, pandas as pd
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Dict, Final, List, Literal, Optional, Tuple, Union
from uuid import UUID
from settings import Colours
"""


def only(text: str) -> Parameter:
    """Return the last parameter of a cell."""
    return declared(with_parameters(text)).parameters[-1]


def typed(annotation: str) -> Declared:
    return declared(notebook(IMPORTS, code(f"x: {annotation}", "parameters")))


# -- what a cell declares --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "kind", "default"),
    [
        ("x = 1", "x", "int", "1"),
        ("y: int = 2", "y", "int", "2"),
        ('s = "a=b"', "s", "str", "'a=b'"),
        ('l: Literal["a", "b"] = "a"', "l", "'a' or 'b'", "'a'"),
        ("p, q = 1, 2.5", "q", "float", "2.5"),
        ("z: int", "z", "int", None),
        ('u: "list[int]" = [1]\nafter = 2', "u", "list[int]", "[1]"),
        ("a = b = 3", "b", "int", "3"),
        ("n = 60 * 60", "n", "int", "60 * 60"),
        ("rate = -0.5", "rate", "float", "-0.5"),
        ("a = 3  # type: float  how fast", "a", "float", "3"),
        ("many = {\n  'a': 1,  # first\n  'b': 2,\n}", "many", "dict[any value, any value]", "{'a': 1, 'b': 2}"),
        ("when = compute()", "when", "any value", "compute()"),
        ("%matplotlib inline\nx = 1", "x", "int", "1"),
        ("x: int\nx = 4", "x", "int", "4"),
        ("if fast:\n    x = 1", "x", "any value", ""),
        ("naïve = 'ß'", "naïve", "str", "'ß'"),
    ],
)
def test_a_declaration_is_read_as_python_reads_it(text: str, name: str, kind: str, default: str | None) -> None:
    """Annotations, several targets, `=` inside a default, no default, type comments and magics: nothing is missed."""
    found = declared(with_parameters(text)).named(name)

    assert found is not None
    assert (str(found.type), found.default) == (kind, default)


def test_the_comment_behind_a_parameter_is_its_help() -> None:
    """As papermill has it: `# type: T` is a type, the rest is for people."""
    assert only("a = 3  # how many").help == "how many"
    assert (only("a = 3  # type: int how many").help, only("a = 3  # type: int").is_checked) == ("how many", True)


def test_a_default_that_the_code_spells_out_is_known() -> None:
    """Values of the standard library too; what only running the cell would tell is UNKNOWN."""
    text = "import datetime as dt\nfrom pathlib import Path\na = dt.date(2026, 1, 2)\nb = Path('x')\nc = open('x')"

    found = {one.name: one.value for one in declared(with_parameters(text)).parameters}

    assert found == {"a": date(2026, 1, 2), "b": Path("x"), "c": UNKNOWN}


def test_only_the_first_tagged_cell_declares() -> None:
    """Names of other cells are no parameters; Markdown with the tag neither."""
    whole = notebook("other = 1", code("x = 1", "parameters"), code("y = 1", "parameters"))

    assert [one.name for one in declared(whole).parameters] == ["x"]


def test_functions_and_imports_are_no_parameters() -> None:
    """What a cell binds otherwise than by assignment cannot be set from outside."""
    text = "import os\ndef f(): pass\nos.x = 1\nd['a'] = 2\nx = 1"

    assert [one.name for one in declared(with_parameters(text)).parameters] == ["x"]


def test_a_notebook_without_the_cell_takes_any_name_and_says_so() -> None:
    """papermill's rule: the values are set on top."""
    found = declared(notebook("x = 1"))

    assert check(found, {"anything": 1}) == {"anything": 1}
    assert "no cell has the tag 'parameters'" in found.warning


def test_a_notebook_of_another_language_takes_any_name() -> None:
    """Its parameters cell cannot be read as Python, and is not."""
    found = declared(notebook(code("x <- 1", "parameters"), language="R"))

    assert check(found, {"y": 1}) == {"y": 1}


def test_a_parameters_cell_that_is_no_python_is_an_error_with_its_line() -> None:
    """Its mistake would stop the notebook anyway, later."""
    with pytest.raises(UnreadableParameters, match="line 2") as caught:
        declared(with_parameters("x = 1\ny = = 2"), "train.ipynb")

    assert caught.value.where == "train.ipynb"


def test_bad_notebooks_declare_nothing() -> None:
    """Cells that are no list, tags that are no list, sources as lists of lines."""
    assert declared({"cells": None}).is_open
    assert declared({"cells": [{"cell_type": "code", "metadata": {"tags": "parameters"}, "source": ""}]}).is_open
    listed = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["x = 1\n", "y = 2"]}
    assert [one.name for one in declared({"cells": [listed]}).parameters] == ["x", "y"]


# -- checking --------------------------------------------------------------------------------------------------------


def test_an_unknown_name_names_the_nearest() -> None:
    """A typo never runs with the default instead."""
    found = declared(with_parameters("learning_rate = 0.1\nepochs = 3"))

    with pytest.raises(UnknownParameter, match="Did you mean 'learning_rate'") as caught:
        check(found, {"lerning_rate": 0.2}, "train.ipynb")

    assert caught.value.hint == "it has: learning_rate, epochs"


def test_a_parameter_without_default_must_be_given() -> None:
    """Before the kernel starts, not by a NameError in the middle."""
    with pytest.raises(MissingParameter, match=r"'z' has no default.*line 2"):
        check(declared(with_parameters("a = 1\nz: int")), {})


def test_a_default_alone_promises_nothing() -> None:
    """papermill's notebooks pass lists where the default is None: they run unchanged."""
    assert check(declared(with_parameters("x = None\ny = 1")), {"x": [1], "y": "abc"}) == {"x": [1], "y": "abc"}


@pytest.mark.parametrize(
    ("annotation", "given", "what"),
    [
        ("int", "abc", "parameter 'x' must be int, not 'abc'"),
        ("int", True, "must be int, not True"),
        ("int", 1.5, "must be int, not 1.5"),
        ("float", "0.1", "must be float, not '0.1'"),
        ("float", 2**63 + 1, "must be float"),
        ("bool", 1, "must be bool"),
        ("str", 5, "must be str, not 5"),
        ("str", None, "must be str, not None"),
        ("list[int]", [1, "b"], "parameter 'x\\[1\\]' must be int, not 'b'"),
        ("list[int]", "12", "must be list"),
        ("dict[str, list[float]]", {"a": [0.5, "x"]}, "parameter \"x\\['a'\\]\\[1\\]\" must be float"),
        ("tuple[int, str]", [1], "must be tuple\\[int, str\\]"),
        ("Literal['a', 'b']", "c", "must be 'a' or 'b', not 'c'"),
        ("Literal[1, 2]", True, "must be 1 or 2"),
        ("Optional[int]", "x", "must be int | None"),
        ("date", "2026-13-01", "must be date"),
        ("date", 20260101, "must be date"),
        ("UUID", "xyz", "must be UUID"),
        ("Decimal", "one", "must be Decimal"),
        ("np.ndarray", 3, "must be numpy.ndarray"),
        ("pd.DataFrame", [[1]], "must be pandas.DataFrame"),
        ("pd.Timestamp", "soon", "must be pandas.Timestamp"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_its_place(annotation: str, given: object, what: str) -> None:
    """The message names the innermost part that is wrong, the line, and the declaration."""
    with pytest.raises(WrongParameter, match=what) as caught:
        check(typed(annotation), {"x": given}, "train.ipynb")

    assert caught.value.where == "train.ipynb, line 1 of the parameters cell"
    assert caught.value.hint.startswith("it is declared as x: ")


TABLE = pd.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    ("annotation", "given", "typed_value"),
    [
        ("int", np.int64(5), 5),
        ("float", 1, 1.0),
        ("float", np.float32(0.5), 0.5),
        ("bool", np.bool_(True), True),
        ("complex", 1, 1 + 0j),
        ("date", "2026-01-02", date(2026, 1, 2)),
        ("dt.date", date(2026, 1, 2), date(2026, 1, 2)),
        ("datetime", date(2026, 1, 2), datetime(2026, 1, 2)),
        ("datetime", "2026-01-02T03:04", datetime(2026, 1, 2, 3, 4)),
        ("timedelta", 90, timedelta(seconds=90)),
        ("timedelta", "PT1H30M", timedelta(minutes=90)),
        ("Path", "a/b", Path("a/b")),
        ("Decimal", 0.1, Decimal("0.1")),
        ("Decimal", 3, Decimal(3)),
        ("UUID", "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
        ("tuple[int, str]", [1, "a"], (1, "a")),
        ("tuple[float, ...]", [1, 2.5], (1.0, 2.5)),
        ("set[str]", ["a", "b"], {"a", "b"}),
        ("list[date]", ["2026-01-02"], [date(2026, 1, 2)]),
        ("dict[int, Path]", {1: "a"}, {1: Path("a")}),
        ("Dict[str, Any]", {"a": [1]}, {"a": [1]}),
        ("Optional[date]", None, None),
        ("Union[str, date]", "2026-01-02", "2026-01-02"),
        ("date | int", "2026-01-02", date(2026, 1, 2)),
        ("int | float", 1, 1),
        ("Annotated[int, 'seconds']", 3, 3),
        ("Final[int]", 3, 3),
        ("'list[int]'", [1], [1]),
        ("Literal[1, 'a', None]", None, None),
        ("range", [1, 5], range(1, 5)),
        ("bytes", b"x", b"x"),
        ("pd.Timestamp", "2026-01-02", pd.Timestamp("2026-01-02")),
        ("np.int64", 5, np.int64(5)),
        ("Colours", "anything", "anything"),
        ("list[Colours]", [1], [1]),
    ],
)
def test_a_value_becomes_the_type_that_is_declared(annotation: str, given: object, typed_value: object) -> None:
    """What YAML and JSON cannot write is taken in their form; unknown classes of a project take anything."""
    found = check(typed(annotation), {"x": given})["x"]

    assert found == typed_value
    assert type(found) is type(typed_value)


def test_a_value_that_fits_is_the_very_object() -> None:
    """Large tables and lists are not copied to be checked."""
    whole = [1.5, 2.5]

    assert check(typed("list[float]"), {"x": whole})["x"] is whole
    assert check(typed("pd.DataFrame"), {"x": TABLE})["x"] is TABLE
    assert list(check(typed("np.ndarray"), {"x": [1, 2]})["x"]) == [1, 2]  # type: ignore[call-overload]


# -- words of the command line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declaration", "word", "value"),
    [
        ("x: int", "5", 5),
        ("x: float", "5", 5.0),
        ("x: bool", "yes", True),
        ("x: bool", "False", False),
        ("x: str", "5", "5"),
        ("x: date", "2026-01-02", date(2026, 1, 2)),
        ("x: Optional[int]", "none", None),
        ("x: Optional[str]", "abc", "abc"),
        ("x: str | int", "5", 5),
        ("x: list[int]", "1,2", [1, 2]),
        ("x: list[int]", "[1, 2]", [1, 2]),
        ("x: list[str]", "a, b", ["a", "b"]),
        ("x: list[str]", "", []),
        ("x: set[date]", "2026-01-02,2026-01-03", {date(2026, 1, 2), date(2026, 1, 3)}),
        ("x: tuple[int, str]", "1,a", (1, "a")),
        ("x: tuple[int, str]", "(1, 'a')", (1, "a")),
        ("x: dict[str, float]", '{"a": 1}', {"a": 1.0}),
        ("x: dict[str, bool]", '{"a": true}', {"a": True}),
        ("x: Literal['a', 3]", "3", 3),
        ("x: timedelta", "1:30:00", timedelta(minutes=90)),
        ("x: timedelta", "90", timedelta(seconds=90)),
        ("x: range", "range(3)", range(3)),
        ("x: complex", "1 + 2j", 1 + 2j),
        ("x: bytes", "ab", b"ab"),
        ("x: Decimal", "1.10", Decimal("1.10")),
        ("x: np.ndarray", "[1.5]", None),
        ("x = 1", "2", 2),
        ("x = 1", "0.5", 0.5),
        ("x = 1.5", "2", 2.0),
        ("x = 'a'", "5", "5"),
        ("x = True", "false", False),
        ("x = None", "5", 5),
        ("x = None", "abc", "abc"),
        ("x = [1]", "2,3", [2, 3]),
        ("x = compute()", "True", True),
        ("x = date(2026, 1, 1)", "2026-01-02", date(2026, 1, 2)),
        ("x = {}", "{'a': 1}", {"a": 1}),
        ("x = 1", "a word", "a word"),
    ],
)
def test_a_word_is_read_by_the_declared_type(declaration: str, word: str, value: object) -> None:
    """By the annotation, else as the default's type, else as papermill reads it."""
    found = declared(notebook(IMPORTS, code(declaration, "parameters")))

    read = read_words(found, {"x": word})["x"]

    if value is None and "ndarray" in declaration:
        assert isinstance(read, np.ndarray)
    else:
        assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "annotation", ["int", "bool", "date", "tuple[int, int]", "dict[str, int]", "range", "pd.DataFrame"]
)
def test_a_word_that_cannot_be_read_is_refused(annotation: str) -> None:
    """`-p x=abc` for an int is an error now, not a TypeError deep in the notebook."""
    with pytest.raises(WrongParameter, match="parameter 'x' must be"):
        read_words(typed(annotation), {"x": "abc"})


def test_a_word_for_an_unknown_name_is_refused() -> None:
    """As for values of any other origin."""
    with pytest.raises(UnknownParameter, match="'y'"):
        read_words(typed("int"), {"y": "1"})


def test_long_values_are_cut_in_errors() -> None:
    """A message is for a terminal."""
    with pytest.raises(WrongParameter) as caught:
        check(typed("int"), {"x": "a" * 10_000})

    assert len(caught.value.what) < 200
