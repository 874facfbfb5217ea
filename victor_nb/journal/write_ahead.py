"""Write-ahead logging for every SQLite file of ours that several processes may make at the same moment."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import Final

from victor_nb.journal.sqlite_errors import is_busy

LONGEST_NAP_S: Final = 0.002


def log_ahead(connection: sqlite3.Connection, wait_s: float) -> None:
    """Switch a database to write-ahead logging.

    SQLite's own timeout does not count where another is about to write: the switch makes a reader a writer, which that
    other would have to wait for, so it is refused at once.

    Args:
        wait_s: how long to try again, in seconds.
    Raises: sqlite3.OperationalError if it is still locked then; as SQLite does.
    """
    given_up = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as failure:
            if not is_busy(failure) or time.monotonic() >= given_up:
                raise
        else:
            return
        time.sleep(random.uniform(0, LONGEST_NAP_S))
