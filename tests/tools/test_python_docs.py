"""Documentation of live objects, found without running them."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from tests.tools.calling import call
from victor_nb.tools import ToolArgumentError, ToolRefused, python_docs


class Thing:
    """A thing with a property.

    It has more to say.
    """

    size: int = 3

    @property
    def danger(self) -> int:
        """A property that must not be computed."""
        raise AssertionError("computed")

    @staticmethod
    def make(n: int = 1) -> Thing:
        """Make one."""
        return Thing()

    def act(self, speed: float, *, quietly: bool = False) -> str:
        """Do it."""
        return ""


@pytest.fixture
def tools():
    """The toolset over a namespace with a class, an object and a table."""
    return python_docs({"Thing": Thing, "thing": Thing(), "df": pd.DataFrame({"a": [1]}), "n": 3})


def ask(tools, name):
    return call(tools, "python_help", name=name)


def test_a_class_is_documented(tools):
    """Signature, docstring, source and members with their first lines."""
    answer = ask(tools, "Thing")
    assert (answer["kind"], answer["signature"]) == ("class", "()")
    assert answer["doc"].startswith("A thing with a property.\n\nIt has more")
    assert "test_python_docs.py:" in answer["source"]
    assert answer["members"]["act"] == "Do it."
    assert answer["members"]["danger"] == "A property that must not be computed."
    assert answer["members"]["size"] == "int"


def test_a_method_and_a_property_are_documented_without_running(tools):
    """Of a class or of an object."""
    assert ask(tools, "thing.act")["signature"] == "(self, speed: 'float', *, quietly: 'bool' = False) -> 'str'"
    assert ask(tools, "Thing.make")["signature"] == "(n: 'int' = 1) -> 'Thing'"
    answer = ask(tools, "thing.danger")
    assert (answer["kind"], answer["doc"]) == ("property", "A property that must not be computed.")
    assert "source" in answer


def test_an_object_is_documented_by_its_class(tools):
    """With its value, cut, and the members that it has."""
    answer = ask(tools, "n")
    assert (answer["kind"], answer["type"], answer["value"]) == ("object", "int", "3")
    assert "bit_length" in answer["members"]
    assert "groupby" in ask(tools, "df.groupby")["name"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("len", "function"),
        ("dict.get", "function"),
        ("json", "module"),
        ("json.dumps", "function"),
        ("os.path.join", "function"),
        ("collections.abc.Mapping", "class"),
        ("pandas.DataFrame.merge", "function"),
        ("xml.etree.ElementTree.parse", "function"),
        ("victor_nb.tools.Toolset", "class"),
        ("victor_nb.tools.sql", "function"),
    ],
)
def test_builtins_and_installed_modules_are_documented(tools, name, kind):
    """Also those that are not imported yet, and names that a module loads on use."""
    answer = ask(tools, name)
    assert answer["kind"] == kind
    assert answer["doc"]


def test_a_variable_hides_a_module_of_its_name():
    """The user's names come first."""
    assert ask(python_docs({"json": 3}), "json")["type"] == "int"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("not a name", "no dotted name"),
        ("os.system('true')", "no dotted name"),
        ("a" * 10 + ".b" * 50, "no dotted name"),
        ("nothing_here", "no variable and no installed package"),
        ("pandass.DataFrame", "Did you mean 'pandas'"),
        ("json.dumbs", "there is no 'dumbs'. Did you mean 'dumps'"),
        ("Thing.size.nothing", "there is no 'nothing'"),
        ("thing.acts", "Did you mean 'act'"),
    ],
)
def test_what_is_not_there_is_said(tools, name, says):
    """With the nearest name."""
    with pytest.raises(ToolArgumentError, match=says):
        ask(tools, name)


def test_modules_that_do_something_are_not_imported(tools, monkeypatch):
    """Asking for documentation opens no browser."""
    monkeypatch.delitem(sys.modules, "antigravity", raising=False)
    with pytest.raises(ToolRefused, match="'antigravity' is not imported"):
        ask(tools, "antigravity")
    assert "antigravity" not in sys.modules


def test_a_file_of_the_project_is_not_imported(tools, tmp_path, monkeypatch):
    """Importing it would run it."""
    (tmp_path / "my_script.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ToolRefused, match=r"(?s)'my_script' is not imported.*import it in a cell first"):
        ask(tools, "my_script.main")


def test_long_documentation_is_cut(tools):
    """A class with two hundred members, and docstrings of a megabyte, stay short."""

    class Wide:
        pass

    Wide.__doc__ = "x" * 1_000_000
    for i in range(200):
        setattr(Wide, f"m{i:03}", i)
    answer = ask(python_docs({"Wide": Wide}), "Wide")
    assert len(answer["doc"]) <= 6000
    assert len(answer["members"]) == 80
