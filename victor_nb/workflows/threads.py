"""Threads for nodes that are ordinary functions, so that they run side by side and can be given up.

1. A thread that does not come back keeps nobody waiting: neither its run, once that has given it up, nor the end of
   the process. `concurrent.futures` would wait for it at exit.
2. The context of the caller is copied: what runs here finds its run, step and runtime.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

MOST_THREADS: Final = 64


class _Job:
    __slots__ = ("call", "context", "future", "is_given_up", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> None:
        self.loop, self.call, self.context = loop, call, contextvars.copy_context()
        self.future: asyncio.Future[Any] = loop.create_future()
        self.is_given_up = False

    def do(self) -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = self.context.run(self.call)
        except StopIteration as stopped:  # a future cannot carry one
            failure = RuntimeError(f"a node raised StopIteration({stopped.value!r})")
        except BaseException as raised:
            failure = raised
        try:
            self.loop.call_soon_threadsafe(self._settle, result, failure)
        except RuntimeError:  # the loop has closed: nobody waits for this any more
            return

    def _settle(self, result: Any, failure: BaseException | None) -> None:
        if self.future.done():
            return
        if failure is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(failure)


class Threads:
    """A few daemon threads that take turns at the jobs of one execution."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._most, self._alive, self._open = most, 0, 0
        self._lock = threading.Lock()

    async def run(self, call: Callable[[], Any]) -> Any:
        """Return what `call` returns in one of the threads. When cancelled, the thread is given up."""
        job = _Job(asyncio.get_running_loop(), call)
        with self._lock:
            self._open += 1
            if self._alive < min(self._open, self._most):
                self._alive += 1
                threading.Thread(target=self._work, name="victor-node", daemon=True).start()
        self._jobs.put(job)
        try:
            return await job.future
        except asyncio.CancelledError:
            if not job.future.done() or job.future.cancelled():
                self._give_up(job)
            raise

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            job.is_given_up = True
            self._alive, self._open = self._alive - 1, self._open - 1

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.is_given_up:
                return
            job.do()
            with self._lock:
                if job.is_given_up:
                    return
                self._open -= 1

    def close(self) -> None:
        """Let the threads that wait for work end."""
        for _ in range(self._alive):
            self._jobs.put(None)
