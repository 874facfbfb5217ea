"""Waiting: a cell waits for work on the agent thread, stays interruptible, and lends its own thread meanwhile.

1. A waiting cell looks up every `TICK_S`: kernels wake an idle loop late or never (interrupts on every ipykernel,
   ipykernel issue 1510 on 7.x), and the tick is the one cure that all of them take.
2. What must happen on the main thread (prompts, approved code) is posted to `MainThread`; whoever waits there runs it.
3. An interrupt cancels the work, waits a bounded time for its clean end, and leaves as `CellInterrupted`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as WorkCancelled
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from victor_nb.notebook.errors import CannotAwait, CellInterrupted

T = TypeVar("T")

TICK_S: Final = 0.05
"""Bounds how late an interrupt is seen; costs 20 wake-ups a second of a cell that waits."""
CLEAN_UP_S: Final = 5.0
"""How long an interrupted cell waits for the work to end its processes and write its last event."""


class Work(Protocol[T]):
    """Work on another thread, as `agents.background.submit` returns it."""

    @property
    def done(self) -> Future[T]:
        """Resolves when the work has ended, cleaned up and all."""
        ...

    def cancel(self) -> None:
        """Ask it to end; from any thread, more than once."""
        ...


@dataclass(eq=False, slots=True)
class Cell:
    """A cell that waits. `is_waiting` turns False when it stops, and a background run then outlives it."""

    is_waiting: bool = True


current_cell: ContextVar[Cell | None] = ContextVar("victor_current_cell", default=None)
"""The cell for which this work runs; copied to the agent thread together with the rest of the context."""


@contextlib.contextmanager
def waiting_cell() -> Iterator[Cell]:
    """Mark the work that is started inside as this cell's work."""
    cell = Cell()
    token = current_cell.set(cell)
    try:
        yield cell
    finally:
        cell.is_waiting = False
        current_cell.reset(token)


class MainThread:
    """The kernel's main thread, as seen from others: calls are queued and run there, one at a time.

    A waiting cell runs them; when none waits, the kernel's idle event loop does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: deque[_Job[Any]] = deque()
        self._wakers: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: set[asyncio.Task[None]] = set()

    def adopt_running_loop(self) -> None:
        """Remember the event loop of this thread, if one runs, for calls that come while no cell waits."""
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def post(self, call: Callable[[], Any]) -> Future[Any]:
        """Queue `call` from any thread; if it returns a coroutine, that is awaited on the main thread.

        Cancelling the future keeps a call that has not begun from ever running.
        """
        job: _Job[Any] = _Job(call, contextvars.copy_context(), current_cell.get())
        with self._lock:
            self._jobs.append(job)
            wake = self._wakers[-1] if self._wakers else self._wake_idle_loop
        wake()
        return job.done

    async def run(self, call: Callable[[], Any]) -> Any:
        """Run `call` on the main thread and wait for its result, from a coroutine on another thread."""
        return await asyncio.wrap_future(self.post(call))

    @contextlib.contextmanager
    def attended(self, wake: Callable[[], None]) -> Iterator[None]:
        """While entered, the caller promises to run pending calls whenever `wake` is called."""
        with self._lock:
            self._wakers.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
                left_over = bool(self._jobs)
            if left_over:
                self._wake_idle_loop()

    async def run_pending(self) -> None:
        """Run what is queued. Raises KeyboardInterrupt if one of the calls was interrupted."""
        while (job := self._next()) is not None:
            await job.run_awaiting()

    def run_pending_blocking(self) -> None:
        """The same where the event loop is blocked: a call that returns a coroutine fails."""
        while (job := self._next()) is not None:
            job.run_blocking()

    def cancel_calls_of(self, cell: Cell | None) -> None:
        """Cancel what an interrupted cell's work has posted: approved code must not run after an interrupt."""
        with self._lock:
            gone = [job for job in self._jobs if job.cell is cell]
            self._jobs = deque(job for job in self._jobs if job.cell is not cell)
        for job in gone:
            job.done.cancel()

    def _next(self) -> _Job[Any] | None:
        with self._lock:
            return self._jobs.popleft() if self._jobs else None

    def _wake_idle_loop(self) -> None:
        """Without a loop the call stays queued until the next cell waits."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._drain_idle)

    def _drain_idle(self) -> None:
        if self._wakers:  # a cell began to wait meanwhile, and it runs the calls
            return
        task = asyncio.ensure_future(self._drain())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _drain(self) -> None:
        # An interrupt here concerns the call alone; outside a task's step it would end the kernel's loop.
        with contextlib.suppress(KeyboardInterrupt):
            await self.run_pending()


@dataclass(eq=False, slots=True)
class _Job(Generic[T]):
    call: Callable[[], T]
    context: contextvars.Context
    cell: Cell | None
    done: Future[T] = field(default_factory=Future)

    async def run_awaiting(self) -> None:
        with self._settled():
            value: Any = self._called()
            self.done.set_result(await value if inspect.iscoroutine(value) else value)

    def run_blocking(self) -> None:
        with self._settled():
            value: Any = self._called()
            if inspect.iscoroutine(value):
                value.close()
                raise CannotAwait(
                    "this code awaits, and the cell that waits for it cannot let the event loop run",
                    hint="put %victor alone into its cell, or use %%victor",
                )
            self.done.set_result(value)

    def _called(self) -> T:
        if not self.done.set_running_or_notify_cancel():
            raise WorkCancelled
        with _interruptible():
            return self.context.run(self.call)

    @contextlib.contextmanager
    def _settled(self) -> Iterator[None]:
        try:
            yield
        except WorkCancelled:
            return
        except (KeyboardInterrupt, asyncio.CancelledError):
            # Told to the asking thread as a cancellation: a KeyboardInterrupt would end its event loop.
            if not self.done.done():
                self.done.set_exception(WorkCancelled())
            raise
        except BaseException as error:
            self.done.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt at once: during awaited cells, kernels only note it for later."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)


async def awaited(work: Work[T], main: MainThread) -> T:
    """Wait for `work` inside an awaited cell.

    Raises:
        CellInterrupted: the cell was cancelled or interrupted; so has been the work.
    """
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()

    def nudge() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(wake.set)

    work.done.add_done_callback(lambda _: nudge())
    with main.attended(nudge):
        try:
            while not work.done.done():
                await main.run_pending()
                await _tick(wake, loop)
        except (asyncio.CancelledError, KeyboardInterrupt):
            work.cancel()
            main.cancel_calls_of(current_cell.get())
            await _ended(work, wake, loop)
            raise CellInterrupted from None
    return _result(work)


async def _tick(wake: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Return when woken, and after `TICK_S` at the latest.

    Not `wait_for`: before Python 3.12 it can swallow a cancellation that comes together with the result.
    """
    timer = loop.call_later(TICK_S, wake.set)
    try:
        await wake.wait()
    finally:
        timer.cancel()
    wake.clear()


async def _ended(work: Work[Any], wake: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Wait for the clean end, but not longer than `CLEAN_UP_S` or until the second interrupt."""
    deadline = loop.time() + CLEAN_UP_S
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        while not work.done.done() and loop.time() < deadline:
            await _tick(wake, loop)


def blocked(work: Work[T], main: MainThread) -> T:
    """Wait for `work` where the caller cannot be awaited: a line inside a larger cell, a script, a terminal.

    Raises:
        CellInterrupted: a KeyboardInterrupt came; the work has been cancelled.
    """
    try:  # from the first line on: an interrupt between starting the work and waiting for it must cancel it too
        wake = threading.Event()
        work.done.add_done_callback(lambda _: wake.set())
        on_main = threading.current_thread() is threading.main_thread()
        with main.attended(wake.set) if on_main else contextlib.nullcontext():
            while not work.done.done():
                if on_main:
                    main.run_pending_blocking()
                wake.wait(TICK_S)
                wake.clear()
    except KeyboardInterrupt:
        work.cancel()
        main.cancel_calls_of(current_cell.get())
        with contextlib.suppress(KeyboardInterrupt, WorkCancelled, NotYet):
            work.done.exception(CLEAN_UP_S)
        raise CellInterrupted from None
    return _result(work)


def _result(work: Work[T]) -> T:
    try:
        return work.done.result()
    except WorkCancelled:
        raise CellInterrupted from None
