"""Bytes that one core can read in a second, and how long it takes to read a hundred thousand vectors of 384 numbers."""

from __future__ import annotations

import json

import numpy as np
from timing import timed

MEGABYTES, TIMES, DIMENSION, VECTORS = (4, 16, 256), 20, 384, 100_000
figures = {}
for megabytes in MEGABYTES:
    rows = np.ones((megabytes * 1_000_000 // (4 * DIMENSION), DIMENSION), np.float32)
    row = np.ones(DIMENSION, np.float32)
    best = min(timed(lambda rows=rows, row=row: rows @ row)[1] for _ in range(TIMES))
    figures[f"gigabytes_a_second_of_{megabytes}_mb"] = round(rows.nbytes / best / 1e9, 1)
slowest = figures[f"gigabytes_a_second_of_{MEGABYTES[-1]}_mb"]
for name, size in (("floats", 4), ("bytes", 1), ("bits", 1 / 8)):
    figures[f"floor_us_of_100000_{name}"] = round(VECTORS * DIMENSION * size / slowest / 1e3, 1)
print(json.dumps(figures))
