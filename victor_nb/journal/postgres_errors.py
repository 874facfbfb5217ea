"""What PostgreSQL's errors mean for a journal.

A server that refuses a connection gives no error code to the driver, only its sentence; the codes below are for
everything that comes after the connection. Source of the codes: appendix "PostgreSQL Error Codes" of its manual.
"""

from __future__ import annotations

from typing import Final

import psycopg

from victor_nb.errors import VictorError
from victor_nb.journal.errors import (
    JournalBusy,
    JournalCorrupt,
    JournalError,
    JournalFull,
    JournalReadOnly,
    JournalUnavailable,
    JournalUnreachable,
    Unstorable,
)

_SERVER_GOES: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})  # it stops, falls, rises; idle limits
_TRY_AGAIN: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the statement was taken back
_LOCKED: Final = frozenset({"55P03", "53300"})  # lock not available in time, too many connections
_NOT_ALLOWED: Final = frozenset({"42501", "25006"})  # insufficient privilege, read-only transaction or standby
_FULL: Final = frozenset({"53100", "53200"})  # disk full, out of memory
_DAMAGED: Final = frozenset({"XX001", "XX002"})
_TOO_LARGE: Final = "54000"
_MISSING: Final = frozenset({"42P01", "3F000", "42703"})  # table, schema, column

_CROWDED: Final = ("too many clients", "slots are", "too many connections")
_WRONG_LOGIN: Final = ("authentication failed", "no password supplied", "no pg_hba.conf entry", 'role "')
_NOT_YET: Final = ("starting up", "shutting down", "in recovery", "not yet accepting")
_NO_ANSWER: Final = ("refused", "timeout", "timed out", "closed the connection", "No such file", "unreachable", "reset")


def is_gone(failure: psycopg.Error) -> bool:
    """Whether the server ended the connection, for reasons that pass."""
    return failure.sqlstate in _SERVER_GOES


def was_taken_back(failure: psycopg.Error) -> bool:
    """Whether the server undid the statement only because of what others did at the same time."""
    return failure.sqlstate in _TRY_AGAIN


def may_pass(failure: psycopg.Error) -> bool:
    """Whether a connection that was refused may be given in a moment."""
    text = str(failure)
    if any(words in text for words in _CROWDED):
        return True
    return not any(words in text for words in _WRONG_LOGIN) and any(words in text for words in _NOT_YET + _NO_ANSWER)


def refused(failure: psycopg.Error, shown: str) -> JournalError:
    """Our error for a connection that could not be made."""
    text = _sentence(failure)
    if any(words in text for words in _CROWDED):
        return JournalBusy(f"the server has no free connection: {text}", shown, "raise max_connections, or close some")
    if any(words in text for words in _WRONG_LOGIN):
        return JournalUnavailable(
            f"the server does not let this user in: {text}",
            shown,
            "check user and password; the password belongs in PGPASSWORD or ~/.pgpass, or in the URL (%-escaped)",
        )
    if "database" in text and "does not exist" in text:
        return JournalUnavailable(f"the server has no such database: {text}", shown, "make it: createdb NAME")
    if any(words in text for words in _NO_ANSWER + _NOT_YET) or "resolve" in text or "translate" in text:
        return JournalUnavailable(
            f"no PostgreSQL server answers: {text}", shown, "check host and port, and that it runs: pg_isready"
        )
    return JournalUnavailable(f"the server cannot be used: {text}", shown, "try the same with psql")


def unreachable(failure: BaseException, shown: str, waited_s: float) -> JournalUnreachable:
    """The connection was lost and could not be made again in time."""
    reason = _sentence(failure) if isinstance(failure, psycopg.Error) else getattr(failure, "what", str(failure))
    return JournalUnreachable(
        f"the connection to the journal's server was lost, and {waited_s:.0f} s later it is not back: {reason}",
        shown,
        "what was recorded is safe there; when the server is back: victor resume RUN",
    )


def translated(failure: psycopg.Error, shown: str) -> VictorError:
    """Return our error for one of PostgreSQL's: what it means for the journal, and what to do."""
    code, text = failure.sqlstate or "", _sentence(failure)
    if code in _LOCKED:
        return JournalBusy(f"others kept the journal locked for too long: {text}", shown, "look: pg_stat_activity")
    if code in _NOT_ALLOWED:
        return JournalReadOnly(
            f"the journal cannot be written: {text}",
            shown,
            "let this user write (GRANT … ON ALL TABLES IN SCHEMA …), or set another journal with VICTOR_JOURNAL",
        )
    if code in _FULL:
        return JournalFull(
            f"there is no room left for the journal; what was written before is safe: {text}",
            shown,
            "free space on the server, then resume the run",
        )
    if code in _DAMAGED:
        return JournalCorrupt(f"the server found damaged data: {text}", shown, "restore the database from a backup")
    if code in _MISSING:
        return JournalCorrupt(
            f"the journal's tables are not what they should be: {text}", shown, "choose another: ?schema=NAME"
        )
    if code == _TOO_LARGE or isinstance(failure, psycopg.DataError):
        return Unstorable(f"PostgreSQL cannot keep this value: {text}", shown, "keep it in a file, and store its path")
    return JournalUnavailable(f"the journal cannot be used: {text}", shown, "run victor doctor for details")


def _sentence(failure: psycopg.Error) -> str:
    """The server's own words without the driver's way to them, on one line."""
    words = failure.diag.message_primary or str(failure).rpartition("FATAL:")[2]
    return " ".join(words.split())
