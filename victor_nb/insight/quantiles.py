"""Exact percentiles of many values in groups, as `numpy.quantile` computes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FEW: Final = 256
"""Up to so many groups, picking the few places that are asked for is faster than sorting all of them."""


def quantiles(
    codes: NDArray[np.int64], values: NDArray[np.float64], groups: int, wanted: Sequence[float]
) -> list[NDArray[np.float64]]:
    """Return for each wanted quantile one number a group; NaN for a group without values.

    Args:
        codes: the group of each value, from 0.
        wanted: between 0 and 1.
    """
    if groups == 1:
        ordered, numbers = values, np.array([len(values)])
    else:
        by_group = np.argsort(codes.astype(np.uint16), kind="stable") if groups < 65_536 else np.argsort(codes)
        ordered, numbers = values[by_group], np.bincount(codes, minlength=groups)
    ends = np.cumsum(numbers)
    if groups > _FEW:
        ordered = values[np.lexsort((values, codes))]
    else:
        ordered = np.concatenate(
            [_picked(ordered[end - number : end], wanted) for end, number in zip(ends, numbers, strict=True)]
            or [values[:0]]
        )
    return [_at(ordered, ends - numbers, numbers, one) for one in wanted]


def _picked(values: NDArray[np.float64], wanted: Sequence[float]) -> NDArray[np.float64]:
    """The values with those in place that the wanted quantiles lie between."""
    if not len(values):
        return values
    exact = [one * (len(values) - 1) for one in wanted]
    places = {int(np.floor(place)) for place in exact} | {int(np.ceil(place)) for place in exact}
    return np.partition(values, sorted(places))


def _at(
    ordered: NDArray[np.float64], starts: NDArray[np.int64], numbers: NDArray[np.int64], wanted: float
) -> NDArray[np.float64]:
    found = np.full(len(numbers), np.nan)
    some = numbers > 0
    place = wanted * (numbers[some] - 1)
    low = np.floor(place).astype(np.int64)
    left, right = ordered[starts[some] + low], ordered[starts[some] + np.ceil(place).astype(np.int64)]
    found[some] = left + (right - left) * (place - low)
    return found
