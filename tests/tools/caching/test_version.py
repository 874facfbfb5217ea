"""A tool's version: what counts as the same tool, and what as another one."""

from __future__ import annotations

import functools
import importlib
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from victor_nb.tools import tool
from victor_nb.tools.caching.version import Version, code_hash, version_of


def loaded(folder: Path, name: str, text: str) -> types.ModuleType:
    """Write a module and import it, anew if it was imported before."""
    (folder / f"{name}.py").write_text(text)
    importlib.invalidate_caches()
    sys.modules.pop(name, None)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        return importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = before


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A folder of modules that can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


HELPER = "FACTOR = {factor}\ndef scaled(x):\n    return {body}\ndef unused(x):\n    return {unused}\n"
MAIN = "import versioned_helper\n{comment}\ndef work(x: int) -> int:\n    return versioned_helper.scaled(x)\n"


def version(folder: Path, factor: int = 2, body: str = "x * FACTOR", unused: str = "x", comment: str = "") -> Version:
    """Return the version of a function that uses a function of another module."""
    loaded(folder, "versioned_helper", HELPER.format(factor=factor, body=body, unused=unused))
    return version_of(loaded(folder, "versioned_main", MAIN.format(comment=comment)).work)


def test_comments_places_and_functions_that_are_not_used_do_not_count(modules):
    """The same code in another place of its file is the same tool."""
    first = version(modules)

    assert version(modules, comment="# further\n# down") == first
    assert version(modules, unused="x + 1") == first


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"body": "x + FACTOR"}, "function scaled in versioned_helper.py"),
        ({"factor": 3}, "FACTOR"),
    ],
)
def test_functions_and_constants_of_other_modules_of_the_project_count(modules, changed, told):
    """The part that changed can be named."""
    first, second = version(modules).parts, version(modules, **changed).parts

    assert [name for name in second if second[name] != first.get(name)] == [told]


def test_an_edited_module_that_was_not_reloaded_is_what_it_was(modules):
    """What runs counts, not what the file says."""
    first = version(modules)
    (modules / "versioned_helper.py").write_text(HELPER.format(factor=9, body="0", unused="x"))

    assert version_of(sys.modules["versioned_main"].work) == first


def parts(function: Any) -> dict[str, str]:
    return version_of(function).parts


SETTINGS = {"deep": [1, {"rate": 0.5}]}


def test_values_count_by_content():
    """Globals, defaults, closures, bound objects and arguments of partials: changed in place, they are others."""

    class Scale:
        """Scales."""

        def __init__(self, by: int) -> None:
            self.by = by

        def of(self, x: int) -> int:
            """Scale."""
            return x * self.by

    def uses_globals(x: int) -> object:
        """Use a global."""
        return x, SETTINGS

    def made(by: object) -> Any:
        def closed(x: int) -> object:
            """Close over something."""
            return x, by

        return closed

    def with_default(x: int, by: list[int] = [1]) -> object:  # noqa: B006
        """Have a default."""
        return x, by

    before = parts(uses_globals)
    SETTINGS["deep"][1]["rate"] = 0.25  # type: ignore[index]
    assert parts(uses_globals) != before
    assert parts(made(1)) != parts(made(2))
    assert parts(made([1])) == parts(made([1]))
    assert parts(Scale(1).of) != parts(Scale(2).of)
    assert parts(Scale(1).of) == parts(Scale(1).of)
    assert parts(functools.partial(uses_globals, 1)) != parts(functools.partial(uses_globals, 2))
    before = parts(with_default)
    with_default.__defaults__[0].append(2)  # type: ignore[index]
    assert parts(with_default) != before


def test_code_that_is_handed_over_counts():
    """A function in a table, another tool, a class and its bases, a decorator and what it wraps."""

    def twice(x: int) -> int:
        return 2 * x

    def thrice(x: int) -> int:
        return 3 * x

    def through(handed: Any) -> Any:
        def work(x: int) -> object:
            """Work."""
            return handed, x

        return work

    def base(by: int) -> type:
        class Base:
            BY = by

        return type("Derived", (Base,), {})

    def decorated(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(x: int) -> object:
            return function(x)

        return wrapper

    for one, other in [
        ({"f": twice}, {"f": thrice}),
        ([twice], [thrice]),
        (tool(effect="pure")(twice), tool(effect="pure")(thrice)),
        (base(1), base(2)),
        (decorated(twice), decorated(thrice)),
        (re.compile("a"), re.compile("b")),
    ]:
        assert parts(through(one)) != parts(through(other)), one
        assert parts(through(one)) == parts(through(one)), one


@functools.lru_cache
def remembered(x: int) -> int:
    """Remember."""
    return x


def test_what_cannot_be_compared_is_a_blind_spot():
    """Results that are remembered in memory, open things, native packages."""
    import pyarrow

    handle = sys.stdout

    def uses(x: int) -> object:
        """Use all of it."""
        return remembered(x), handle, pyarrow.array([x])

    blind = version_of(uses).blind
    assert "pyarrow" in blind["native"]
    assert blind["memory"] in {
        "remembered remembers its results in memory",
        "handle is an object in memory (_pytest.capture.EncodedFile)",
    } or blind["memory"].startswith("handle is an object in memory")


def test_versions_stand_for_installed_packages():
    """Their code is not read; the version changes with them."""
    import pandas as pd

    def table(x: int) -> object:
        """Make a table."""
        return pd.DataFrame({"a": [x]})

    assert parts(table)["pandas"] == pd.__version__


def test_what_a_set_in_code_looks_like_depends_on_no_seed():
    """A frozen set has another order in another process."""
    one = compile("x in {'a', 'b', 'c'}", "f", "eval")
    other = compile("x in {'c', 'b', 'a'}", "g", "eval")

    assert code_hash(one) == code_hash(other)


def test_functions_that_name_each_other_come_to_an_end():
    """And so do objects that hold themselves."""
    loop: list[object] = []
    loop.append(loop)

    def even(n: int) -> object:
        """Even."""
        return loop if n == 0 else odd(n - 1)

    def odd(n: int) -> object:
        return even(n - 1)

    assert parts(even) == parts(even)
