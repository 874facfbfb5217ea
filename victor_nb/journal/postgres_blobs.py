"""Blobs on their way into PostgreSQL: those that are there already are not sent again.

Whoever clears away what nothing refers to may take one between the look and the writing. The statement then adds no
row, and is done again with all blobs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, LiteralString, TypeVar

from psycopg import Cursor
from psycopg.types.numeric import Int8

from victor_nb.journal.errors import Unstorable
from victor_nb.journal.packing import packed
from victor_nb.journal.postgres_server import PostgresServer

MOST_BYTES: Final = 1_000_000_000
"""What the blobs of one transaction may take, a little less than a message to the server."""

Result = TypeVar("Result")


class BlobCleared(Exception):
    """A blob that was there is not there any more."""


def with_blobs(server: PostgresServer, blobs: Mapping[str, bytes], write: Callable[[dict[str, Any]], Result]) -> Result:
    """Do `write` with the values of a statement for those blobs that are not there yet."""
    if not blobs:
        return write({})
    query, names = "SELECT name FROM blobs WHERE name = ANY(%b::text[])", list(blobs)
    known = server.retried(lambda cursor: {name for (name,) in cursor.execute(query, (names,))})
    if not known:
        return write(_contents(blobs, known))
    try:
        return write({**_contents(blobs, known), "known": sorted(known), "held": Int8(len(known))})
    except BlobCleared:
        return write(_contents(blobs, frozenset()))


def add_rows(cursor: Cursor[Any], statement: LiteralString, values: dict[str, Any]) -> None:
    """Add events.

    Raises:
        BlobCleared: none was added, because a blob is gone that they need.
    """
    if cursor.execute(statement, values).rowcount == 0:
        raise BlobCleared


def _contents(blobs: Mapping[str, bytes], known: Collection[str]) -> dict[str, Any]:
    """Columns for all but the known, in an order that lets no two writers wait for each other."""
    new = {name: packed(blobs[name]) for name in sorted(blobs) if name not in known}
    size = sum(len(content) for _, content in new.values())
    if size > MOST_BYTES:
        raise Unstorable(
            f"{size / 1e9:.1f} GB at once are more than PostgreSQL takes",
            hint="keep them in a file or an object store, and return the path",
        )
    if not new:
        return {}
    flags, contents = zip(*new.values(), strict=True)
    return {"names": list(new), "packed": list(flags), "contents": list(contents)}
