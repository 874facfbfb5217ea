"""Many events in, a few batches out."""

from __future__ import annotations

import logging
import threading

import pytest

from victor_nb.views.pump import Pump


def test_everything_arrives_once_and_in_order() -> None:
    """Closing delivers what is left."""
    got: list[int] = []
    pump: Pump[int] = Pump(got.extend, interval_s=0.001)

    for number in range(10_000):
        pump.put(number)
    pump.close()

    assert got == list(range(10_000))


def test_items_of_a_busy_time_come_together() -> None:
    """Far fewer batches than items."""
    batches: list[list[int]] = []
    first, go = threading.Event(), threading.Event()

    def deliver(batch: list[int]) -> None:
        batches.append(batch)
        first.set()
        go.wait(10)

    pump = Pump(deliver, interval_s=0.0)
    pump.put(0)
    first.wait(10)
    for number in range(1, 1_000):
        pump.put(number)
    go.set()
    pump.close()

    assert [len(batch) for batch in batches] == [1, 999]


def test_each_thread_keeps_its_order() -> None:
    """Writers may be many; none of them waits or is reordered."""
    got: list[tuple[int, int]] = []
    pump: Pump[tuple[int, int]] = Pump(got.extend, interval_s=0.001)

    def write(writer: int) -> None:
        for number in range(500):
            pump.put((writer, number))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pump.close()

    assert len(got) == 2_000
    for writer in range(4):
        assert [number for by, number in got if by == writer] == list(range(500))


def test_a_receiver_that_fails_loses_one_batch_only(caplog: pytest.LogCaptureFixture) -> None:
    """A broken view is logged; the next batch is delivered all the same."""
    got: list[int] = []
    failed = threading.Event()

    def deliver(batch: list[int]) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("cannot show this")
        got.extend(batch)

    pump = Pump(deliver, interval_s=0.0)
    with caplog.at_level(logging.ERROR):
        pump.put(1)
        assert failed.wait(10)
        pump.put(2)
        pump.close()

    assert got == [2]
    assert "was not shown" in caplog.text


def test_after_closing_nothing_is_taken() -> None:
    """Late events of a run that was frozen are dropped, quietly."""
    got: list[int] = []
    pump: Pump[int] = Pump(got.extend)

    pump.close()
    pump.put(1)
    pump.close()

    assert got == []
