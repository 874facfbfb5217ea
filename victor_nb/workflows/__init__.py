"""Many steps: graphs of nodes with a state that is durable, drawn and can travel in time.

Names resolve on first use, so that a drawing needs no engine and an engine no drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .shape import END, START, EdgeShape, GraphShape, NodeShape

if TYPE_CHECKING:
    from .control import PARENT, Command, Interrupt, Send, send
    from .errors import (
        ConcurrentWrites,
        ExecutorLost,
        GraphChanged,
        InvalidState,
        InvalidUpdate,
        InvalidWorkflow,
        NodeFailed,
        NodeTimeout,
        Problem,
        ResumeMismatch,
        StepLimitReached,
        WorkflowStopped,
    )
    from .executors import NodeExecutor
    from .graph import Workflow
    from .policies import CachePolicy, RetryPolicy
    from .reducers import Ephemeral, Overwrite, Remove, add_messages, append
    from .results import WorkflowResult
    from .runtime import Runtime, current_runtime, interrupt
    from .settings import Options
    from .streaming import StreamPart, WorkflowStream
    from .travel import WorkflowRun

_HOME = {
    "PARENT": "control",
    "CachePolicy": "policies",
    "Command": "control",
    "ConcurrentWrites": "errors",
    "Ephemeral": "reducers",
    "ExecutorLost": "errors",
    "GraphChanged": "errors",
    "Interrupt": "control",
    "InvalidState": "errors",
    "InvalidUpdate": "errors",
    "InvalidWorkflow": "errors",
    "NodeExecutor": "executors",
    "NodeFailed": "errors",
    "NodeTimeout": "errors",
    "Options": "settings",
    "Overwrite": "reducers",
    "Problem": "errors",
    "Remove": "reducers",
    "ResumeMismatch": "errors",
    "RetryPolicy": "policies",
    "Runtime": "runtime",
    "Send": "control",
    "StepLimitReached": "errors",
    "StreamPart": "streaming",
    "Workflow": "graph",
    "WorkflowResult": "results",
    "WorkflowRun": "travel",
    "WorkflowStopped": "errors",
    "WorkflowStream": "streaming",
    "add_messages": "reducers",
    "append": "reducers",
    "current_runtime": "runtime",
    "interrupt": "runtime",
    "send": "control",
}

__all__ = [
    "END",
    "PARENT",
    "START",
    "CachePolicy",
    "Command",
    "ConcurrentWrites",
    "EdgeShape",
    "Ephemeral",
    "ExecutorLost",
    "GraphChanged",
    "GraphShape",
    "Interrupt",
    "InvalidState",
    "InvalidUpdate",
    "InvalidWorkflow",
    "NodeExecutor",
    "NodeFailed",
    "NodeShape",
    "NodeTimeout",
    "Options",
    "Overwrite",
    "Problem",
    "Remove",
    "ResumeMismatch",
    "RetryPolicy",
    "Runtime",
    "Send",
    "StepLimitReached",
    "StreamPart",
    "Workflow",
    "WorkflowResult",
    "WorkflowRun",
    "WorkflowStopped",
    "WorkflowStream",
    "add_messages",
    "append",
    "current_runtime",
    "interrupt",
    "send",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.workflows' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
