"""The kinds of nodes that a file can name: one module each, and the table of them."""

from .registry import NodeType, node_types, register_node_type

__all__ = ["NodeType", "node_types", "register_node_type"]
