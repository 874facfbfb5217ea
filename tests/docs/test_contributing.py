"""What the page for contributors tells one to write does what it says there."""

from __future__ import annotations

import asyncio
import re
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from victor_nb.commands import Session, invoke
from victor_nb.commands.verbs import VERBS, Verb
from victor_nb.journal import Effect

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
VERB, TOOL = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def module_of(name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that a contributor would have written."""
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    exec(compile(source, name, "exec", dont_inherit=True), made.__dict__)
    return made


def test_the_verb_works_from_its_line_in_the_table(monkeypatch, tmp_path):
    """A module and a line are all that a verb needs: help, flags and JSON come with it."""
    module_of("victor_nb.commands.names", VERB, monkeypatch)
    line = re.search(r'`"(?P<verb>\w+)": (?P<row>Verb\(.*?\))`', PAGE)
    assert line is not None
    monkeypatch.setitem(VERBS, line["verb"], eval(line["row"], {"Verb": Verb}))
    monkeypatch.setenv("VICTOR_JOURNAL", "memory:")
    session = Session(start=tmp_path)
    for name in ("bob", "ann", "bob"):
        session.journal().start("agent", name).finish(None)

    assert invoke(["names"], session).to_json() == [{"agent": "ann"}, {"agent": "bob"}]
    assert "Example: victor names" in invoke(["names", "--help"], session).to_text()
    session.close()


def test_the_tool_works(monkeypatch):
    """It is called as a model calls it, and says what it does to the world."""
    clock = module_of("victor_nb.tools.builtin.clock", TOOL, monkeypatch).clock(lambda: datetime(2030, 1, 1, 12))
    (tool,) = clock

    assert asyncio.run(tool.call({})) == "2030-01-01T12:00:00"
    assert tool.effect is Effect.READ
