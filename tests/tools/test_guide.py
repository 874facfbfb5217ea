"""The guide to tools says what is."""

from __future__ import annotations

import re
from pathlib import Path

from victor_nb.tools import registry
from victor_nb.tools.registering import ToolRegistry

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "tools.md").read_text(encoding="utf-8")


def test_the_examples_run_in_order(capsys, monkeypatch):
    """Every Python block of the guide runs after those above it."""
    monkeypatch.setattr("victor_nb.tools.defaults.registry", ToolRegistry())
    namespace: dict[str, object] = {"__name__": "guide"}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "guide", "exec", dont_inherit=True), namespace)
    printed = capsys.readouterr().out
    assert "Did you mean 'height'" in printed
    assert "Ada" in printed


def test_every_built_in_tool_and_toolset_is_in_the_guide():
    """Nothing is built in that nobody can read about."""
    for name in [t.name for t in registry] + [s.name for s in registry.toolsets()]:
        assert f"`{name}`" in GUIDE
