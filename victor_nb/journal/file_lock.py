"""A lock between processes that ends with whoever holds it, however that ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def locked(file: Path) -> sqlite3.Connection:
    """Take the lock that a file stands for; closing what is returned lets go of it.

    The file is a database that is only ever locked: the one such lock that the standard library has on every system.

    Raises: sqlite3.Error; one that `is_busy` if another process, or another part of this one, has the lock.
    """
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
    except BaseException:
        connection.close()
        raise
    return connection
