"""Run ids: sorted by time, short enough to type, safe in file names and URLs."""

from __future__ import annotations

import secrets
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u
_TIME_DIGITS: Final = 9
_RANDOM_DIGITS: Final = 6


def new_run_id(now: float) -> str:
    """Return an id such as "1k9x2fq8a-7m3qzt": milliseconds since the epoch, then 30 random bits."""
    return f"{_base32(int(now * 1000), _TIME_DIGITS)}-{_base32(secrets.randbits(5 * _RANDOM_DIGITS), _RANDOM_DIGITS)}"


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
