"""What can be found: documents cut into chunks, indexed, and searched by words and by meaning.

Importing this package imports no NumPy; names resolve on first use (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from victor_nb.retrieval.embedders.embedder import Embedder, HashingEmbedder, default_embedder
    from victor_nb.retrieval.errors import (
        BadDocument,
        BadFilter,
        BadVectors,
        ClosedIndex,
        CorruptIndex,
        EmbedderChanged,
        IndexInUse,
        NewerIndex,
        NothingThere,
        RetrievalError,
        UnusableFile,
    )
    from victor_nb.retrieval.hits import Hit, Hits
    from victor_nb.retrieval.index import Index
    from victor_nb.retrieval.sources.documents import Document
    from victor_nb.retrieval.sources.source import Changes, Source
    from victor_nb.retrieval.sources.watching import Watch

_HOME = {
    "BadDocument": "errors",
    "BadFilter": "errors",
    "BadVectors": "errors",
    "Changes": "sources.source",
    "ClosedIndex": "errors",
    "CorruptIndex": "errors",
    "Document": "sources.documents",
    "Embedder": "embedders.embedder",
    "EmbedderChanged": "errors",
    "HashingEmbedder": "embedders.embedder",
    "Hit": "hits",
    "Hits": "hits",
    "Index": "index",
    "IndexInUse": "errors",
    "NewerIndex": "errors",
    "NothingThere": "errors",
    "RetrievalError": "errors",
    "Source": "sources.source",
    "UnusableFile": "errors",
    "Watch": "sources.watching",
    "default_embedder": "embedders.embedder",
}

__all__ = [
    "BadDocument",
    "BadFilter",
    "BadVectors",
    "Changes",
    "ClosedIndex",
    "CorruptIndex",
    "Document",
    "Embedder",
    "EmbedderChanged",
    "HashingEmbedder",
    "Hit",
    "Hits",
    "Index",
    "IndexInUse",
    "NewerIndex",
    "NothingThere",
    "RetrievalError",
    "Source",
    "UnusableFile",
    "Watch",
    "default_embedder",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'victor_nb.retrieval' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
