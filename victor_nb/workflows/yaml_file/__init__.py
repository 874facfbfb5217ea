"""Workflows as YAML files: read with places, checked whole, built into a `Workflow`, and written again.

The way of a file: reading.py (YAML 1.2 -> values with places; syntax.py, scalars.py, documents.py, places.py) ->
declaring.py (against the models in fields.py and node_types/; validating.py, type_names.py) -> handlers.py and
arguments.py (names -> functions), expressions.py (Jinja, in sandbox.py) -> node_types/ (the work of each node, told by
building.py) -> ordering.py -> loading.py (options.py, state_types.py). templated.py is what a node does when it runs.
Back: writing.py, emitting.py. For editors: schema.py. Mistakes are collected all the way (mistakes.py).

Names resolve on first use: reading a file needs no engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.workflows.yaml_file.building import Building
    from victor_nb.workflows.yaml_file.errors import ExpressionFailed, FileUnreadable, InvalidExpression, NotWritable
    from victor_nb.workflows.yaml_file.fields import NodeFields
    from victor_nb.workflows.yaml_file.loading import load_workflow, workflow_from_yaml
    from victor_nb.workflows.yaml_file.node_types import NodeType, register_node_type
    from victor_nb.workflows.yaml_file.schema import workflow_schema
    from victor_nb.workflows.yaml_file.templated import Given, Work
    from victor_nb.workflows.yaml_file.writing import workflow_to_yaml

_HOME = {
    "Building": "building",
    "ExpressionFailed": "errors",
    "FileUnreadable": "errors",
    "Given": "templated",
    "InvalidExpression": "errors",
    "NodeFields": "fields",
    "NodeType": "node_types",
    "NotWritable": "errors",
    "Work": "templated",
    "load_workflow": "loading",
    "register_node_type": "node_types",
    "workflow_from_yaml": "loading",
    "workflow_schema": "schema",
    "workflow_to_yaml": "writing",
}

__all__ = [
    "Building",
    "ExpressionFailed",
    "FileUnreadable",
    "Given",
    "InvalidExpression",
    "NodeFields",
    "NodeType",
    "NotWritable",
    "Work",
    "load_workflow",
    "register_node_type",
    "workflow_from_yaml",
    "workflow_schema",
    "workflow_to_yaml",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.workflows.yaml_file' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
