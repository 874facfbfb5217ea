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


class Job:
    """A call on its way: `settle` is told what became of it, on the thread that did it."""

    __slots__ = ("_failure", "_result", "call", "context", "is_done", "is_given_up", "settle")

    def __init__(self, call: Callable[[], Any], settle: Callable[[Job], None]) -> None:
        self.call, self.settle, self.context = call, settle, contextvars.copy_context()
        self._result: Any = None
        self._failure: BaseException | None = None
        self.is_done = self.is_given_up = False

    def do(self) -> None:
        """Call."""
        try:
            self._result = self.context.run(self.call)
        except StopIteration as stopped:  # a future cannot carry one
            self._failure = RuntimeError(f"a node raised StopIteration({stopped.value!r})")
        except BaseException as raised:
            self._failure = raised

    def outcome(self) -> Any:
        """Return what the call returned, or raise what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._result

    def settle_future(self, future: asyncio.Future[Any] | Future[Any]) -> None:
        """Give what became of the call to a future."""
        if self._failure is None:
            future.set_result(self._result)
        else:
            future.set_exception(self._failure)


class Threads:
    """A few daemon threads that take turns at the jobs of one execution."""

    def __init__(self, most: int = MOST_THREADS) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._most, self._alive, self._open = most, 0, 0
        self._lock = threading.Lock()
        self._ended: deque[tuple[Job, Callable[[Job], None]]] = deque()
        self._is_woken = False

    async def run(self, call: Callable[[], Any]) -> Any:
        """Return what `call` returns in one of the threads. When cancelled, the thread is given up."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = self.begin(call, lambda job: None if future.done() else job.settle_future(future))
        try:
            return await future
        except asyncio.CancelledError:
            self.give_up(job)
            raise

    def begin(self, call: Callable[[], Any], tell: Callable[[Job], None]) -> Job:
        """Begin a call in one of the threads; `tell` is called on this thread's event loop when it has ended."""
        loop = asyncio.get_running_loop()
        job = Job(call, lambda job: self._wake(loop, job, tell))
        self._begin(job)
        return job

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """Begin a call in one of the threads, and return what will have its result."""
        future: Future[Any] = Future()
        self._begin(Job(call, lambda job: job.settle_future(future)))
        return future

    def give_up(self, job: Job) -> None:
        """Have nobody wait for a call that has not ended; its thread, if it has begun, ends with it."""
        with self._lock:
            if job.is_done or job.is_given_up:
                return
            job.is_given_up = True
            self._alive, self._open = self._alive - 1, self._open - 1

    def _begin(self, job: Job) -> None:
        with self._lock:
            self._open += 1
            if self._alive < min(self._open, self._most):
                self._alive += 1
                threading.Thread(target=self._work, name="victor-node", daemon=True).start()
        self._jobs.put(job)

    def _wake(self, loop: asyncio.AbstractEventLoop, job: Job, tell: Callable[[Job], None]) -> None:
        self._ended.append((job, tell))
        if self._is_woken:
            return
        self._is_woken = True
        try:
            loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # the loop has closed: nobody waits for this any more
            return

    def _tell(self) -> None:
        self._is_woken = False  # before looking: whoever comes from now on wakes the loop again
        while self._ended:
            job, tell = self._ended.popleft()
            tell(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.is_given_up:
                return
            job.do()
            with self._lock:
                if job.is_given_up:
                    return
                job.is_done = True
                self._open -= 1
            job.settle(job)

    def close(self) -> None:
        """Let the threads that wait for work end."""
        for _ in range(self._alive):
            self._jobs.put(None)
