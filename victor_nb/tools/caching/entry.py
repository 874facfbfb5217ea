"""Entries: what is kept of a call, and the first difference to what it would be made from now.

1. An entry says all that its result was made from: code, arguments, working folder, files. Nothing is looked up by
   time alone.
2. What cannot be read whole, with the checksum that it was written with, is no entry.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from victor_nb.journal.codec import Reader, Writer, from_json
from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import Redactor
from victor_nb.tools.caching.files import ABSENT, FOLDER, UNSETTLED, Seen, look_again
from victor_nb.tools.caching.storing import Kept

DAMAGED: Final = "what was kept of it was damaged"

_CHECKED_BYTES: Final = 16


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One result, and what it was made from.

    Attributes:
        parts: the tool's version, part by part.
        seen: what the call looked at.
        value: as the journal would write it down.
        blobs: tables and long texts that the value refers to.
        made: seconds since the epoch.
        seconds: that the call took.
        ttl_s: seconds for which it is good; None for no end.
    """

    parts: dict[str, str]
    seen: tuple[Seen, ...]
    value: bytes
    blobs: dict[str, bytes]
    made: float
    seconds: float
    ttl_s: float | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Entry).decode


class SecretInside(Exception):
    """A result holds a secret, and is therefore not kept."""


class _Finder(Redactor):
    """Notices secrets that another one would take out."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self.has_found = False

    def clean(self, content: bytes) -> bytes:
        cleaned = self._redactor.clean(content)
        self.has_found = self.has_found or cleaned is not content
        return cleaned


def written(value: object, redactor: Redactor) -> tuple[bytes, dict[str, bytes]]:
    """Return a value as JSON, with the blobs that it refers to.

    Raises:
        SecretInside: `redactor` would take something out of it.
        Unstorable: it cannot be written down.
    """
    finder = _Finder(redactor)
    writer = Writer(finder)
    body = writer.body({"result": value})
    if finder.has_found or any(redactor.clean(blob) is not blob for blob in writer.blobs.values()):
        raise SecretInside
    return body, dict(writer.blobs)


def value_of(entry: Entry) -> Any:
    """Return the value of an entry. Raises: Unstorable if a class in it is not loaded."""
    try:
        return Reader(entry.blobs.__getitem__).revive(from_json(entry.value))["result"]
    except (KeyError, ValueError, TypeError, msgspec.MsgspecError) as failure:
        raise Unstorable("a kept result cannot be read") from failure


def packed(entry: Entry) -> bytes:
    """Return an entry as bytes, its checksum first."""
    content = _encode(entry)
    return blake2b(content, digest_size=_CHECKED_BYTES).digest() + content


def unpacked(packed: bytes) -> Entry | None:
    """Return the entry that was packed; None if not every byte is what it was."""
    content = packed[_CHECKED_BYTES:]
    if blake2b(content, digest_size=_CHECKED_BYTES).digest() != packed[:_CHECKED_BYTES]:
        return None
    try:
        return _decode(content)
    except msgspec.MsgspecError:
        return None


# -- differences -------------------------------------------------------------------------------------------------------


def difference(entry: Entry, parts: Mapping[str, str], now: float) -> tuple[str, Entry]:
    """Return the first difference in words, empty if there is none; and the entry with the marks that files have now.

    Args:
        now: seconds since the epoch.
    """
    if told := next(_part_differences(entry.parts, parts), ""):
        return told, entry
    if entry.ttl_s is not None and not 0 <= now - entry.made < entry.ttl_s:
        return f"it is older than {entry.ttl_s:g} s", entry
    seen = []
    for then in entry.seen:
        again = look_again(then)
        if again.state != then.state or again.state == UNSETTLED:
            return _file_difference(then, again), entry
        seen.append(again)
    return "", msgspec.structs.replace(entry, seen=tuple(seen))


def staleness(kept: Kept) -> str:
    """Say which file changed that an entry depends on, or that its time is over; its tool's code is not looked at."""
    entry = unpacked(kept.body)
    return DAMAGED if entry is None else difference(entry, entry.parts, time.time())[0]


def _part_differences(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name, digest in now.items():
        if name not in then:
            yield f"{name} is new in what the tool uses"
        elif then[name] != digest:
            yield f"{name} changed"
    yield from (f"{name} is not used any more" for name in then if name not in now)


def argument_difference(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the first difference between the arguments of two calls, in words."""
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            return f"argument {name}: {_short(then, name)} -> {_short(now, name)}"
    return "the working folder is another one"


def _short(arguments: Mapping[str, Any], name: str) -> str:
    text = repr(arguments[name]) if name in arguments else "not given"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _file_difference(then: Seen, now: Seen) -> str:
    if then.state == ABSENT:
        return f"{now.shown} was missing and is there now"
    if now.state == ABSENT:
        return f"{now.shown} is gone"
    if then.kind in ("names", "types", "entries", "found"):
        return f"there are other files in {now.shown}"
    if FOLDER in (then.state, now.state) or then.kind == "there":
        return f"{now.shown} was {_told(then)} and is {_told(now)}"
    if then.kind == "link" and (" link " in then.state or " link " in now.state):
        return f"{now.shown} leads elsewhere"
    return f"{now.shown} changed"


def _told(seen: Seen) -> str:
    return seen.state if seen.state == FOLDER else "a file"
