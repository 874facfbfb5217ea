"""The documentation knows every public name and every verb; new ones get their place by themselves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import victor_nb
from victor_nb.commands import VERBS

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "extensions"))
outside = importlib.import_module("outside")

MODULES = [f"victor_nb.{found.name}" for found in pkgutil.iter_modules(victor_nb.__path__)]
WITH_NAMES = [name for name in MODULES if hasattr(importlib.import_module(name), "__all__")]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages that a build of the site brings, by their path below `docs/`."""
    return outside.pages()


@pytest.mark.parametrize("module", WITH_NAMES)
def test_a_room_s_page_lists_exactly_its_public_names(pages, module):
    """A name that is added, renamed or removed is so in the reference too."""
    page = pages[f"api/generated/{module.rpartition('.')[2]}.md"]
    listed = re.findall(rf"^\.\. [\w:]+:: {re.escape(module)}\.(\w+)$", page, re.MULTILINE)

    assert sorted(listed) == sorted(importlib.import_module(module).__all__)


def test_the_package_s_page_lists_exactly_its_public_names(pages):
    """Names at the root are listed with links to the rooms where they are explained."""
    row = re.compile(r"^\| (?:\{py:obj\})?`(?:~[\w.]+\.)?(\w+)` \| \S", re.MULTILINE)
    listed = row.findall(pages["api/generated/victor_nb.md"])

    assert sorted(listed) == sorted(victor_nb.__all__)


@pytest.mark.parametrize("module", [name for name in MODULES if name != "victor_nb.version"])
def test_every_room_has_a_page_that_says_what_it_is_for(pages, module):
    """A new room is in the reference without anybody thinking of it."""
    opening = inspect.cleandoc(importlib.import_module(module).__doc__)

    assert opening in pages[f"api/generated/{module.rpartition('.')[2]}.md"]


@pytest.mark.parametrize("module", WITH_NAMES)
def test_every_public_class_and_function_says_what_it_is(module):
    """Nobody has to read the code to know what a name is for."""
    room = importlib.import_module(module)
    public = {name: getattr(room, name) for name in room.__all__}
    told = (inspect.isclass, inspect.isfunction)
    silent = [name for name, value in public.items() if any(ask(value) for ask in told) and not value.__doc__]

    assert silent == []


@pytest.mark.parametrize("verb", VERBS)
def test_the_reference_shows_the_help_of_every_verb(pages, verb):
    """What `--help` prints can be read without installing anything."""
    assert f"\n## {verb}\n" in pages["api/generated/verbs.md"]
    assert f"Usage: victor {verb}" in pages["api/generated/verbs.md"]


def test_every_notebook_is_a_page(pages):
    """The tutorial and the recipes are read on the site, from one original."""
    originals = [*DOCS.parent.glob("notebooks/*.ipynb"), *DOCS.parent.glob("cookbook/*.ipynb")]

    assert originals
    assert {path.read_text(encoding="utf-8") for path in originals} <= set(pages.values())


def test_nothing_that_a_build_brings_is_under_version_control():
    """There is one original of everything; git ignores the copies."""
    ignored = (DOCS.parent / ".gitignore").read_text(encoding="utf-8").splitlines()
    folders = {f"docs/{Path(path).parent.as_posix()}/" for path in outside.pages()}

    assert folders <= set(ignored)
