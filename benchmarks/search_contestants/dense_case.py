"""Measures one engine of vectors, the module `engine` beside it; it runs where the engine is installed.

`python dense_case.py STEM` reads `STEM.base.npy` and `STEM.query.npy`, rows of length 1, and prints one JSON object.

An engine has `build(base)`, which gives back something with `search(vector, k, effort)` and `megabytes()`, and
`EFFORTS`, from fast to thorough. What is told is the fastest effort that finds 99 of a hundred, or the last one.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module

import numpy as np
from timing import latencies, timed

K = 10
ENOUGH = 0.99
TRUTH_AT_ONCE = 64


def main() -> None:
    base, queries = (np.load(f"{sys.argv[1]}.{name}.npy") for name in ("base", "query"))
    engine = import_module("engine")
    truth = nearest(base, queries)
    before = resident_mb()
    index, build_s, build_cpu_s = timed(lambda: engine.build(base))
    figures = {"build_s": build_s, "build_cpu_s": build_cpu_s, "index_mb": index.megabytes()}
    figures["memory_mb"] = max(0.0, resident_mb() - before)
    for effort in engine.EFFORTS:
        found = sum(len(true & set(index.search(row, K, effort))) for true, row in zip(truth, queries, strict=True))
        recall = found / len(queries) / K
        if recall >= ENOUGH:
            break
    figures |= {"effort": effort, "recall": recall}
    print(json.dumps(figures | latencies(lambda row: index.search(row, K, effort), list(queries))))


def nearest(base: np.ndarray, queries: np.ndarray) -> list[set[int]]:
    """The true neighbours of each query."""
    found = []
    for at in range(0, len(queries), TRUTH_AT_ONCE):
        scores = queries[at : at + TRUTH_AT_ONCE] @ base.T
        found += [set(row.tolist()) for row in np.argpartition(-scores, K, axis=1)[:, :K]]
    return found


def resident_mb() -> float:
    """The most memory that the process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
