"""One agent: a model and tools in a loop, durable, approved where needed, within a budget.

Importing this package imports no agent framework; `warm()` does, ahead of the first run, in any thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.agents.agent import Agent
    from victor_nb.agents.approvals import ApprovalRequest, Approver, Decision, PolicyApprover, call_hash
    from victor_nb.agents.budget import Budget, Usage
    from victor_nb.agents.errors import (
        AnswerInvalid,
        ApprovalDenied,
        BudgetExceeded,
        FrameworkChanged,
        ModelFailed,
        PriceUnknown,
        RequestChanged,
        RunStopped,
        ToolSetupError,
    )
    from victor_nb.agents.results import AgentResult
    from victor_nb.agents.selecting import ToolSelection
    from victor_nb.agents.stream import AgentStream

_HOME = {
    "Agent": "agent",
    "AgentResult": "results",
    "AgentStream": "stream",
    "AnswerInvalid": "errors",
    "ApprovalDenied": "errors",
    "ApprovalRequest": "approvals",
    "Approver": "approvals",
    "Budget": "budget",
    "BudgetExceeded": "errors",
    "Decision": "approvals",
    "FrameworkChanged": "errors",
    "ModelFailed": "errors",
    "PolicyApprover": "approvals",
    "PriceUnknown": "errors",
    "RequestChanged": "errors",
    "RunStopped": "errors",
    "ToolSelection": "selecting",
    "ToolSetupError": "errors",
    "Usage": "budget",
    "call_hash": "approvals",
}

__all__ = [
    "Agent",
    "AgentResult",
    "AgentStream",
    "AnswerInvalid",
    "ApprovalDenied",
    "ApprovalRequest",
    "Approver",
    "Budget",
    "BudgetExceeded",
    "Decision",
    "FrameworkChanged",
    "ModelFailed",
    "PolicyApprover",
    "PriceUnknown",
    "RequestChanged",
    "RunStopped",
    "ToolSelection",
    "ToolSetupError",
    "Usage",
    "call_hash",
    "warm",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.agents' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


def warm() -> None:
    """Import what the first run needs, about a second of work; safe to call in any thread and more than once."""
    from importlib import import_module

    import_module(".execution", __name__)
