"""The checklist is whole: each of its lines has a test that names it, or a row in the guide that says why not."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from tests.workflows.checklist import LINES

HERE = Path(__file__).parent
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "from-langgraph.md"


def lines_tested() -> dict[int, list[str]]:
    """The tests of each line."""
    found: dict[int, list[str]] = {}
    for path in sorted(HERE.glob("test_checklist_*.py")):
        module = import_module(f"{__package__}.{path.stem}")
        for name, test in vars(module).items():
            for number in getattr(test, "checklist", ()) if name.startswith("test_") else ():
                found.setdefault(number, []).append(f"{path.stem}.{name}")
    return found


def lines_told() -> set[int]:
    """The lines that the guide says we do otherwise."""
    return {int(number) for number in re.findall(r"^\| (\d+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)}


def test_every_line_has_a_test_or_a_reason():
    """Nobody who comes from there misses anything without being told."""
    missing = LINES.keys() - lines_tested().keys() - lines_told()

    assert missing == set(), "\n".join(f"{number}. {LINES[number]}" for number in sorted(missing))


def test_the_list_has_all_its_lines():
    """One to seventy-two."""
    assert list(LINES) == list(range(1, 73))


def test_what_the_guide_calls_different_is_on_the_list():
    """A row of the guide is about one of the lines."""
    assert lines_told() <= LINES.keys()
