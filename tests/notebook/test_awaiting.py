"""Waiting for work on another thread, on the main thread and off it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from victor_nb.agents.background import submit
from victor_nb.errors import VictorError
from victor_nb.notebook.awaiting import MainThread, awaited, blocked, current_cell, waiting_cell
from victor_nb.notebook.errors import CannotAwait, CellInterrupted

Waiter = Callable[[Coroutine[Any, Any, Any], MainThread], Any]


def wait_blocking(work: Coroutine[Any, Any, Any], main: MainThread) -> Any:
    with waiting_cell():
        return blocked(submit(work), main)


def wait_awaiting(work: Coroutine[Any, Any, Any], main: MainThread) -> Any:
    async def cell() -> Any:
        with waiting_cell():
            return await awaited(submit(work), main)

    return asyncio.run(cell())


@pytest.fixture(params=[wait_blocking, wait_awaiting], ids=["blocking", "awaiting"])
def wait(request: pytest.FixtureRequest) -> Waiter:
    """Both ways of waiting keep the same promises."""
    return request.param  # type: ignore[no-any-return]


def test_the_result_comes_back(wait: Waiter) -> None:
    """From another thread."""

    async def work() -> tuple[int, bool]:
        return 42, threading.current_thread() is threading.main_thread()

    assert wait(work(), MainThread()) == (42, False)


def test_an_error_comes_back(wait: Waiter) -> None:
    """As the very exception."""

    async def work() -> None:
        raise VictorError("broken")

    with pytest.raises(VictorError, match="broken"):
        wait(work(), MainThread())


def test_calls_run_on_the_main_thread(wait: Waiter) -> None:
    """While the cell waits, and their errors go to who asked."""
    main = MainThread()

    def fail() -> None:
        raise ValueError("no")

    async def work() -> tuple[bool, str]:
        on_main = await main.run(lambda: threading.current_thread() is threading.main_thread())
        try:
            await main.run(fail)
        except ValueError as error:
            return on_main, str(error)
        raise AssertionError

    assert wait(work(), main) == (True, "no")


def test_a_call_that_exits_does_not_end_the_process(wait: Waiter) -> None:
    """It is an error like any other."""
    main = MainThread()

    def leave() -> None:
        raise SystemExit(3)

    async def work() -> None:
        await main.run(leave)

    with pytest.raises(RuntimeError, match="SystemExit"):
        wait(work(), main)


def test_an_awaiting_call_needs_an_awaiting_cell() -> None:
    """A blocked event loop cannot run a coroutine, and the error says what to do."""
    main = MainThread()

    async def code() -> int:
        await asyncio.sleep(0)
        return 1

    async def work() -> int:
        result: int = await main.run(code)
        return result

    assert wait_awaiting(work(), main) == 1
    with pytest.raises(CannotAwait):
        wait_blocking(work(), main)


def test_an_interrupt_cancels_the_work_and_waits_for_its_end(wait: Waiter) -> None:
    """What the work does on its way out is done before the cell fails."""
    ended, main = threading.Event(), MainThread()

    async def work() -> None:
        try:
            await main.run(lambda: None)  # from here on the cell waits
            threading.Timer(0, signal.raise_signal, [signal.SIGINT]).start()
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.set()

    with pytest.raises((CellInterrupted, KeyboardInterrupt)):
        wait(work(), main)

    assert ended.is_set()


def test_an_interrupted_call_cancels_the_work(wait: Waiter) -> None:
    """A prompt or approved code that is interrupted ends the whole run, and its thread survives."""
    main = MainThread()

    def call() -> None:
        signal.raise_signal(signal.SIGINT)

    async def work() -> None:
        await main.run(call)

    with pytest.raises((CellInterrupted, KeyboardInterrupt)):
        wait(work(), main)

    async def more() -> str:
        return "alive"

    assert wait(more(), main) == "alive"


def test_a_call_that_was_not_begun_is_never_made_after_an_interrupt() -> None:
    """Approved code must not run when the person has said stop."""
    main = MainThread()
    made: list[int] = []

    def interrupt_with_more_waiting() -> None:
        main.post(lambda: made.append(1))
        signal.raise_signal(signal.SIGINT)

    async def work() -> None:
        await main.run(interrupt_with_more_waiting)

    with pytest.raises(CellInterrupted):
        wait_blocking(work(), main)

    async def nothing() -> None:
        return None

    wait_blocking(nothing(), main)
    assert made == []


def test_a_call_between_two_cells_runs_on_the_idle_loop() -> None:
    """A run in the background can have its approved code run when no cell waits."""
    main = MainThread()

    async def notebook() -> bool:
        main.adopt_running_loop()
        future = await asyncio.to_thread(lambda: main.post(lambda: threading.current_thread()))
        return await asyncio.wrap_future(future) is threading.main_thread()

    assert asyncio.run(notebook())


def test_a_call_waits_for_the_next_cell_if_there_is_no_loop() -> None:
    """Nothing is lost in a shell whose loop does not run."""
    main = MainThread()
    future = main.post(lambda: "made")

    async def nothing() -> None:
        await asyncio.wrap_future(future)

    wait_blocking(nothing(), main)

    assert future.result(0) == "made"


def test_work_knows_its_cell_and_whether_it_still_waits() -> None:
    """A run that outlives its cell sees so."""
    seen: list[bool] = []

    async def work() -> Any:
        return current_cell.get()

    cell = wait_blocking(work(), MainThread())
    seen.append(cell.is_waiting)

    assert seen == [False]
    assert current_cell.get() is None


def test_work_that_was_cancelled_elsewhere_ends_the_cell() -> None:
    """By unloading the extension, say."""

    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CellInterrupted):
        wait_blocking(work(), MainThread())


def test_a_cell_on_another_thread_waits_too() -> None:
    """Subshells run cells beside the main thread; calls stay for the main thread."""
    found: list[int] = []

    async def work() -> int:
        return 7

    thread = threading.Thread(target=lambda: found.append(wait_blocking(work(), MainThread())))
    thread.start()
    thread.join(10)

    assert found == [7]
