"""Values on a command line: `key=value` pairs, and whole inputs as JSON, from a file or from the cell.

A value is JSON where it reads as such, and else a text: `n=3` is a number, `name=iris` a text, `xs=[1,2]` a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from victor_nb.commands.session import Session
from victor_nb.errors import UsageError


def pairs(words: Iterable[str], flag: str = "--set") -> dict[str, Any]:
    """Read `key=value` words.

    Raises:
        UsageError: one has no "=".
    """
    found: dict[str, Any] = {}
    for word in words:
        key, equals, written = word.partition("=")
        if not equals or not key:
            raise UsageError(f"{word!r} is no key=value", flag, f"{flag} n=3")
        found[key.strip()] = value(written)
    return found


def value(written: str) -> Any:
    """Read a value: JSON, or the text itself."""
    try:
        return json.loads(written)
    except ValueError:
        return written


def given(session: Session, written: str | None, words: Iterable[str], body: str | None) -> dict[str, Any] | None:
    """Return a workflow's input: an object from a flag, from a file (`@input.json`) or from the cell, and pairs.

    Returns: None if nothing was given at all.

    Raises:
        UsageError: it is no object, or the file cannot be read.
    """
    text = written if written is not None else body
    if written is not None and written.startswith("@"):
        text = _file(session, written[1:])
    changed = pairs(words)
    if text is None or not text.strip():
        return changed or None
    try:
        read = json.loads(text)
    except ValueError as error:
        raise UsageError(f"the input is no JSON: {error}", "--input", "--input '{\"n\": 3}', or --set n=3") from error
    if not isinstance(read, dict):
        raise UsageError("the input is no JSON object", "--input", "--input '{\"n\": 3}', or --set n=3")
    return {**read, **changed}


def _file(session: Session, name: str) -> str:
    path = (session.start or Path.cwd()) / Path(name).expanduser()
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} cannot be read: {error}", "--input") from error
