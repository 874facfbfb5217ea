"""What a member's result depends on, part by part, so that the first difference can be told in words.

What is declared is known before it runs; what was observed while it ran is kept with the entry and looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from ...journal import Redactor
from ...journal.codec import Writer, digest
from .kept import hash_of

SHOWN_CHARS: Final = 60


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a result depends on.

    Attributes:
        hash: of its content.
        shown: a short form for people; empty where the hash says all.
    """

    hash: str
    shown: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Everything that a result depends on.

    Attributes:
        parts: by name, in the order in which differences are told: "code", "parameter rows", "input data.csv".
        observed: files and modules that were read while it ran, by path, with the hashes of their contents.
    """

    parts: dict[str, Part]
    observed: dict[str, str] = {}

    @property
    def key(self) -> str:
        """A hash of all that was known before it ran."""
        told = msgspec.json.encode({name: part.hash for name, part in self.parts.items()}, order="sorted")
        return blake2b(told, digest_size=16).hexdigest()


def text_part(text: str, redactor: Redactor) -> Part:
    """Return a text as a part that is shown."""
    return Part(_hash(text), _short(redactor.clean_text(text)))


def code_part(text: str) -> Part:
    """Return a text as a part that is not shown, because it is long."""
    return Part(_hash(text))


def value_part(value: Any, redactor: Redactor) -> Part:
    """Return any storable value as a part.

    Raises:
        Unstorable: it cannot be written down.
    """
    writer = Writer()
    canonical = writer.canonical({"value": value})
    shown = _short(redactor.clean_text(repr(value))) if len(canonical) < 1_000 else ""
    return Part(digest(canonical), shown)


def file_parts(files: Mapping[str, Path]) -> dict[str, Part]:
    """Return declared inputs as parts.

    Raises:
        OSError: one cannot be read.
    """
    return {f"input {name}": Part(hash_of(path)) for name, path in sorted(files.items())}


def up_to_date(now: Identity, then: Identity, base: Path) -> Identity:
    """Return what a result would depend on now, with what was observed then looked at again; "" for what is gone."""
    return Identity(now.parts, {path: _hash_or_none(base / path) for path in then.observed})


def difference(then: Identity, now: Identity) -> str:
    """Return the first difference in words; empty if there is none."""
    for name, part in now.parts.items():
        before = then.parts.get(name)
        if before is None:
            return f"{name} is new"
        if before.hash != part.hash:
            return _change(name, before, part)
    for name in then.parts:
        if name not in now.parts:
            return f"{name} is gone"
    for path, before_hash in then.observed.items():
        if (found := now.observed.get(path, "")) != before_hash:
            return f"{path}, which it read, {'changed' if found else 'is gone'}"
    return ""


def _change(name: str, before: Part, now: Part) -> str:
    if before.shown and now.shown and before.shown != now.shown:
        return f"{name} was {before.shown} and is {now.shown}"
    return f"{name} changed"


def _hash_or_none(path: Path) -> str:
    try:
        return hash_of(path)
    except OSError:
        return ""


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= SHOWN_CHARS else f"{one_line[: SHOWN_CHARS - 1]}…"
