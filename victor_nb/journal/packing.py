"""How the content of a blob lies in a database: compressed where that makes it smaller."""

from __future__ import annotations

import zlib
from typing import Final

COMPRESS_UP_TO: Final = 16 * 1024 * 1024
"""Larger contents are kept as they are, in bytes: compressing them would hold up the step."""


def packed(content: bytes) -> tuple[bool, bytes]:
    """Return whether the content was compressed, and what to store."""
    if len(content) <= COMPRESS_UP_TO:
        smaller = zlib.compress(content, 1)
        if len(smaller) < len(content):
            return True, smaller
    return False, content


def unpacked(is_packed: bool, stored: bytes) -> bytes:
    """Return the content that `packed` was given."""
    return zlib.decompress(stored) if is_packed else bytes(stored)
