"""`@tool`: what becomes a tool, what cannot, and what a tool does when it is called."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import pydoc
import threading
from dataclasses import FrozenInstanceError

import pytest

from victor_nb.journal import Effect
from victor_nb.tools import DuplicateTool, Tool, ToolArgumentError, ToolDeclarationError, Toolset, tool
from victor_nb.tools.methods import tool_method, tools_of


@tool
def double(number: int) -> int:
    """Double a number.

    It is exact.

    Args:
        number: what to double.
    """
    return number * 2


@tool(name="shout", category="text", cost="low", effect="pure", keywords=["loud"], approval=True)
async def cry(words: str = "hey") -> str:
    """Write in capitals."""
    await asyncio.sleep(0)
    return words.upper()


def test_three_lines_make_a_tool():
    """Name, description and schema come from the function; the effect class is the careful one."""
    assert (double.name, double.description) == ("double", "Double a number.\n\nIt is exact.")
    assert double.effect is Effect.EFFECT
    assert not double.approval
    assert double.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["number"],
        "properties": {"number": {"type": "integer", "description": "what to double."}},
    }


def test_options_are_kept():
    """Every option of the decorator is on the tool."""
    assert (cry.name, cry.category, cry.cost, cry.effect) == ("shout", "text", "low", Effect.PURE)
    assert cry.keywords == ("loud",)
    assert cry.approval


def test_a_tool_is_still_its_function():
    """It can be called, and inspected, as before."""
    assert double(4) == 8
    assert str(inspect.signature(double)) == "(number: 'int') -> 'int'"


def test_a_tool_does_not_change():
    """Tools are frozen."""
    with pytest.raises(FrozenInstanceError):
        double.name = "other"  # type: ignore[misc]


def test_calling_validates_and_converts():
    """JSON arguments are converted to the declared types."""
    assert asyncio.run(double.call({"number": "21"})) == 42
    assert asyncio.run(cry.call({})) == "HEY"


def test_a_plain_function_runs_in_a_worker_thread_with_the_context():
    """The event loop stays free, and context variables (the current step) are seen."""
    seen = contextvars.ContextVar("seen", default="nothing")

    @tool
    def where() -> list[str]:
        """Say where this runs."""
        return [threading.current_thread().name, seen.get()]

    async def main():
        seen.set("the step")
        return await where.call({})

    thread, value = asyncio.run(main())
    assert thread != threading.current_thread().name
    assert value == "the step"


def test_a_plain_function_may_return_something_to_wait_for():
    """A function that hands back a coroutine is awaited."""

    async def later() -> int:
        return 5

    assert asyncio.run(tool(name="later")(lambda: later()).call({})) == 5


def test_what_a_tool_raises_reaches_the_caller_unchanged():
    """A tool's own exception is the caller's business."""

    @tool
    def broken() -> None:
        """Fail."""
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(broken.call({}))


def _bare() -> None:
    """Do nothing."""


def no_hint(x):
    return x


def many(*args: int):
    return args


def named(**kwargs: int):
    return kwargs


def positional(x: int, /):
    return x


def odd_default(x: int = object()):  # type: ignore[assignment]
    return x


def not_a_number(x: float = float("nan")):
    return x


def generator(x: int):
    yield x


class Owner:
    def method(self, x: int):
        return x


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (no_hint, "parameter 'x' has no type hint"),
        (many, "any number of positional arguments"),
        (named, "any keyword arguments"),
        (positional, "is positional-only"),
        (odd_default, "the default of parameter 'x' cannot be written as JSON"),
        (not_a_number, "cannot be written as JSON"),
        (generator, "a generator cannot be a tool"),
        (Owner.method, "decorate the bound method"),
        (Owner, "a tool is made of a function"),
        (7, "a tool is made of a function"),
        (lambda: 1, "'<lambda>' cannot be a tool's name"),
        (double, "is a tool already"),
    ],
)
def test_a_bad_declaration_says_what_is_wrong_and_where(function, says):
    """The error comes when the decorator runs, and names the function's file and line."""
    with pytest.raises(ToolDeclarationError, match=says) as caught:
        tool(function)
    if inspect.isfunction(function):
        assert "test_declaring.py" in caught.value.where


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "two words"}, "cannot be a tool's name"),
        ({"cost": "huge"}, "unknown cost 'huge'"),
        ({"effect": "magic"}, "unknown effect 'magic'"),
        ({"keywords": "word"}, "must be a list of words"),
    ],
)
def test_a_bad_option_says_what_is_allowed(options, says):
    """Options are checked when the decorator runs."""
    with pytest.raises(ToolDeclarationError, match=says):
        tool(**options)(_bare)


def test_the_constructor_checks_too():
    """A `Tool` that was not made by the decorator obeys the same rules."""
    with pytest.raises(ToolDeclarationError, match="unknown effect"):
        Tool(name="x", description="", function=lambda: 1, effect="magic")  # type: ignore[arg-type]


def test_serialisable_defaults_are_accepted():
    """Containers of JSON values may be defaults."""

    @tool
    def many_defaults(a: list[int] = [1, 2], b: dict[str, str] = {"k": "v"}, c: float = 0.5) -> int:  # noqa: B006
        """Have defaults."""
        return len(a) + len(b)

    assert many_defaults.parameters["properties"]["a"]["default"] == [1, 2]
    assert many_defaults.parameters["properties"]["b"]["default"] == {"k": "v"}
    assert asyncio.run(many_defaults.call({})) == 3


def test_an_unresolvable_hint_says_so_at_first_use():
    """A name that does not exist where the function was written is an error of the declaration."""

    @tool
    def lost(x: Nowhere) -> int:  # type: ignore[name-defined]  # noqa: F821
        """Take what nobody knows."""
        return 1

    with pytest.raises(ToolDeclarationError, match="'Nowhere' is not defined"):
        _ = lost.parameters


def test_an_indescribable_hint_says_so_at_first_use():
    """A type that JSON cannot carry is an error of the declaration."""

    @tool
    def lock(x: threading.Thread) -> int:
        """Take a thread."""
        return 1

    with pytest.raises(ToolDeclarationError, match="cannot be described as JSON"):
        _ = lock.parameters


def test_a_toolset_refuses_two_tools_of_one_name():
    """The error names both places."""
    other = tool(name="double")(lambda: 1)
    with pytest.raises(DuplicateTool, match=r"double.*test_declaring.*and.*test_declaring"):
        Toolset("pair", (double, other))
    assert list(Toolset("single", (double,))) == [double]


class Counter:
    """An object with one tool and one other method."""

    def __init__(self) -> None:
        self.count = 0

    @tool_method(effect=Effect.EFFECT, keywords=("up",))
    def increase(self, by: int = 1) -> int:
        """Count up."""
        self.count += by
        return self.count

    def other(self) -> None:
        raise AssertionError("not a tool")


def test_marked_methods_become_tools_of_their_object():
    """Each object has its own tools, bound to it."""
    counter = Counter()
    (increase,) = tools_of(counter)
    assert asyncio.run(increase.call({"by": 3})) == 3
    assert counter.count == 3
    assert increase.keywords == ("up",)
    with pytest.raises(ToolArgumentError):
        increase.validate({"self": 1})


def test_objects_of_one_class_share_the_schemas_of_their_tools():
    """They are made once, and each object's tool still changes its own object alone."""
    one, other = Counter(), Counter()
    (increase,), (increase_other,) = tools_of(one), tools_of(other)

    assert increase.schema is increase_other.schema
    asyncio.run(increase_other.call({"by": 2}))
    assert (one.count, other.count) == (0, 2)


def test_help_is_about_the_function():
    """`help(tool)` and `tool?` show what its author wrote, and `tool??` the source."""

    @tool
    def area(width: float) -> float:
        """Compute an area."""
        return width

    shown = pydoc.render_doc(area, renderer=pydoc.plaintext)

    assert "Compute an area." in shown
    assert "A function with a name" not in shown
    assert inspect.getdoc(area) == "Compute an area."
    assert "return width" in inspect.getsource(inspect.unwrap(area))
