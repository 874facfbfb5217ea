"""Many steps: graphs of nodes with a state that is durable, drawn and can travel in time."""

from .shape import END, START, EdgeShape, GraphShape, NodeShape

__all__ = ["END", "START", "EdgeShape", "GraphShape", "NodeShape"]
