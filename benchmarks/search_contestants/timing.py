"""Wall and CPU time of calls and of many searches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
PASSES = 3
AT_MOST_S = 2.0
AT_LEAST = 30
WARM = 20


def timed(call: Callable[[], T]) -> tuple[T, float, float]:
    """Return what a call gave, and its seconds of wall and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def latencies(search: Callable[[object], object], queries: Sequence[object]) -> dict[str, float]:
    """Percentiles over the queries, of the best of three passes for each.

    A slow engine is asked fewer of them: a pass ends after two seconds, but not before thirty queries.
    """
    for query in queries[:WARM]:
        search(query)
    asked = len(queries)
    walls, cpus = [1e9] * asked, [1e9] * asked
    fastest = 1e9
    for _ in range(PASSES):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        for at in range(asked):
            if at >= AT_LEAST and time.perf_counter() - begun > AT_MOST_S:
                asked = at
                break
            _, wall, cpu = timed(lambda at=at: search(queries[at]))
            walls[at], cpus[at] = min(walls[at], wall), min(cpus[at], cpu)
        fastest = min(fastest, (time.process_time() - begun_cpu) / asked)
    walls, cpus = sorted(walls[:asked]), sorted(cpus[:asked])
    return {
        "p50_us": walls[asked // 2] * 1e6,
        "p99_us": walls[int(asked * 0.99)] * 1e6,
        "cpu_p50_us": cpus[asked // 2] * 1e6,
        "cpu_p99_us": cpus[int(asked * 0.99)] * 1e6,
        "queries_per_cpu_s": 1 / fastest,
        "queries": asked,
    }
