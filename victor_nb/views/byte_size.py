"""Numbers of bytes as people read them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def byte_size(number: float) -> str:
    """Write a number of bytes: "1.2 GB"."""
    return next((f"{number / unit:.1f} {name}" for name, unit in _UNITS if number >= unit), f"{number:.0f} bytes")
