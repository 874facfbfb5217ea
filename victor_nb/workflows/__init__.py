"""Many steps: graphs of nodes with a state that is durable, drawn and can travel in time.

Names resolve on first use, so that a drawing needs no engine and an engine no drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.workflows.shape import END, START, EdgeShape, GraphShape, NodeShape

if TYPE_CHECKING:
    from victor_nb.workflows.control import PARENT, Command, Interrupt, Send, send
    from victor_nb.workflows.errors import (
        CannotMove,
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
    from victor_nb.workflows.executors import NodeExecutor
    from victor_nb.workflows.functional import Final, FunctionWorkflow, Handle, StepFunction, step, workflow
    from victor_nb.workflows.graph import Workflow
    from victor_nb.workflows.memory import Embedder, Item, Memory
    from victor_nb.workflows.policies import CachePolicy, RetryPolicy
    from victor_nb.workflows.reducers import (
        Default,
        Ephemeral,
        MessagesState,
        Overwrite,
        Remove,
        add_messages,
        append,
        last,
        union,
    )
    from victor_nb.workflows.results import WorkflowResult
    from victor_nb.workflows.runtime import Runtime, current_runtime, interrupt
    from victor_nb.workflows.settings import Options
    from victor_nb.workflows.streaming import StreamPart, WorkflowStream
    from victor_nb.workflows.travel import Checkpoint, RunDiff, WorkflowRun
    from victor_nb.workflows.yaml_file import (
        ExpressionFailed,
        FileUnreadable,
        InvalidExpression,
        NotWritable,
        load_workflow,
        workflow_from_yaml,
        workflow_schema,
        workflow_to_yaml,
    )

_HOME = {
    "CachePolicy": "policies",
    "CannotMove": "errors",
    "Checkpoint": "travel",
    "Command": "control",
    "ConcurrentWrites": "errors",
    "Default": "reducers",
    "Embedder": "memory",
    "Ephemeral": "reducers",
    "ExecutorLost": "errors",
    "ExpressionFailed": "yaml_file",
    "FileUnreadable": "yaml_file",
    "Final": "functional",
    "FunctionWorkflow": "functional",
    "GraphChanged": "errors",
    "Handle": "functional",
    "Interrupt": "control",
    "InvalidExpression": "yaml_file",
    "InvalidState": "errors",
    "InvalidUpdate": "errors",
    "InvalidWorkflow": "errors",
    "Item": "memory",
    "Memory": "memory",
    "MessagesState": "reducers",
    "NodeExecutor": "executors",
    "NodeFailed": "errors",
    "NodeTimeout": "errors",
    "NotWritable": "yaml_file",
    "Options": "settings",
    "Overwrite": "reducers",
    "PARENT": "control",
    "Problem": "errors",
    "Remove": "reducers",
    "ResumeMismatch": "errors",
    "RetryPolicy": "policies",
    "RunDiff": "travel",
    "Runtime": "runtime",
    "Send": "control",
    "StepFunction": "functional",
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
    "last": "reducers",
    "load_workflow": "yaml_file",
    "send": "control",
    "step": "functional",
    "union": "reducers",
    "workflow": "functional",
    "workflow_from_yaml": "yaml_file",
    "workflow_schema": "yaml_file",
    "workflow_to_yaml": "yaml_file",
}

__all__ = [
    "END",
    "PARENT",
    "START",
    "CachePolicy",
    "CannotMove",
    "Checkpoint",
    "Command",
    "ConcurrentWrites",
    "Default",
    "EdgeShape",
    "Embedder",
    "Ephemeral",
    "ExecutorLost",
    "ExpressionFailed",
    "FileUnreadable",
    "Final",
    "FunctionWorkflow",
    "GraphChanged",
    "GraphShape",
    "Handle",
    "Interrupt",
    "InvalidExpression",
    "InvalidState",
    "InvalidUpdate",
    "InvalidWorkflow",
    "Item",
    "Memory",
    "MessagesState",
    "NodeExecutor",
    "NodeFailed",
    "NodeShape",
    "NodeTimeout",
    "NotWritable",
    "Options",
    "Overwrite",
    "Problem",
    "Remove",
    "ResumeMismatch",
    "RetryPolicy",
    "RunDiff",
    "Runtime",
    "Send",
    "StepFunction",
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
    "last",
    "load_workflow",
    "send",
    "step",
    "union",
    "workflow",
    "workflow_from_yaml",
    "workflow_schema",
    "workflow_to_yaml",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.workflows' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
