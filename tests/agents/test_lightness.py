"""Importing the room is cheap; running an agent, or `warm()`, loads the rest."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

HEAVY = ("pydantic", "pydantic_ai", "pandas", "numpy", "httpx", "httpx2", "opentelemetry")


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_agents_loads_no_heavy_library():
    """Declaring an agent and a budget does not either."""
    assert loaded_by("from victor_nb.agents import *\nAgent('a', tools=[len], budget=Budget(steps=1))") == set()


def test_warming_loads_the_agent_framework():
    """In any thread."""
    code = "import threading, victor_nb.agents as a\nt = threading.Thread(target=a.warm)\nt.start()\nt.join()"

    assert "pydantic_ai" in loaded_by(code)


def test_the_public_names_are_what_they_say():
    """Each resolves, and nothing else does."""
    agents = importlib.import_module("victor_nb.agents")

    for name in agents.__all__:
        assert getattr(agents, name) is not None
    assert sorted(agents.__all__) == agents.__dir__() or set(agents.__all__) == set(dir(agents))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = agents.nothing


def test_a_framework_that_does_not_fit_is_named(journal, monkeypatch):
    """An ImportError deep inside becomes an error with the version to install."""
    import asyncio

    from victor_nb.agents import Agent, FrameworkChanged

    monkeypatch.setitem(sys.modules, "victor_nb.agents.execution", None)

    with pytest.raises(FrameworkChanged, match="pip install"):
        asyncio.run(Agent("a").run("go", journal=journal))
