"""What importing and declaring may not load."""

from __future__ import annotations

import subprocess
import sys

HEAVY = "pandas numpy numexpr matplotlib duckdb pydantic pydantic_core pydantic_ai griffe yaml sklearn psutil"


def loaded_after(code: str) -> str:
    """Return which heavy modules a fresh interpreter has loaded after running some code."""
    report = f"import sys; print(*[m for m in {HEAVY.split()!r} if m in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_importing_the_room_loads_nothing_heavy():
    """`import victor_nb.tools` is cheap."""
    assert loaded_after("import victor_nb.tools") == ""


def test_declaring_a_tool_loads_nothing_heavy():
    """The schema is built on use, not when the decorator runs."""
    assert (
        loaded_after("from victor_nb.tools import tool\n@tool\ndef f(x: int) -> int:\n    'Doc.'\n    return x") == ""
    )


def test_the_default_registry_lists_every_tool_without_loading_anything_heavy():
    """Listing and searching tools needs no table library, no model library."""
    assert (
        loaded_after("from victor_nb.tools import registry\nassert len(registry) > 20\nregistry.search('plot')") == ""
    )


def test_a_plot_leaves_pyplot_alone():
    """Plots use matplotlib's object API: no current figure, no backend chosen for the user."""
    code = """
import asyncio, pandas, sys
from victor_nb.tools import kernel_variables
frame = pandas.DataFrame({"x": [1.0, 2.0, 4.0], "g": ["a", "b", "a"]})
plot = next(t for t in kernel_variables({"df": frame}) if t.name == "plot_columns")
for y in ("x", "g", None):
    asyncio.run(plot.call({"variable": "df", "x": "g", "y": y}))
assert "matplotlib.pyplot" not in sys.modules, "pyplot was imported"
"""
    assert "matplotlib" in loaded_after(code)
