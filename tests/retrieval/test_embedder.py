"""What an embedder has to keep to, and what happens when a foreign one does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from victor_nb.retrieval.embedders.embedder import Embedder, HashingEmbedder, embedded
from victor_nb.retrieval.errors import BadVectors


@dataclass(frozen=True)
class Scripted:
    """An embedder that returns what it was told to."""

    rows: object
    name: str = "scripted"
    dimension: int = 2
    alpha: float = 0.5

    def embed(self, texts):
        return self.rows


def test_the_hashing_embedder_is_an_embedder_whose_name_says_its_dimension():
    """Another dimension is another embedder."""
    assert isinstance(HashingEmbedder(), Embedder)
    assert HashingEmbedder(64).name != HashingEmbedder(128).name


def test_a_row_does_not_depend_on_its_neighbours():
    """Vectors are kept by the hash of their text, so a batch changes nothing."""
    embedder = HashingEmbedder(64)
    together = embedded(embedder, ["parse a date", "", "close the file"])

    assert together.shape == (3, 64)
    assert np.array_equal(together[2], embedded(embedder, ["close the file"])[0])
    assert not together[1].any()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((1, 2), np.float32), "shape (1, 2) for 2 texts"),
        (np.zeros((2, 3), np.float32), "shape (2, 3)"),
        (np.array([[0, 1], [np.nan, 0]], np.float32), "not finite for the text 'second'"),
        (np.array([[0, 1], [np.inf, 0]], np.float32), "not finite"),
    ],
)
def test_an_embedder_that_gives_no_vectors_is_named(rows, said):
    """A wrong number of rows, a wrong dimension or a NaN never reaches an index."""
    with pytest.raises(BadVectors, match="scripted") as refused:
        embedded(Scripted(rows), ["first", "second"])

    assert said in str(refused.value)
