"""The guide for those who come from LangGraph: what it shows runs."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "from-langgraph.md"


def test_the_examples_run_in_order(capsys, monkeypatch, tmp_path):
    """Every Python block, after those above it."""
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, str(GUIDE), "exec", dont_inherit=True), namespace)

    printed = capsys.readouterr().out
    assert "['About tea.', 'Reviewed: fine.']" in printed
    assert printed.count("charged 30") == 1
    assert "likes green tea" in printed
    assert "('users',)" in printed
