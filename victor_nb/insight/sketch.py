"""Durations in bins of equal relative width: sketches that are merged by adding up what is in their bins.

Percentiles of merged sketches are as good as those of one over all values: within one per cent of what was measured.
Averages of percentiles would not be.
Source: Masson, Rim and Lee, DDSketch, VLDB 2019.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 0.01
"""What two durations of one bin differ at most, relative to the shorter; their mean stands for both."""

_LOG: Final = float(np.log1p(WIDTH))
_SMALLEST_S: Final = 1e-7
"""Shorter than a clock can tell; what is shorter counts as nothing."""
NOTHING: Final = -(2**31)


def bins_of(seconds: NDArray[Any]) -> NDArray[np.int64]:
    """Return the bin of each duration."""
    found = np.full(len(seconds), NOTHING, np.int64)
    some = seconds >= _SMALLEST_S
    found[some] = np.ceil(np.log(seconds[some]) / _LOG).astype(np.int64)
    return found
