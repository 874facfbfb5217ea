"""What SQLite's errors mean for a journal."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from victor_nb.journal.errors import (
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalUnavailable,
)


def is_busy(failure: sqlite3.Error) -> bool:
    """Whether somebody else has what was wanted."""
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(failure: sqlite3.Error, path: Path) -> JournalError:
    """Return our error for one of SQLite's: what it means for the journal at `path`, and what to do."""
    where, code = str(path), getattr(failure, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusy(
            "other processes kept the journal locked for too long",
            where,
            "find a process that holds it open (victor doctor), or give this project its own journal",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return JournalReadOnly(
            "the journal cannot be written",
            where,
            "make the file and its folder writable, or set another journal with VICTOR_JOURNAL",
        )
    if code == sqlite3.SQLITE_FULL or "disk is full" in str(failure):
        return JournalFull(
            "there is no room left for the journal; what was written before is safe",
            where,
            "free space on that disk, then resume the run",
        )
    if code == sqlite3.SQLITE_CANTOPEN and path.exists():
        return JournalReadOnly(
            "the journal cannot be opened: this user may not read it, or not write beside it",
            where,
            "make the file and its folder writable, or set another journal with VICTOR_JOURNAL",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalCorrupt(
            f"the file is damaged or no journal: {failure}",
            where,
            "if it is none, name another path for the journal; if it is one, keep a copy, then try: "
            f"sqlite3 {where} '.recover' | sqlite3 recovered.db",
        )
    return JournalUnavailable(f"the journal cannot be used: {failure}", where, "run victor doctor for details")
