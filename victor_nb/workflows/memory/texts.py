"""What an item is found by: the texts in its value, and the words in them.

1. Texts are taken from what is stored, after secrets were taken out of it.
2. Words are the same for an item and for a query, in every store and language: no accents, no upper case; a script
   that is written without spaces gives one word a letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final

from victor_nb.errors import UsageError

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\*|-?\d+)\]")
_WHOLE: Final = "$"


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _WORD.findall(plain.casefold())


def text_of(stored: Any, index: Sequence[str] | bool | None) -> str:
    """Return what a value, as JSON with tags, is found by.

    Raises:
        UsageError: `index` names no paths.
    """
    if index is False:
        return ""
    if index is None or index is True:
        return "\n".join(_texts(stored))
    if isinstance(index, str):
        raise UsageError(f"index={index!r} is one text", hint=f"give the paths as a list: index=[{index!r}]")
    found = (text for path in index for part in _at(stored, path) for text in _texts(part))
    return "\n".join(found)


def _texts(stored: Any) -> Iterator[str]:
    """The texts and numbers in a stored value; names of classes, blobs and kinds are none of its texts."""
    if isinstance(stored, str):
        yield stored
    elif isinstance(stored, list):
        for item in stored:
            yield from _texts(item)
    elif isinstance(stored, dict):
        for name, item in stored.items():
            if name in ("$decimal", "$date", "$datetime", "$uuid", "$path") or not (
                name[:1] == "$" and isinstance(item, str)
            ):
                yield from _texts(item)
    elif isinstance(stored, int | float) and not isinstance(stored, bool):
        yield str(stored)


def _at(stored: Any, path: str) -> list[Any]:
    """The parts of a value that a path leads to."""
    if path == _WHOLE:
        return [stored]
    parts = [stored]
    for step in _steps(path):
        parts = [inner for part in parts for inner in _inside(part, step)]
    return parts


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    place = 0
    while place < len(path):
        if (found := _STEP.match(path, place)) is None:
            raise UsageError(f"index has a path {path!r} that cannot be read", hint='write it like "notes[*].text"')
        name, number = found.groups()
        steps.append(name if name is not None else (number if number == "*" else int(number)))
        place = found.end()
    return steps


def _inside(part: Any, step: str | int) -> list[Any]:
    if isinstance(part, dict) and len(part) == 1 and next(iter(part)) in ("$tuple", "$set", "$frozenset"):
        part = next(iter(part.values()))
    if isinstance(part, dict) and "$object" in part:
        part = part["fields"]
    if step == "*":
        return list(part) if isinstance(part, list) else list(part.values()) if isinstance(part, dict) else []
    if isinstance(part, dict):
        return [part[step]] if step in part else []
    if isinstance(part, list) and isinstance(step, int) and -len(part) <= step < len(part):
        return [part[step]]
    return []
