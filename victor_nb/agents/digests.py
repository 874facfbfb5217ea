"""Digests of what a run is given: equal inputs find each other's recordings, changed ones do not.

A table is known by its content, not by its shape: a replay must not answer for data that has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from victor_nb.journal import Unstorable
from victor_nb.journal.codec import Writer

MOST_CELLS: Final = 5_000_000
"""Larger tables are known by their shape and an even sample of their rows: about a second of hashing is enough."""
_DIGEST_BYTES: Final = 8


def digest(value: object) -> str:
    """Return 16 hex digits that name a storable value by its content."""
    return blake2b(Writer().canonical(value), digest_size=_DIGEST_BYTES).hexdigest()


def digests_of(variables: Mapping[str, object]) -> dict[str, str]:
    """Return a digest for each variable, by name."""
    return {name: _digest_of(value) for name, value in variables.items()}


def _digest_of(value: object) -> str:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        return _digest_of_table(value)
    try:
        return digest(value)
    except Unstorable:
        return digest(f"{type(value).__module__}.{type(value).__qualname__}")


def _digest_of_table(table: Any) -> str:
    from pandas.util import hash_pandas_object

    step = 1 + table.size // MOST_CELLS
    names = [str(name) for name in table.columns] if table.ndim == 2 else [str(table.name)]
    head = digest([list(table.shape), names, [str(kind) for kind in _types(table)]])
    try:
        rows = hash_pandas_object(table.iloc[::step]).to_numpy().tobytes()
    except TypeError:  # cells that have no hash, such as lists: their texts have one
        rows = hash_pandas_object(table.iloc[::step].astype(str)).to_numpy().tobytes()
    return blake2b(head.encode() + rows, digest_size=_DIGEST_BYTES).hexdigest()


def _types(table: Any) -> list[Any]:
    return list(table.dtypes) if table.ndim == 2 else [table.dtype]
