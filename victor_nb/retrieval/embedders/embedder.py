"""What turns texts into vectors: a protocol that anyone can fulfil, and the embedder that needs no model.

1. An embedder is known by its name: the same name promises the same vectors, for ever. Whoever changes a model
   changes the name; an index then embeds its documents anew.
2. One text gives one row, whatever else it is embedded with: vectors are kept by the hash of their text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core import Passages, core
from victor_nb.retrieval.errors import BadVectors


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors.

    Attributes:
        name: what the vectors are known by; it names the model, its version and the dimension.
        dimension: numbers in a vector.
        alpha: between 0 and 1: how much the vectors say beside the words in a hybrid search. Measured: 0.1 for hashed
            terms, 0.2 for a static table, 0.4 for a transformer.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def alpha(self) -> float: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, finite and of any length; a row of zeros for a text that says nothing."""


class EmbedsPassages(Embedder, Protocol):
    """Embeds what the core has read already: its vectors are the core's own."""

    def embed_passages(self, passages: Passages) -> NDArray[np.float32]:
        """Return one row a passage, of length 1 or 0."""


class HashingEmbedder:
    """Terms hashed into a vector: no model, no file, no download."""

    alpha = 0.1

    def __init__(self, dimension: int = 256) -> None:
        self.dimension = dimension
        self.name = f"hashing-1-{dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1 or 0."""
        return core().hash_embed(texts, self.dimension)

    def embed_passages(self, passages: Passages) -> NDArray[np.float32]:
        """Return one row a passage."""
        return passages.hash_embed(self.dimension)


def embedded(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of texts, checked: this is where a foreign embedder is believed or not.

    Raises: BadVectors for a wrong shape or a number that is not finite, naming the embedder.
    """
    rows = np.asarray(embedder.embed(texts), dtype=np.float32)
    if rows.shape != (len(texts), embedder.dimension):
        raise BadVectors.of(
            embedder.name,
            f"gave an array of shape {rows.shape} for {len(texts)} texts of dimension {embedder.dimension}",
        )
    finite = np.isfinite(rows)
    if not finite.all():
        place = int(np.argmin(finite.all(axis=1)))
        raise BadVectors.of(embedder.name, f"gave a number that is not finite for the text {texts[place][:60]!r}")
    return rows


def default_embedder() -> Embedder:
    """Return the best embedder that needs no download: what an index takes if it is given none."""
    from victor_nb.retrieval.embedders.static import StaticEmbedder

    return StaticEmbedder()


def is_quick(embedder: Embedder) -> TypeGuard[EmbedsPassages]:
    """Answer whether embedding a text again takes less time than keeping its vector and reading it."""
    from victor_nb.retrieval.embedders.static import StaticEmbedder

    # Their subclasses may do anything.
    return core().NAME == "compiled" and type(embedder) in (HashingEmbedder, StaticEmbedder)
