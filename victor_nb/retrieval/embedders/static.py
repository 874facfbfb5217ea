"""The embedder that an index has by default: a table of static vectors that comes with the package.

The table is distilled from all-MiniLM-L6-v2 (Apache 2.0) by `benchmarks/static_table.py`; see `data/NOTICE.md`. It
needs no download, no network and no other library, and the compiled core embeds 100,000 chunks a second with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from victor_nb.retrieval.core import Passages, StaticTable, core

TABLE = Path(__file__).parents[1] / "data" / "minilm.table"


class StaticEmbedder:
    """Weighted sums of the table's rows.

    Raises: UnusableFile, CorruptIndex, NewerIndex at the first use, for a table that cannot be read.
    """

    name = "static-minilm-1-256"
    dimension = 256
    alpha = 0.2

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, of length 1, or of zeros for a text of no known words."""
        return opened().embed(texts)

    def embed_passages(self, passages: Passages) -> NDArray[np.float32]:
        """Return one row a passage."""
        return passages.embed(opened())


@cache
def opened() -> StaticTable:
    """Return the table, read once a process."""
    return core().StaticTable(TABLE)
