"""Victor NB: durable, reproducible AI agents in Jupyter.

Names resolve on first use (PEP 562), so that importing the package, or loading the notebook extension,
imports none of the libraries behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from victor_nb.agents import Agent, AgentResult, Budget
    from victor_nb.assist import docs
    from victor_nb.errors import VictorError
    from victor_nb.insight import metrics
    from victor_nb.journal import Effect, Journal, current_step, open_journal
    from victor_nb.pipelines import Pipeline, glue
    from victor_nb.retention import gc
    from victor_nb.retrieval import Index
    from victor_nb.tools import Artifact, Toolset, tool
    from victor_nb.workflows import END, START, Command, RetryPolicy, Send, Workflow, interrupt, send, step, workflow

_HOME = {
    "Agent": "agents",
    "AgentResult": "agents",
    "Artifact": "tools",
    "Budget": "agents",
    "Command": "workflows",
    "END": "workflows",
    "Effect": "journal",
    "Index": "retrieval",
    "Journal": "journal",
    "Pipeline": "pipelines",
    "RetryPolicy": "workflows",
    "START": "workflows",
    "Send": "workflows",
    "Toolset": "tools",
    "VictorError": "errors",
    "Workflow": "workflows",
    "current_step": "journal",
    "docs": "assist",
    "gc": "retention",
    "glue": "pipelines",
    "interrupt": "workflows",
    "metrics": "insight",
    "open_journal": "journal",
    "send": "workflows",
    "step": "workflows",
    "tool": "tools",
    "workflow": "workflows",
}

__all__ = [
    "END",
    "START",
    "Agent",
    "AgentResult",
    "Artifact",
    "Budget",
    "Command",
    "Effect",
    "Index",
    "Journal",
    "Pipeline",
    "RetryPolicy",
    "Send",
    "Toolset",
    "VictorError",
    "Workflow",
    "__version__",
    "current_step",
    "docs",
    "gc",
    "glue",
    "interrupt",
    "load_ipython_extension",
    "metrics",
    "open_journal",
    "send",
    "step",
    "tool",
    "unload_ipython_extension",
    "workflow",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load the magics (`%load_ext victor_nb`)."""
    from victor_nb.notebook.extension import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away and put back what loading replaced (`%unload_ext victor_nb`)."""
    from victor_nb.notebook.extension import unload_ipython_extension as unload

    unload(shell)
