"""Long-term memory: values that outlive the run that wrote them, found again by name, by what they hold, by meaning."""

from .embedding import Embedder
from .memory import Memory
from .operations import Delete, Get, Item, ListNamespaces, Operation, Put, Search

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
