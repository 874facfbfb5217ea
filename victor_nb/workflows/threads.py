"""Threads for nodes that are ordinary functions, so that they run side by side and can be given up.

1. A thread that does not come back keeps nobody waiting: neither its run, once that has given it up, nor the end of
   the process. `concurrent.futures` would wait for it at exit.
2. The context of the caller is copied: what runs here finds its run, step and runtime.
3. Results that are ready together wake the event loop once.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final

MOST_THREADS: Final = 64


class _Job:
    """A call on its way: `settle` is told what became of it, on the thread that did it."""

    __slots__ = ("call", "context", "failure", "is_given_up", "result", "settle")

    def __init__(self, call: Callable[[], Any], settle: Callable[[_Job], None]) -> None:
        self.call, self.settle, self.context = call, settle, contextvars.copy_context()
        self.result: Any = None
        self.failure: BaseException | None = None
        self.is_given_up = False

    def do(self) -> None:
        try:
            self.result = self.context.run(self.call)
        except StopIteration as stopped:  # a future cannot carry one
            self.failure = RuntimeError(f"a node raised StopIteration({stopped.value!r})")
        except BaseException as raised:
            self.failure = raised
        self.settle(self)


class Threads:
    """A few daemon threads that take turns at the jobs of one execution."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._most, self._alive, self._open = most, 0, 0
        self._lock = threading.Lock()
        self._done: deque[tuple[_Job, asyncio.Future[Any]]] = deque()
        self._is_woken = False

    async def run(self, call: Callable[[], Any]) -> Any:
        """Return what `call` returns in one of the threads. When cancelled, the thread is given up."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        job = _Job(call, lambda job: self._wake(loop, job, future))
        self._begin(job)
        try:
            return await future
        except asyncio.CancelledError:
            if not future.done() or future.cancelled():
                self._give_up(job)
            raise

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Begin a call in one of the threads, and return what will have its result."""
        future: Future[Any] = Future()

        def settle(job: _Job) -> None:
            if job.failure is None:
                future.set_result(job.result)
            else:
                future.set_exception(job.failure)

        self._begin(_Job(call, settle))
        return future

    def _begin(self, job: _Job) -> None:
        with self._lock:
            self._open += 1
            if self._alive < min(self._open, self._most):
                self._alive += 1
                threading.Thread(target=self._work, name="victor-node", daemon=True).start()
        self._jobs.put(job)

    def _wake(self, loop: asyncio.AbstractEventLoop, job: _Job, future: asyncio.Future[Any]) -> None:
        self._done.append((job, future))
        if self._is_woken:
            return
        self._is_woken = True
        try:
            loop.call_soon_threadsafe(self._settle)
        except RuntimeError:  # the loop has closed: nobody waits for this any more
            return

    def _settle(self) -> None:
        self._is_woken = False  # before looking: whoever comes from now on wakes the loop again
        while self._done:
            job, future = self._done.popleft()
            if future.done():
                continue
            if job.failure is None:
                future.set_result(job.result)
            else:
                future.set_exception(job.failure)

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
