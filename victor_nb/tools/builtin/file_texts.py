"""Texts of files: bytes to text and back, whatever the encoding, without ever taking binary data for text."""

from __future__ import annotations

import codecs
from typing import Final

from victor_nb.tools.errors import ToolRefused

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT: Final = 8192


def is_binary(start: bytes) -> bool:
    """Answer whether a file that starts like this is no text: it has a NUL byte and no byte order mark."""
    return b"\0" in start[:LOOKED_AT] and not any(start.startswith(mark) for mark, _ in _MARKS)


def decoded(content: bytes, path: str) -> tuple[str, str]:
    """Return the text and its encoding: by its mark, else UTF-8, else Windows-1252 with nothing lost from view.

    Raises:
        ToolRefused: the content is binary.
    """
    if is_binary(content):
        raise ToolRefused(
            f"{path!r} is a binary file of {len(content):,} bytes",
            hint="load it in Python with the library for its format",
        )
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"
