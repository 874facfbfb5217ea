"""Node types by name: the fields that a node of the type has in a file, and what makes its work of them.

1. A type is registered by whoever brings it: `register_node_type(NodeType("notebook", NotebookFields, make))`, or an
   entry point of the group GROUP that names a `NodeType`. Files and the JSON Schema know it from then on.
2. The built-in types are registered like any other, and no other may take their names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from victor_nb.workflows.yaml_file.building import Building
from victor_nb.workflows.yaml_file.errors import NodeTypeBroken
from victor_nb.workflows.yaml_file.fields import NodeFields
from victor_nb.workflows.yaml_file.templated import Work

GROUP: Final = "victor_nb.node_types"


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node.

    Attributes:
        fields: a model derived from `NodeFields`, whose `type` is a `Literal` of the name.
        make: from the fields to the work; None where a mistake was noted and there can be none.
    """

    name: str
    fields: type[NodeFields]
    make: Callable[[Any, Building], Work | None]


BUILT_IN: Final = ("compute", "agent", "human", "workflow", "tool")
_registered: dict[str, NodeType] = {}


def register_node_type(node_type: NodeType) -> NodeType:
    """Add a type, or replace the one of that name that was registered before; returns it.

    Raises:
        ValueError: the name is a built-in type's, or not what the fields say.
    """
    if node_type.name in BUILT_IN:
        raise ValueError(f"the node type {node_type.name!r} is built in")
    if node_type.fields.model_fields["type"].default != node_type.name:
        raise ValueError(f"{node_type.fields.__name__}.type must be Literal[{node_type.name!r}] = {node_type.name!r}")
    _registered[node_type.name] = node_type
    return node_type


def node_type(name: str) -> NodeType | None:
    """Return the type of that name; None if there is none. Of installed ones, only that one is imported.

    Raises:
        NodeTypeBroken: a package has it, and it cannot be loaded.
    """
    known = {**built_in(), **_registered}
    if name in known:
        return known[name]
    return next((_loaded(entry) for entry in _installed() if entry.name == name), None)


def type_names() -> list[str]:
    """Return the names of all types, the built-in ones first."""
    return list(dict.fromkeys([*BUILT_IN, *_registered, *(entry.name for entry in _installed())]))


def node_types() -> dict[str, NodeType]:
    """Return all types by name, the built-in ones first.

    Raises:
        NodeTypeBroken: a package has one that cannot be loaded.
    """
    return {name: found for name in type_names() if (found := node_type(name)) is not None}


@cache
def built_in() -> dict[str, NodeType]:
    """Return the types that come with the package."""
    return {name: import_module(f"{__package__}.{name}").TYPE for name in BUILT_IN}


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _loaded(entry: EntryPoint) -> NodeType:
    try:
        found = entry.load()
    except Exception as error:
        raise NodeTypeBroken.because(entry.name, entry.value, f"{type(error).__name__}: {error}") from error
    if not isinstance(found, NodeType) or found.name != entry.name:
        raise NodeTypeBroken.because(entry.name, entry.value, "it is no NodeType of that name")
    return found
