"""A failure as facts: what was raised, where, and what stood around it.

1. The facts come from a live exception or from the text of a traceback; the remedies do not care which.
2. Only names are taken from the failing frame, and the keys of its tables and mappings: no values.
"""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

from victor_nb.errors import UsageError

_MOST_KEYS = 500
_CELL_FILE = re.compile(r"<ipython-input-|ipykernel_\d+|^<string>$|^<stdin>$")
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_IPYTHON_FRAME = re.compile(
    r"^(?:File |Cell )?(?P<file>[^\s:]+|In\s?\[\d+\]):(?P<line>\d+)|^Cell In\s?\[\d+\], line (?P<cell>\d+)"
)
_LAST_LINE = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Miss|Denied|Exceeded)?)(?:: (?P<message>.*))?$"
)


@dataclass(frozen=True)
class Failure:
    """What is known of an exception.

    Attributes:
        file: of the innermost frame that is the user's; "cell" for a notebook cell.
        line: in that file or cell, from 1; 0 if it is not known.
        text: that line.
        source: the whole cell, where there is one.
        names: every name that was visible there.
        keys: columns of tables and keys of mappings that were visible there, by variable.
        error: the exception itself, if it is at hand.
        advice: what an error of ours said to do, where only its text is at hand.
    """

    type: str
    message: str
    file: str = ""
    line: int = 0
    text: str = ""
    source: str = ""
    names: frozenset[str] = frozenset()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    error: BaseException | None = None
    advice: str = ""

    @property
    def where(self) -> str:
        """The place in words."""
        return f"{self.file}, line {self.line}" if self.line else self.file


def failure_of(error: BaseException, source: str = "") -> Failure:
    """Take the facts from an exception that was caught; `source` is the cell that raised it."""
    if isinstance(error, SyntaxError):
        place = "cell" if _is_cell(error.filename or "") else error.filename or ""
        text = (error.text or "").rstrip("\n")
        return Failure(
            "SyntaxError" if type(error) is SyntaxError else type(error).__name__,
            error.msg or "",
            place,
            error.lineno or 0,
            text,
            source,
            error=error,
        )
    frame, line = _users_frame(error.__traceback__)
    if frame is None:
        return Failure(type(error).__name__, str(error), source=source, error=error)
    name = frame.f_code.co_filename
    text = _line_of(source, line) if _is_cell(name) else linecache.getline(name, line)
    return Failure(
        type(error).__name__,
        str(error),
        "cell" if _is_cell(name) else name,
        line,
        text.strip(),
        source if _is_cell(name) else "",
        frozenset(frame.f_locals) | frozenset(frame.f_globals),
        _keys_in({**frame.f_globals, **frame.f_locals}),
        error,
    )


def failure_in(text: str) -> Failure:
    """Take the facts from the text of a traceback, Python's own or IPython's.

    Raises: UsageError if there is no traceback in it.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    places = [(number, found) for number, line in enumerate(lines) if (found := _place_in(line))]
    told = _told(lines[places[-1][0] + 1 :] if places else lines, is_first=bool(places))
    if told is None:
        raise UsageError("there is no Python traceback in this text", hint="victor fix reads what Python printed")
    kind, message, advice = told
    users = [place for _, place in places if _is_users(place[0]) or place[0] == "cell"]
    file, number = users[-1] if users else places[-1][1] if places else ("", 0)
    line = linecache.getline(file, number).strip() if number else ""
    return Failure(kind, message, file, number, line, advice=advice)


def _place_in(line: str) -> tuple[str, int] | None:
    """The file and line that a line of a traceback names."""
    if found := _FRAME.match(line):
        return found["file"], int(found["line"])
    if found := _IPYTHON_FRAME.match(line.strip()):
        return ("cell", int(found["cell"])) if found["cell"] else (found["file"], int(found["line"]))
    return None


def _told(lines: list[str], *, is_first: bool) -> tuple[str, str, str] | None:
    """The exception's type, message and advice; behind the last frame it is the first line that can be one."""
    found = [(place, match) for place, line in enumerate(lines) if (match := _LAST_LINE.match(line.strip("\n")))]
    if not found:
        return None
    place, match = found[0 if is_first else -1]
    advice = next((line.strip().removeprefix("→ ") for line in lines[place + 1 :] if line.startswith("  → ")), "")
    return match["type"].rpartition(".")[2], match["message"] or "", advice


def _users_frame(trace: TracebackType | None) -> tuple[FrameType | None, int]:
    """Return the innermost frame outside of installed packages; the innermost of all if there is none."""
    frames = list(traceback.walk_tb(trace))
    own = [(frame, line) for frame, line in frames if _is_users(frame.f_code.co_filename)]
    return (own or frames)[-1] if frames else (None, 0)


def _is_users(filename: str) -> bool:
    installed = (
        "site-packages" in filename or "dist-packages" in filename or "/lib/python" in filename.replace("\\", "/")
    )
    return _is_cell(filename) or not (installed or filename.startswith("<"))


def _is_cell(filename: str) -> bool:
    return bool(_CELL_FILE.search(filename))


def _line_of(source: str, line: int) -> str:
    lines = source.splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _keys_in(variables: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {name: _keys_of(value) for name, value in list(variables.items()) if not name.startswith("_")}
    return {name: keys for name, keys in found.items() if keys}


def _keys_of(value: object) -> tuple[str, ...]:
    if isinstance(value, dict):
        return _texts(list(value)[:_MOST_KEYS])
    if type(value).__module__.partition(".")[0] in ("pandas", "polars") and hasattr(value, "columns"):
        return _texts(list(value.columns)[:_MOST_KEYS])
    return ()


def _texts(keys: Sequence[object]) -> tuple[str, ...]:
    return tuple(key for key in keys if isinstance(key, str))
