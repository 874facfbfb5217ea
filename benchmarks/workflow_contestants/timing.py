"""What every contestant measures: wall and CPU time a step, and bytes left on the disk."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def timed(work: Callable[[], object], steps: int) -> dict[str, float]:
    """Wall and CPU microseconds a step of one call of `work`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"steps_per_s": steps / wall, "wall_us": wall / steps * 1e6, "cpu_us": cpu / steps * 1e6}


def disk(measure: Callable[[], dict[str, float]], steps: int) -> dict[str, float]:
    """The same figures and the bytes a step that all of `bench.db` holds afterwards."""
    figures = measure()
    with sqlite3.connect("bench.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = sum(os.path.getsize(name) for name in os.listdir(".") if name.startswith("bench.db"))
    return {**figures, "bytes": size / steps}


def killing_after(node: Callable[[In], Out], stop_at: int) -> Callable[[In], Out]:
    """The node; its process is killed with SIGKILL in call number `stop_at`."""
    calls = 0

    def call(state: In) -> Out:
        nonlocal calls
        calls += 1
        if calls > stop_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return node(state)

    return call


class windows(Generic[In, Out]):
    """The node; `emit` adds the CPU time of its first and its last window of calls, in microseconds a call."""

    calls: ClassVar[list[float]] = []

    def __init__(self, node: Callable[[In], Out]) -> None:
        self.node = node

    def __call__(self, state: In) -> Out:
        self.calls.append(time.process_time())
        return self.node(state)


def emit(figures: dict[str, float], window: int = 200) -> None:
    """Print the figures as one JSON object."""
    times = windows.calls
    if len(times) > 2 * window:
        first, last = times[window] - times[0], times[-1] - times[-1 - window]
        figures = {**figures, "first_window_us": first / window * 1e6, "last_window_us": last / window * 1e6}
    print(json.dumps(figures))
