"""Columns of numbers that grow at their end: what was folded stays where it is, new rows cost only themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_ROOM = 1024


class Columns:
    """Named columns of one length.

    Args:
        types: the NumPy type of each column, by its name.
    """

    def __init__(self, types: Mapping[str, DTypeLike]) -> None:
        self._held = {name: np.zeros(_ROOM, type) for name, type in types.items()}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The column as it is now; writing into it changes the rows."""
        return self._held[name][: self._length]

    def add(self, rows: Mapping[str, Sequence[object] | ArrayLike]) -> int:
        """Add rows, given by column; columns that are left out get zeros. Returns the place of the first."""
        count = len(next(iter(rows.values())))  # type: ignore[arg-type]  # every column has a length
        start, end = self._length, self._length + count
        self._make_room(end)
        for name, values in rows.items():
            self._held[name][start:end] = values
        self._length = end
        return start

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Drop all rows but some, whose order stays."""
        kept = int(np.count_nonzero(which))
        for held in self._held.values():
            held[:kept] = held[: self._length][which]
            held[kept : self._length] = 0
        self._length = kept

    def _make_room(self, needed: int) -> None:
        for name, held in self._held.items():
            if len(held) < needed:
                grown = np.zeros(max(needed, 2 * len(held)), held.dtype)
                grown[: self._length] = held[: self._length]
                self._held[name] = grown
