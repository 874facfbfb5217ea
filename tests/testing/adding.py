"""An agent that adds, for the tests of the test library."""

from __future__ import annotations

from victor_nb import Agent, tool
from victor_nb.testing import ScriptedModel, Turn


@tool(effect="pure")
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(approval=True)
def publish(text: str) -> str:
    """Publish a text."""
    return f"published {text}"


SCRIPT = [Turn(calls=(("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4}))), "Both are odd: 3 and 7."]


def adder(*turns: Turn | str | Exception, tools=(add,), **options) -> Agent:
    """An agent that follows a script; the usual one if none is given."""
    return Agent(name="adder", model=ScriptedModel(turns or SCRIPT), tools=list(tools), **options)
