"""The sync face: a workflow run to its end by a caller that does not await.

1. A run has an event loop and a thread of its own for as long as it lasts, so that a node may itself run an agent
   or another workflow to its end. Where the caller has no event loop, that thread is the caller's: an ordinary
   function that is a node is then called with no hop between threads, and Ctrl-C reaches it at once.
2. An interrupted run is cancelled and cleans up before the caller gets its KeyboardInterrupt.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final, TypeVar

T = TypeVar("T")

POLL_S: Final = 0.05
"""How often a waiting thread looks up, so that Ctrl-C is seen."""
CLEAN_UP_S: Final = 5.0


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Return a coroutine's result, also inside a running event loop (a notebook's cell)."""
    if not _is_inside_loop():
        return _with_own_loop(work, None)
    done: Future[T] = Future()
    handle = _Handle()
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(_work, work, handle, done), name="victor-workflow", daemon=True)
    thread.start()
    try:
        while True:
            try:
                return done.result(POLL_S)
            except NotYet:
                if done.done():  # the work itself ended in a time-out
                    raise
    except KeyboardInterrupt:
        handle.cancel()
        thread.join(CLEAN_UP_S)
        raise


class _Handle:
    """Lets another thread cancel the work."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[Any] | None = None

    def cancel(self) -> None:
        if self.loop is not None and self.task is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.task.cancel)


def _work(work: Coroutine[Any, Any, T], handle: _Handle, done: Future[T]) -> None:
    try:
        result = _with_own_loop(work, handle)
    except BaseException as failure:
        done.set_exception(failure)
    else:
        done.set_result(result)


def _with_own_loop(work: Coroutine[Any, Any, T], handle: _Handle | None) -> T:
    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(work)
        if handle is not None:
            handle.loop, handle.task = loop, task
        try:
            return loop.run_until_complete(task)
        except KeyboardInterrupt:
            _ended(loop, [task])
            raise
    finally:
        _ended(loop, list(asyncio.all_tasks(loop)))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _ended(loop: asyncio.AbstractEventLoop, tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel tasks and let them clean up."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=CLEAN_UP_S))


def _is_inside_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
