"""Stored values: the state of a run as its journal keeps it, each long value as a blob of its own.

1. What is in the journal is not written again: not looked through for secrets, not copied, not compressed.
2. A text cannot change, so the same object is the same text. Anything else may have been changed in place by a node:
   it is encoded each time, and known by the hash of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from victor_nb.journal import Redactor
from victor_nb.journal.codec import INLINE_BYTES, Writer, digest


class Stored:
    """The long values that one run has written."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._texts: dict[str, tuple[str, msgspec.Raw]] = {}
        self._known: dict[str, msgspec.Raw] = {}

    def state(self, values: Mapping[str, Any], writer: Writer) -> msgspec.Raw:
        """Return values as the journal keeps them, in their order; `writer` takes the blobs that are new.

        Raises:
            Unstorable: one of them cannot be written down.
        """
        return msgspec.Raw(writer.body({key: self._field(writer, key, value) for key, value in values.items()}))

    def _field(self, writer: Writer, key: str, value: Any) -> object:
        if type(value) is not str:
            return self._encoded(writer, key, value)
        if len(value) <= INLINE_BYTES // 2:
            return value
        text, written = self._texts.get(key, ("", msgspec.Raw()))
        if text is not value:
            written = self._encoded(writer, key, value)
            self._texts[key] = (value, written)
        return written

    def _encoded(self, writer: Writer, key: str, value: Any) -> msgspec.Raw:
        raw = writer.field(key, value)
        if len(raw) <= INLINE_BYTES:
            return msgspec.Raw(raw)
        name = digest(raw)
        if (written := self._known.get(name)) is None:
            written = self._known[name] = msgspec.Raw(writer.reference(raw, name))
        return written
