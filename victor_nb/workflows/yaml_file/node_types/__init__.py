"""The kinds of nodes that a file can name: one module each, and the table of them."""

from victor_nb.workflows.yaml_file.node_types.registry import (
    NodeType,
    node_type,
    node_types,
    register_node_type,
    type_names,
)

__all__ = ["NodeType", "node_type", "node_types", "register_node_type", "type_names"]
