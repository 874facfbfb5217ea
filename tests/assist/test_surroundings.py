"""What is known of the work around a question."""

from __future__ import annotations

import collections
import json
from pathlib import Path

from victor_nb.assist.surroundings import (
    Surroundings,
    error_in_words,
    imported_in,
    of_namespace,
    of_source,
    seen_error,
)


class Secret:
    """A value that nobody may look at."""

    def __repr__(self) -> str:
        raise AssertionError("a value was looked at")


def test_a_namespace_gives_imports_and_types() -> None:
    """Aliases, functions and variables by what they stand for; what is private or the shell's is left out."""
    around = of_namespace(
        {"js": json, "Path": Path, "home": Path("/"), "dumps": json.dumps, "n": 3, "_x": json, "In": [], "s": Secret()}
    )

    assert around.imports == {"js": "json", "Path": "pathlib.Path", "dumps": "json.dumps"}
    assert around.types["home"].startswith("pathlib.")
    assert around.packages[0] == "json"
    assert "n" not in around.types
    assert "_x" not in around.imports
    assert "In" not in around.types


def test_names_in_a_question_are_resolved() -> None:
    """`df.pivot` of a DataFrame, `pd.cut` of an alias; other words are words."""
    around = Surroundings({"pd": "pandas"}, {"df": "pandas.DataFrame"})

    assert around.mentioned("why does df.pivot not work like pd.cut") == ("pandas.DataFrame.pivot", "pandas.cut")


def test_a_source_gives_its_imports_even_if_a_cell_is_magic() -> None:
    """Cells that are no Python are passed over, the others count."""
    found = of_source("import pandas as pd\n\n%matplotlib inline\n\nfrom sklearn.svm import SVC\n\nimport os.path")

    assert found.imports == {"pd": "pandas", "SVC": "sklearn.svm.SVC", "os": "os"}


def test_lines_tell_what_is_imported() -> None:
    """Quick and rough, for whole projects."""
    assert imported_in("import os, re as r\nfrom a.b import c\n  import d.e\nx = 'import f'\n") == {
        "os",
        "re",
        "a",
        "d",
    }


def test_an_error_is_searched_by_type_message_and_failing_call() -> None:
    """The line's calls are resolved by the names that are known, and the functions it went through are told."""
    around = of_namespace({"counted": collections.Counter(), "json": json})
    try:
        json.loads("{")
    except ValueError as error:
        seen = seen_error(error, "found = json.loads('{')", around)

    assert seen.question.startswith("JSONDecodeError Expecting property name")
    assert seen.calls == ("json.loads",)
    assert seen.inside[0].startswith("json.decoder.")
    assert seen.told.endswith("(in found = json.loads('{'))")


def test_an_error_of_which_only_words_are_there_is_searched_too() -> None:
    """A line that does not parse still names what it calls."""
    seen = error_in_words("KeyError", "'colour'", "    for x in df.groupby('colour'):", Surroundings())

    assert seen.calls == ("df.groupby",)
    assert seen.question == "KeyError 'colour' groupby"
