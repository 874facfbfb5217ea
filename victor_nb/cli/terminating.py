"""SIGTERM taken as Ctrl-C: whoever ends the process, what ran is recorded as stopped and can go on."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Termination:
    """While it is entered, SIGTERM interrupts the work; `came` tells that it did.

    Only the main thread can take signals, so elsewhere it does nothing.
    """

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> Self:
        self._is_main = threading.current_thread() is threading.main_thread()
        if self._is_main:
            self._before = signal.signal(signal.SIGTERM, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_main:
            signal.signal(signal.SIGTERM, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        signal.raise_signal(signal.SIGINT)
