"""The registry, search, and categories from YAML."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.tools.calling import call
from victor_nb.journal import Effect
from victor_nb.tools import (
    CategoryFileError,
    DuplicateTool,
    ToolRefused,
    ToolRegistry,
    Toolset,
    ToolsetRecipe,
    UnknownTool,
    Workbench,
    load_categories,
    registry,
    tool,
)


@tool(category="maths", cost="free", effect="pure", keywords=["sum", "Total"])
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(category="maths", cost="low", effect="pure")
def multiply(a: int, b: int) -> int:
    """Multiply two numbers, for a total."""
    return a * b


@tool(category="mail", cost="high")
def send_mail(to: str) -> str:
    """Send a letter."""
    return to


@pytest.fixture
def few() -> ToolRegistry:
    """A registry with three tools."""
    filled = ToolRegistry()
    for member in (send_mail, add, multiply):
        filled.add(member)
    return filled


def test_tools_are_found_listed_and_counted(few):
    """A tool is got by name, and all of them in the order of their names."""
    assert few.get("add") is add
    assert [t.name for t in few.list()] == [t.name for t in few] == ["add", "multiply", "send_mail"]
    assert "add" in few
    assert "sub" not in few
    assert len(few) == 3


def test_finding_does_not_look_at_other_tools(few):
    """A name is found in constant time: no tool but the one asked for is touched."""

    class Counted(dict):
        lookups = 0

        def get(self, *args):
            Counted.lookups += 1
            return super().get(*args)

        def __iter__(self):
            raise AssertionError("the registry walked through its tools")

        keys = values = items = __iter__

    few._tools = Counted(few._tools)
    assert few.get("add") is add
    assert Counted.lookups == 1


def test_an_unknown_name_suggests_the_nearest(few):
    """A typo is answered with the name that was meant."""
    with pytest.raises(UnknownTool, match="Did you mean 'multiply'"):
        few.get("multiplie")


def test_add_serves_as_a_decorator():
    """What is added comes back, so `@registry.add` stands above `@tool`."""
    own = ToolRegistry()

    @own.add
    @tool
    def hello() -> str:
        """Greet."""
        return "hello"

    assert own.get("hello") is hello


def test_two_tools_of_one_name_are_an_error_that_names_both_places(few):
    """Neither is lost in silence, and the first one stays."""
    other = tool(name="add")(lambda: 1)
    with pytest.raises(DuplicateTool, match=r"test_registry\.add .*test_registry\.py:\d+.* and .*<lambda>"):
        few.add(other)
    assert few.get("add") is add


def test_a_toolset_with_one_taken_name_adds_nothing(few):
    """Adding is all or nothing."""
    fresh = tool(name="fresh")(lambda: 1)
    with pytest.raises(DuplicateTool):
        few.add(Toolset("more", (fresh, tool(name="add")(lambda: 1))))
    assert "fresh" not in few


def test_declaring_again_in_the_same_place_replaces():
    """A notebook cell may run twice."""
    own = ToolRegistry()

    def cell(answer):
        @own.add
        @tool
        def asked() -> int:
            """Answer."""
            return answer

        return asked

    cell(1)
    again = cell(2)
    assert own.get("asked") is again


def test_filters_combine(few):
    """Each condition narrows; none gives all."""
    assert few.filter(category="maths") == (add, multiply)
    assert few.filter(category="maths", cost="low") == (multiply,)
    assert few.filter(effect=Effect.EFFECT) == (send_mail,)
    assert few.filter(keyword="total") == (add,)
    assert few.filter() == few.list()


def test_search_ranks_name_over_keyword_over_description(few):
    """The best fit is first, and what does not fit is not there."""
    assert few.search("mail") == (send_mail,)
    assert few.search("total") == (add, multiply)
    assert few.search("multiply") == (multiply,)
    assert few.search("multi numbers")[0] is multiply
    assert few.search("maths", limit=1) == (add,)
    assert few.search("nothing like it") == ()
    assert few.search("") == ()


QUESTIONS = {
    "what are the columns": "list_columns",
    "missing values": "missing_values",
    "top 5 by price": "top_rows",
    "correlation of x and y": "correlate",
    "outliers in x": "outliers",
    "plot x by y": "plot_columns",
    "compare groups": "compare_groups",
    "sql join": "query_sql",
    "run shell command": "run_command",
    "documentation of a function": "python_help",
    "write a file": "write_file",
}


@pytest.mark.parametrize(("question", "expected"), QUESTIONS.items())
def test_the_built_in_tools_are_found_by_plain_words(question, expected):
    """Keywords are chosen so that a question finds its tool."""
    assert registry.search(question)[0].name == expected


def test_a_toolset_is_selected_whole_or_in_part():
    """A name is a toolset's or a tool's; each tool comes once, bound to the workbench."""
    bench = Workbench(namespace={"df": pd.DataFrame({"a": [1, 2]})})
    chosen = registry.select(["count_rows", "kernel_variables", "count_rows"], bench)
    assert [t.name for t in chosen].count("count_rows") == 1
    assert len(chosen) == 14
    assert call(Toolset("chosen", chosen), "count_rows", variable="df") == {"rows": 2, "columns": 1}
    assert registry.toolset_of("count_rows") == "kernel_variables"


def test_a_tool_registered_alone_is_selected_as_it_is(few):
    """Such a tool needs no workbench."""
    assert few.select(["add"], Workbench()) == (add,)
    assert few.toolset_of("add") == ""
    with pytest.raises(UnknownTool):
        few.select(["ad"], Workbench())


def test_a_bound_toolset_can_be_registered(few):
    """A toolset that needs nothing from a workbench is selected by its name."""
    few.add(Toolset("greetings", (tool(name="hi")(lambda: 1),)))
    assert [t.name for t in few.select(["greetings"], Workbench())] == ["hi"]
    assert [recipe.name for recipe in few.toolsets()] == ["greetings"]


def test_a_recipe_is_built_for_each_workbench():
    """Two agents on two workbenches do not share tools."""
    built = []

    def build(bench):
        built.append(bench)
        return Toolset("own", (tool(name="look")(lambda: 1),))

    own = ToolRegistry()
    own.add(ToolsetRecipe("own", "", build))
    bench = Workbench(namespace={"x": 1})
    own.select(["own"], bench)
    assert built == [Workbench(), bench]


def test_the_dangerous_built_in_tools_need_approval():
    """Everything that writes or runs asks first, and everything else does not."""
    assert {t.name for t in registry if t.approval} == {"run_python", "run_command", "write_file"}
    assert {t.name for t in registry if t.effect is Effect.EFFECT} == {"run_python", "run_command", "write_file"}


def test_without_a_kernel_python_is_refused():
    """The recipe needs a workbench that can execute."""
    (run,) = registry.select(["run_python"], Workbench())
    with pytest.raises(ToolRefused, match="no kernel"):
        call(Toolset("t", (run,)), "run_python", code="1")


@pytest.mark.parametrize("member", registry.list(), ids=lambda t: t.name)
def test_every_built_in_tool_is_well_described(member):
    """A model is told what it does, and of each parameter what it means and what role it has or bounds."""
    assert member.description
    assert member.category
    assert len(member.keywords) >= 3
    for name, schema in member.parameters["properties"].items():
        assert schema.get("description"), f"{name} has no description"


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "tools.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_categories_from_yaml_override_what_they_name(few, tmp_path):
    """A file changes category, cost and keywords, and leaves the rest."""
    few.apply(
        load_categories(
            written(tmp_path, "add:\n  category: sums\n  cost: high\n  keywords: [plus, and]\nmultiply: {}\n")
        )
    )
    changed = few.get("add")
    assert (changed.category, changed.cost, changed.keywords) == ("sums", "high", ("plus", "and"))
    assert changed(1, 2) == 3
    assert few.get("multiply").category == "maths"
    assert few.filter(category="sums") == (changed,)


def test_overrides_also_hold_for_toolsets_built_later(tmp_path):
    """What a workbench builds is overridden like what is listed."""
    own = ToolRegistry()
    own.add(ToolsetRecipe("own", "", lambda bench: Toolset("own", (tool(name="look")(lambda: 1),))))
    own.apply(load_categories(written(tmp_path, "look: {category: eyes}")))
    assert own.get("look").category == "eyes"
    assert own.select(["look"], Workbench())[0].category == "eyes"


def test_an_override_of_an_unknown_tool_changes_nothing(few, tmp_path):
    """The error names file and line."""
    file = written(tmp_path, "add: {category: sums}\n\nmultiplie: {category: sums}\n")
    with pytest.raises(CategoryFileError, match=r"'multiplie'. Did you mean 'multiply'") as caught:
        few.apply(load_categories(file))
    assert caught.value.where == f"{file}:3"
    assert few.get("add").category == "maths"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("add: [", 1, "this is not YAML"),
        ("- add", 1, "the file must be a mapping"),
        ("add: maths", 1, "tool 'add' must be a mapping"),
        ("add:\n  categry: x", 2, "unknown field 'categry' of tool 'add'. Did you mean 'category'"),
        ("add:\n  category: [x]", 2, "a word is expected"),
        ("add:\n  cost: fre", 2, "unknown cost 'fre'. Did you mean 'free'"),
        ("add:\n  keywords: x", 2, "a list of words is expected"),
        ("add: {}\nadd: {}", 2, "tool 'add' is there twice"),
        ("two words: {}", 1, "cannot be a tool's name"),
        ("add: !!python/object/apply:os.system ['true']", 1, "must be a mapping"),
    ],
)
def test_a_wrong_categories_file_is_told_its_line(tmp_path, text, line, says):
    """Every error of the file has its place."""
    file = written(tmp_path, text)
    with pytest.raises(CategoryFileError, match=says) as caught:
        load_categories(file)
    assert caught.value.where.startswith(f"{file}:{line}")


def test_an_empty_categories_file_says_nothing(tmp_path):
    """No overrides is allowed."""
    assert load_categories(written(tmp_path, "# nothing yet\n")) == {}


def test_a_missing_or_undecodable_categories_file_is_an_error(tmp_path):
    """The error names the file."""
    with pytest.raises(CategoryFileError, match="cannot read the categories"):
        load_categories(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"add: {category: \xe9t\xe9}")
    with pytest.raises(CategoryFileError, match="cannot read the categories"):
        load_categories(tmp_path / "latin.yaml")
