"""A clock that stands still until a test moves it."""

from __future__ import annotations


class FrozenClock:
    """Seconds since the epoch, as a journal's clock; they pass only when `advance` says so.

    Attributes:
        now: what the clock shows; it begins at noon of 1 January 2026, UTC.
    """

    def __init__(self, now: float = 1_767_268_800.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> float:
        """Let time pass; returns what the clock shows then.

        Raises:
            ValueError: `seconds` is negative: a journal's time does not run backwards.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot be advanced by {seconds!r} seconds")
        self.now += seconds
        return self.now
