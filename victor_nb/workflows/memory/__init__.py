"""Long-term memory: values that outlive the run that wrote them, found again by name, by what they hold, by meaning."""

from victor_nb.workflows.memory.embedding import Embedder
from victor_nb.workflows.memory.memory import Memory
from victor_nb.workflows.memory.operations import Delete, Get, Item, ListNamespaces, Operation, Put, Search

__all__ = [
    "Delete",
    "Embedder",
    "Get",
    "Item",
    "ListNamespaces",
    "Memory",
    "Operation",
    "Put",
    "Search",
]
