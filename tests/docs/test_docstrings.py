"""Examples in the docstrings of public names do what they show."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import victor_nb


def examples() -> dict[str, doctest.DocTest]:
    """The examples of everything public, by the name of what they explain."""
    finder, found = doctest.DocTestFinder(exclude_empty=True), {}
    for module in pkgutil.iter_modules(victor_nb.__path__):
        room = importlib.import_module(f"victor_nb.{module.name}")
        for name in getattr(room, "__all__", ()):
            value = getattr(room, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                tests = finder.find(value, f"{module.name}.{name}", module=False, globs={})
                found |= {test.name: test for test in tests if test.examples}
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_does_what_it_shows(name):
    """What a reader pastes from the reference works."""
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(EXAMPLES[name])

    assert result.failed == 0


def test_what_everybody_begins_with_has_an_example():
    """The names of the first page show how they are used."""
    assert {"agents.Agent", "tools.tool", "journal.Journal"} <= EXAMPLES.keys()
