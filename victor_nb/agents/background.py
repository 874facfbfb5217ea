"""The one background thread on which agents run when the caller's own thread cannot lend its event loop.

1. One daemon thread a process, with one event loop; a forked child starts its own.
2. Whoever waits here stays interruptible: a KeyboardInterrupt cancels the work and waits until it has cleaned up.
3. Context variables of the caller are copied to the work.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

POLL_S: Final = 0.05
"""How often a waiting thread looks up; bounds how late a KeyboardInterrupt is seen where locks do not wake."""
CLEAN_UP_S: Final = 5.0
"""How long an interrupted caller waits for the work to end its processes and write its last event."""


class Work(Generic[T]):
    """A coroutine that runs on the background thread.

    Attributes:
        done: resolves with its result when it has ended, cleaned up and all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.done: Future[T] = Future()
        self._loop = loop
        self._task: asyncio.Task[T] | None = None

    def _start(self, work: Coroutine[Any, Any, T], context: contextvars.Context) -> None:
        self._task = self._loop.create_task(work, context=context)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self.done.set_exception(CancelledError())
        elif (error := task.exception()) is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(task.result())

    def cancel(self) -> None:
        """Ask the work to end; may be called from any thread and more than once."""
        self._loop.call_soon_threadsafe(self._cancel_now)

    def _cancel_now(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def result(self) -> T:
        """Wait for the end, from another thread than the background one.

        Raises:
            KeyboardInterrupt: the wait was interrupted; the work has been cancelled and has cleaned up.
        """
        try:
            while True:
                try:
                    return self.done.result(POLL_S)
                except NotYet:
                    if self.done.done():  # the work itself ended in a time-out
                        raise
        except KeyboardInterrupt:
            self.cancel()
            self._wait_for_clean_up()
            raise

    def _wait_for_clean_up(self) -> None:
        try:
            self.done.exception(CLEAN_UP_S)
        except (CancelledError, NotYet):
            return


class _Background:
    """The thread and its loop, made on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._pid = os.getpid()
                self._thread = threading.Thread(target=self._loop.run_forever, name="victor-agents", daemon=True)
                self._thread.start()
            return self._loop

    def is_current(self) -> bool:
        return self._thread is threading.current_thread()


_background = _Background()


def submit(work: Coroutine[Any, Any, T]) -> Work[T]:
    """Start a coroutine on the background thread, with a copy of the caller's context."""
    loop = _background.loop()
    handle: Work[T] = Work(loop)
    loop.call_soon_threadsafe(handle._start, work, contextvars.copy_context())
    return handle


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and return its result; works inside a running event loop as well.

    Raises:
        RuntimeError: called on the background thread itself, which would wait for itself.
        KeyboardInterrupt: the caller was interrupted; the work has been cancelled.
    """
    if _background.is_current():
        work.close()
        raise RuntimeError("run_sync() inside a running agent would wait for itself; await run() instead")
    return submit(work).result()
