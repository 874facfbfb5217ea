"""A prompt that another thread can end, because its question was answered elsewhere.

1. Whoever reads a line blocks the main thread, and only a signal reaches it there: the one that an interrupt is, too.
2. The signal counts while the prompt is open and at no other time: one that comes late must not interrupt the code that
   runs next. An interrupt by the person stays one.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final, TypeVar

T = TypeVar("T")

_LATE_S: Final = 1.0
"""A signal that was sent arrives at once; this only bounds how long one is waited for that the system has lost."""


class EndablePrompt:
    """One prompt, open once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # never taken by the handler, which may run while this thread holds it
        self._is_open = self._is_closing = self._is_sent = False
        self._arrived = threading.Event()
        self._before: Callable[[int, FrameType | None], object] | int | None = None
        self.is_ended = False

    def answered(self, ask: Callable[[], T]) -> T | None:
        """Return what `ask` returns; None if the prompt is ended before or meanwhile. Elsewhere than on the main thread
        it ends with `ask` only.
        """
        if threading.current_thread() is not threading.main_thread():
            return None if self.is_ended else ask()
        self._before = signal.signal(signal.SIGINT, self._signalled)
        try:
            with self._lock:
                self._is_open = not self.is_ended
            try:
                return ask() if self._is_open else None
            finally:
                self._is_closing = True
        except KeyboardInterrupt:
            if not self.is_ended:
                raise
            return None
        finally:
            self._close()

    def end(self) -> None:
        """End the prompt, or see to it that it never opens; from any other thread."""
        with self._lock:
            self.is_ended = True
            if self._is_open and not self._is_sent:
                self._is_sent = True
                _interrupt_main_thread()

    def _close(self) -> None:
        with self._lock:
            self._is_open = False
        if self._is_sent:
            self._arrived.wait(_LATE_S)
        signal.signal(signal.SIGINT, self._before if self._before is not None else signal.SIG_DFL)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._is_sent and not self._arrived.is_set():
            self._arrived.set()
            if not self._is_closing:
                raise KeyboardInterrupt
        elif callable(self._before):
            self._before(number, frame)


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):
        ident = threading.main_thread().ident
        assert ident is not None
        signal.pthread_kill(ident, signal.SIGINT)
    else:  # Windows
        signal.raise_signal(signal.SIGINT)
