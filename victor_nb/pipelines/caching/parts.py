"""Parts of a fingerprint that every kind of node has: texts, code, values."""

from __future__ import annotations

from typing import Any, Final

from victor_nb.journal import Redactor
from victor_nb.journal.codec import Writer, digest
from victor_nb.pipelines.caching.fingerprint import Part
from victor_nb.pipelines.caching.source import text_hash

SHOWN_CHARS: Final = 60
_SHOWN_BYTES: Final = 1_000

SECRET: Final = Part(text_hash("secret"))
"""Stands for a value with a secret in it: a new key makes no new result, and a hash of a short one could be guessed."""


def text_part(text: str, redactor: Redactor) -> Part:
    """Return a text as a part that is shown."""
    return Part(text_hash(text), _short(redactor.clean_text(text)))


def code_part(text: str) -> Part:
    """Return a text as a part that is not shown, because it is long or a secret."""
    return Part(text_hash(text))


def value_part(value: Any, redactor: Redactor) -> Part:
    """Return any storable value as a part.

    Raises:
        Unstorable: it cannot be written down.
    """
    canonical = Writer().canonical({"value": value})
    if redactor.clean_json(canonical) != canonical:
        return SECRET
    shown = _short(repr(value)) if len(canonical) < _SHOWN_BYTES else ""
    return Part(digest(canonical), shown)


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= SHOWN_CHARS else f"{one_line[: SHOWN_CHARS - 1]}…"
