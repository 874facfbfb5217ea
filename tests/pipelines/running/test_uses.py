"""What a function uses besides its arguments decides with its code whether its result is still good."""

from __future__ import annotations

import types

import pytest

from victor_nb.pipelines.running.uses import used_by


def made(source: str):
    """Return the function `work` of a module with that source."""
    module = types.ModuleType("made")
    exec(compile(source, "<made>", "exec"), module.__dict__)
    return module.work


HELPED = "def helper(n):\n    return n + {0}\ndef work(n):\n    return [helper(n) for _ in range(2)]\n"


@pytest.mark.parametrize(
    "source",
    [
        HELPED,
        "FACTORS = [{0}]\ndef work(n):\n    return n * FACTORS[0]\n",
        "FACTOR = {0}\ndef work(n):\n    return n * FACTOR\n",
        "def work(n, factor={0}):\n    return n * factor\n",
        "def around(k):\n    def work(n):\n        return n * k\n    return work\nwork = around({0})\n",
    ],
    ids=["helper", "list", "global", "default", "closure"],
)
def test_a_change_around_a_function_is_seen(source):
    """In helpers, globals, defaults and closures; the same source is the same."""
    assert used_by(made(source.format(1))) == used_by(made(source.format(1)))
    assert used_by(made(source.format(1))) != used_by(made(source.format(2)))


def test_what_cannot_be_stored_counts_by_its_type():
    """A connection or a lock is no part of what a result depends on."""
    source = "import threading\nLOCK = threading.Lock()\ndef work(n):\n    with LOCK:\n        return n\n"

    assert used_by(made(source)) == used_by(made(source))


def test_lists_that_are_no_constants_do_not_count():
    """A memo or a counter changes while functions run, and must not have them run again."""
    source = "seen = [{0}]\ndef work(n):\n    seen.append(n)\n    return n\n"

    assert used_by(made(source.format(1))) == used_by(made(source.format(2)))


def test_functions_that_call_each_other_are_followed_once():
    """Circles end."""
    assert used_by(made("def work(n):\n    return other(n)\ndef other(n):\n    return work(n)\n"))
