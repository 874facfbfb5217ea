"""Secrets are taken out on the way in: what never reaches the journal cannot leak from it.

1. Two kinds are known: values that the settings name, and shapes that keys of well-known services have.
2. Looking works on encoded bytes, after the last transformation, so no field can be forgotten. It costs next to
   nothing where there is no secret, which is nearly always.
3. Replacing works on the texts, numbers and keys inside JSON, so that what is left is JSON, and says what was there.
   Words of ours (the fields of an event, tags, blob names) stay, or the event could not be read any more.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

import msgspec

SHORTEST_SECRET: Final = 6
"""Configured values shorter than this many characters are refused: they would blot out ordinary words."""

_MEASURES: Final = frozenset({"ms", "seconds"})
_OUR_FIELDS: Final = _MEASURES.union(
    ("kind", "name", "inputs", "effect", "request", "result", "error", "usage", "cost_usd", "steps", "decision"),
    ("skipped", "resumable", "in_doubt", "reason", "owner", "fields"),
)
_NAMING_TAGS: Final = frozenset({"$table", "$json", "$object", "$enum", "$scalar", "$bytes", "$bytearray"})

# What the services document of their keys: a byte that each of them has, how they begin, and what follows. Looking for
# a byte costs a thirtieth of looking for a literal, and most events hold none of these bytes.
_KEYS: Final = (
    ("-", b"sk-", "anthropic", rb"ant-[A-Za-z0-9_\-]{16,}"),
    ("-", b"sk-", "openai", rb"(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_\-]{20,}"),
    ("_", b"gh", "github", rb"[pousr]_[A-Za-z0-9]{30,}"),
    ("_", b"github_pat_", "github", rb"[A-Za-z0-9_]{30,}"),
    ("-", b"glpat-", "gitlab", rb"[A-Za-z0-9_\-]{20,}"),
    ("A", b"AKIA", "aws", rb"[A-Z0-9]{16}\b"),
    ("A", b"ASIA", "aws", rb"[A-Z0-9]{16}\b"),
    ("A", b"AIza", "google", rb"[A-Za-z0-9_\-]{35}"),
    ("-", b"xox", "slack", rb"[abeoprs]-[A-Za-z0-9\-]{10,}"),
    ("_", b"hf_", "huggingface", rb"[A-Za-z0-9]{30,}"),
    ("_", b"rk_live_", "stripe", rb"[A-Za-z0-9]{20,}"),
    ("_", b"sk_live_", "stripe", rb"[A-Za-z0-9]{20,}"),
    ("_", b"rk_test_", "stripe", rb"[A-Za-z0-9]{20,}"),
    ("_", b"sk_test_", "stripe", rb"[A-Za-z0-9]{20,}"),
    ("_", b"gsk_", "groq", rb"[A-Za-z0-9]{40,}"),
    ("J", b"eyJ", "jwt", rb"[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"),
)
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:[^-]|-(?!----))*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
)
_SHAPES: Final = [
    (ord("-"), b"PRIVATE KEY-", "private-key", _PRIVATE_KEY),
    # That a key begins a word is said behind its beginning: a shape that begins with a literal is found as fast as one.
    *(
        (ord(byte), begin, name, re.compile(begin + rb"(?<=\b" + begin + b")" + rest))
        for byte, begin, name, rest in _KEYS
    ),
]
_SUSPECT: Final = tuple(dict.fromkeys(byte for byte, *_ in _SHAPES))


class Redactor:
    """Replaces secrets inside bytes by `[redacted:NAME]`.

    Args:
        secrets: values by the name under which the replacement shows them; empty values are passed over.

    Raises:
        ValueError: a value is too short to be told from ordinary text.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._values: list[tuple[bytes, bytes]] = []
        for name, value in (secrets or {}).items():
            if not value:
                continue
            if len(value) < SHORTEST_SECRET:
                raise ValueError(f"the secret {name!r} is shorter than {SHORTEST_SECRET} characters")
            self._values += [(form, _mark(name)) for form in _written_forms(value)]
        self._values.sort(key=lambda pair: -len(pair[0]))  # a secret that contains another goes first

    def clean(self, content: bytes) -> bytes:
        """Return `content` without secrets; the same object when it holds none."""
        for value, mark in self._values:
            if content.find(value) >= 0:  # thrice as fast as `in`, which first tries the value as a number
                content = content.replace(value, mark)
        for byte in _SUSPECT:
            if byte in content:
                return _without_keys(content)
        return content

    def clean_text(self, text: str) -> str:
        """`clean` for text."""
        encoded = text.encode("utf-8", "surrogatepass")
        cleaned = self.clean(encoded)
        return text if cleaned is encoded else cleaned.decode("utf-8", "surrogatepass")

    def clean_json(self, content: bytes) -> bytes:
        """`clean` for an encoded JSON value, which stays one."""
        if self.clean(content) is content:
            return content
        return msgspec.json.encode(self._cleaned(msgspec.json.decode(content)))

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, list):
            return [self._cleaned(item) for item in value]
        if isinstance(value, dict):
            tag = next(iter(value), "")
            return self._cleaned_tagged(tag, value) if tag in _NAMING_TAGS else self._cleaned_object(value)
        written = msgspec.json.encode(value)
        cleaned = self.clean(written)
        return value if cleaned is written else cleaned.decode()

    def _cleaned_object(self, value: dict[str, Any]) -> dict[str, Any]:
        return {
            key if key in _OUR_FIELDS or key[:1] == "$" else self.clean_text(key): (
                item if key in _MEASURES and isinstance(item, float) else self._cleaned(item)
            )
            for key, item in value.items()
        }

    def _cleaned_tagged(self, tag: str, value: dict[str, Any]) -> dict[str, Any]:
        """Keep the name of the class, type or blob that stands first; clean what stands beside it."""
        named = value[tag]
        kept = [named[0], *map(self._cleaned, named[1:])] if isinstance(named, list) else named
        rest = {key: item for key, item in value.items() if key not in (tag, "blob")}
        return {tag: kept, **({"blob": value["blob"]} if "blob" in value else {}), **self._cleaned_object(rest)}


def _without_keys(content: bytes) -> bytes:
    """Return `content` without what has the shape of a key; the same object when it holds none."""
    for byte, literal, name, shape in _SHAPES:
        if byte in content and content.find(literal) >= 0:
            found = shape.sub(_mark(name), content)
            content = content if found == content else found
    return content


def _mark(name: str) -> bytes:
    return f"[redacted:{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}]".encode()


def _written_forms(value: str) -> set[bytes]:
    """The ways in which a text can stand in other text: escaped by Python, a URL or JSON, twice over, or in base64.

    Most keys are letters and digits, and have one form and its base64.
    """
    escaped = {value, repr(value)[1:-1], quote(value), quote(value, safe=""), quote_plus(value)}
    for _ in range(3):
        escaped |= {msgspec.json.encode(form)[1:-1].decode() for form in escaped}
        escaped |= {json.dumps(form)[1:-1] for form in escaped}
    return {form.encode() for form in escaped} | _base64_forms(value.encode())


def _base64_forms(value: bytes) -> set[bytes]:
    """The three texts, one an alignment, that base64 makes of bytes in the middle of other bytes."""
    forms = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value)
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - (0, 3, 2)[(len(value) + shift) % 3]]
        if len(inner) >= SHORTEST_SECRET:
            forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


NOTHING_SECRET: Final = Redactor()
