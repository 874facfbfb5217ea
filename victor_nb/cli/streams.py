"""Plain streams: every character of ours has a stand-in for terminals, files and pipes that cannot hold it.

1. Nothing that is shown may end in an encoding error: a run was paid for before its answer is printed.
2. A stand-in keeps the width of a mark, so that columns stay columns; letters lose their accents, the rest is "?".
3. JSON loses nothing: there a character that does not fit is written as JSON's own escape.
4. An error handler that a person has chosen (PYTHONIOENCODING=ascii:replace) stays.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import Final, TextIO

WORDS: Final = "victor-plain"
JSON: Final = "victor-json"

_MARKS: Final = dict(zip("●✓✕◌■·…→←•─━│┃", "*+xo#-~><*--||", strict=True))
_SIGNS: Final = {
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{NO-BREAK SPACE}": " ",
}
_STAND_INS: Final = _MARKS | _SIGNS
_BY_DEFAULT: Final = frozenset({"strict", "surrogateescape", "backslashreplace"})
_WITHOUT_DISPLAY: Final = frozenset({"", "dumb", "unknown"})


def plain(character: str) -> str:
    """Return one ASCII character that stands for `character`."""
    if character in _STAND_INS:
        return _STAND_INS[character]
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return letters if len(letters) == 1 and letters.isprintable() else "?"


def _in_words(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


def _in_json(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    escapes = (f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
    return "".join(escapes), error.end


def make_forgiving(*streams: TextIO | None, as_json: bool = False) -> None:
    """Let text streams write stand-ins, or JSON's escapes, for what their encoding cannot hold."""
    codecs.register_error(WORDS, _in_words)
    codecs.register_error(JSON, _in_json)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _BY_DEFAULT | {WORDS, JSON}:
            stream.reconfigure(errors=JSON if as_json else WORDS)


def can_move(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a display that redraws itself can be shown: a terminal, and not one that says it is dumb."""
    if stream is None or not stream.isatty():
        return False
    return sys.platform == "win32" or environment.get("TERM", "") not in _WITHOUT_DISPLAY
