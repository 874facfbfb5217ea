"""Run ids: sorted by time, short enough to type, safe in file names and URLs."""

from __future__ import annotations

import secrets
import threading
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u
_TIME_DIGITS: Final = 9
_RANDOM_BITS: Final = 30


class RunIds:
    """Makes ids such as "1k9x2fq8a-7m3qzt": milliseconds since the epoch, then 30 random bits.

    Ids of one source sort in the order in which they were made, as ULIDs do: within a millisecond the random part
    counts on, and a clock that goes back does not take the ids with it.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self, now: float) -> str:
        """Return the next id; `now` is in seconds since the epoch."""
        with self._lock:
            fresh = int(now * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1)
            self._last = fresh if fresh >> _RANDOM_BITS > self._last >> _RANDOM_BITS else self._last + 1
            digits = _base32(self._last, _TIME_DIGITS + _RANDOM_BITS // 5)
        return f"{digits[:_TIME_DIGITS]}-{digits[_TIME_DIGITS:]}"


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
