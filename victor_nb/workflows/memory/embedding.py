"""Meaning as numbers: what a memory needs of whoever turns texts into vectors.

1. No model is chosen here and nothing is downloaded; an embedder is given.
2. Vectors of different embedders are never compared: each says who made it.
3. NumPy is imported when the first vector is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from victor_nb.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class Embedder(Protocol):
    """Turns texts into vectors; one with an attribute `name` is known by that, else by its class."""

    def embed(self, texts: Sequence[str], /) -> ArrayLike:
        """Return one row a text: shape (texts, dimensions), the same dimensions always."""


def name_of(embedder: Embedder) -> str:
    """Return what vectors of this embedder are known by."""
    return str(getattr(embedder, "name", "") or type(embedder).__qualname__)


def vectors_of(embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
    """Return a vector of length 1 for each text, as 32-bit numbers; empty for an empty text.

    Raises:
        UsageError: the embedder gave something else than one row of numbers a text.
    """
    asked = [text for text in texts if text]
    if not asked:
        return [b""] * len(texts)
    rows = iter(_normal(embedder, asked))
    return [next(rows).tobytes() if text else b"" for text in texts]


def _normal(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    import numpy as np

    found: Any = embedder.embed(texts)
    try:
        matrix = np.asarray(found, dtype=np.float32)
    except (TypeError, ValueError) as failure:
        raise _no_vectors(embedder, type(found).__name__) from failure
    if matrix.ndim != 2 or len(matrix) != len(texts) or not np.isfinite(matrix).all():
        raise _no_vectors(embedder, f"an array of shape {matrix.shape}")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return unit


def cosines(vectors: Sequence[bytes], query: bytes) -> list[float]:
    """Return the cosine of each vector and the query's, which all have one length."""
    import numpy as np

    matrix = np.frombuffer(b"".join(vectors), np.float32).reshape(len(vectors), -1)
    return [float(one) for one in matrix @ np.frombuffer(query, np.float32)]


def _no_vectors(embedder: Embedder, what: str) -> UsageError:
    return UsageError(
        f"the embedder {name_of(embedder)!r} gave {what}, not one row of numbers a text",
        hint="embed(texts) returns an array of shape (len(texts), dimensions)",
    )
