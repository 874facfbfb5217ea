"""The documentation knows every public name, setting, verb and event type."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

from victor_nb.commands.verbs import VERBS

DOCS = Path(__file__).parents[2] / "docs"
ROOMS = ("journal", "agents", "tools", "models", "testing")


@pytest.mark.parametrize("room", ROOMS)
def test_the_reference_lists_exactly_the_public_names(room):
    """A name that is added, renamed or removed is so in the reference too."""
    module = importlib.import_module(f"victor_nb.{room}")
    listed = re.findall(rf"auto\w+:: victor_nb\.{room}\.(\w+)", (DOCS / "api" / f"{room}.md").read_text())

    assert sorted(listed) == sorted(module.__all__)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_class_and_function_says_what_it_is(room):
    """Nobody has to read the code to know what a name is for."""
    module = importlib.import_module(f"victor_nb.{room}")
    public = {name: getattr(module, name) for name in module.__all__}
    told = (inspect.isclass, inspect.isfunction)
    silent = [name for name, value in public.items() if any(ask(value) for ask in told) and not value.__doc__]

    assert silent == []


def test_every_verb_is_in_the_guides():
    """A verb that is in no guide does not exist for a reader."""
    guides = " ".join(path.read_text() for path in DOCS.rglob("*.md"))

    assert [verb for verb in VERBS if not re.search(rf"victor {verb}\b", guides)] == []
