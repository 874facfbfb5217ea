"""MiniLM in the compiled core; with the word `twin`, in NumPy."""

from __future__ import annotations

import sys
from pathlib import Path

from victor_nb.retrieval.core import compiled, twin
from victor_nb.retrieval.embedders.minilm import HEADS


def load(folder: Path) -> object:
    """What embeds texts."""
    return (twin if "twin" in sys.argv else compiled).MiniLM(folder, HEADS).embed
