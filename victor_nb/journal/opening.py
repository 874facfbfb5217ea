"""A journal by its URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from victor_nb.errors import MissingExtra, UsageError, nearest
from victor_nb.journal.journal import Journal
from victor_nb.journal.memory import MemoryStore
from victor_nb.journal.redaction import NOTHING_SECRET, Redactor
from victor_nb.journal.store import Store

DEFAULT_URL: Final = "sqlite:///.victor/victor.db"
_SQLITE: Final = "sqlite:///"
_HINT: Final = 'use "sqlite:///path/to/file.db", "postgresql://user@host/database" or "memory:"'


def open_journal(url: str | None = None, redactor: Redactor = NOTHING_SECRET) -> Journal:
    """Open the journal at `url`, making it if need be.

    Args:
        url: "sqlite:///relative/path.db", "sqlite:////absolute/path.db", "postgresql://user@host:5432/database",
            both with "?mode=ro" for reading only, or "memory:"; by default ".victor/victor.db" below the working
            directory.
        redactor: takes secrets out of everything that is written.

    Raises:
        UsageError: no store has that kind of URL.
        JournalError: the store cannot be opened.
        MissingExtra: the driver of that kind of database is not installed.
    """
    url = url or DEFAULT_URL
    scheme = url.partition(":")[0]
    if scheme not in _STORES:
        shown = f"{scheme}:…" if "@" in url else url  # there may be a password in it
        raise UsageError(f"no journal can be opened at {shown!r}.{nearest(scheme, _STORES)}", hint=_HINT)
    return Journal(_STORES[scheme](url), redactor)


def _sqlite(url: str) -> Store:
    from victor_nb.journal.sqlite import SqliteStore

    place, _, options = url.removeprefix(_SQLITE).partition("?")
    if not url.startswith(_SQLITE) or not place:
        raise UsageError(f"the journal's URL {url!r} names no file", hint=_HINT)
    if options not in ("", "mode=ro"):
        raise UsageError(f"the journal's URL has an unknown option {options!r}", hint='the one option is "?mode=ro"')
    return SqliteStore(Path(unquote(place)), read_only=bool(options))


def _postgres(url: str) -> Store:
    try:
        import psycopg  # noqa: F401
    except ImportError as missing:
        raise MissingExtra.named("postgres", needed_for="a journal in PostgreSQL") from missing
    from victor_nb.journal.postgres import PostgresStore

    return PostgresStore(url)


_STORES: Final[dict[str, Callable[[str], Store]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "postgres": _postgres,
    "memory": lambda _: MemoryStore(),
}
