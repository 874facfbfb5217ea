"""Values as Python code that makes them again: equal, of the same type, and without touching the notebook's names.

1. `__import__("datetime").date(2026, 1, 2)` and not `date(2026, 1, 2)`: an import would bind a name that the notebook
   may use for something else, and names of builtins may be parameters themselves.
2. Only the very types below; a subclass would lose what it is. All others go through `handed`.
3. A text that is or holds a secret is never spelled out: the code reads it from the environment when it runs.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from victor_nb.journal.redaction import Redactor
from victor_nb.pipelines.parameters import handed
from victor_nb.pipelines.parameters.errors import CannotHandOver

SECRET_PREFIX: Final = "VICTOR_SECRET_"
LONGEST: Final = 64 * 1024
"""In characters; a value that takes more code than this lies in a file."""

_MOST_DECIMAL_BITS: Final = 14_000  # beyond it Python refuses to write decimals
_NUMPY_SCALARS: Final = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool_?")


@dataclass
class Code:
    """Writes values as code, and collects what the code needs.

    Attributes:
        folder: where values that cannot be spelled out are kept; absolute.
        environment: variables to add to the kernel's, for secrets that are in none.
    """

    folder: Path
    redactor: Redactor
    environment: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, value: object) -> str:
        """Return the code that makes one parameter's value.

        Raises: CannotHandOver if it would not be the same value.
        """
        where = f"parameter {name!r}"
        try:
            written = self._of(value, name)
        except RecursionError:
            raise CannotHandOver("a value refers to itself, or is nested too deeply", where) from None
        return written if len(written) <= LONGEST or isinstance(value, str) else self._kept(value, name)

    def _of(self, value: Any, name: str) -> str:
        kind = type(value)
        if kind is str:
            return self._text(value, name)
        if kind in (list, tuple, set, frozenset, dict):
            return self._collection(kind, value, name)
        if (write := _WRITERS.get(kind)) is not None and (written := write(value)) is not None:
            if self.redactor.clean_text(written) is not written:
                raise handed.holds_secret(f"parameter {name!r}")
            return written
        if kind.__module__ == "numpy" and _NUMPY_SCALARS.fullmatch(kind.__name__):
            return f'__import__("numpy").{kind.__name__}({self._of(value.item(), name)})'
        return self._kept(value, name)

    def _collection(self, kind: type, value: Any, name: str) -> str:
        if kind is dict:
            return (
                "{" + ", ".join(f"{self._of(key, name)}: {self._of(item, name)}" for key, item in value.items()) + "}"
            )
        parts = [self._of(item, name) for item in value]
        if kind is list:
            return f"[{', '.join(parts)}]"
        if kind is tuple:
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        unordered = f"{{{', '.join(sorted(parts))}}}" if parts else "{*()}"
        return unordered if kind is set else f"{_of_builtins('frozenset')}({unordered})"

    def _text(self, text: str, name: str) -> str:
        if self.redactor.clean_text(text) is text:
            return repr(text)
        for variable, value in os.environ.items():
            if value == text:
                return f'__import__("os").environ[{variable!r}]'
        variable = SECRET_PREFIX + re.sub(r"\W", "_", name).upper()
        while self.environment.setdefault(variable, text) != text:
            variable += "_"
        return f'__import__("os").environ[{variable!r}]'

    def _kept(self, value: object, name: str) -> str:
        written, modules = handed.kept(value, self.folder, self.redactor, f"parameter {name!r}")
        given = ", ".join(map(repr, (written, str(self.folder), *modules)))
        return f'__import__("victor_nb.pipelines.parameters.handed", fromlist=["value"]).value({given})'


def _of_builtins(name: str) -> str:
    return f'__import__("builtins").{name}'


def _of_module(module: str, written: str) -> str:
    return f'__import__("{module}").{written}'


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return _of_module("math", "nan") if math.isnan(value) else f"{'-' if value < 0 else ''}{_of_module('math', 'inf')}"


def _int(value: int) -> str:
    return repr(value) if value.bit_length() <= _MOST_DECIMAL_BITS else hex(value)


def _zone(zone: tzinfo | None) -> str | None:
    if isinstance(zone, ZoneInfo) and zone.key:
        return _of_module("zoneinfo", f"ZoneInfo({zone.key!r})")
    if type(zone) is timezone:
        offset = zone.utcoffset(None)
        return _of_module("datetime", f"timezone({_duration(offset)})" if offset else "timezone.utc")
    return None


def _duration(value: timedelta) -> str:
    return _of_module("datetime", f"timedelta({value.days}, {value.seconds}, {value.microseconds})")


def _moment(kind: str, numbers: tuple[int, ...], value: datetime | time) -> str | None:
    parts = list(map(str, numbers))
    if value.tzinfo is not None:
        if (zone := _zone(value.tzinfo)) is None:
            return None
        parts.append(f"tzinfo={zone}")
    if value.fold:
        parts.append("fold=1")
    return _of_module("datetime", f"{kind}({', '.join(parts)})")


def _datetime(value: datetime) -> str | None:
    numbers = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    return _moment("datetime", numbers, value)


def _time(value: time) -> str | None:
    return _moment("time", (value.hour, value.minute, value.second, value.microsecond), value)


def _path(value: PurePath) -> str:
    kind = "Path" if isinstance(value, Path) else type(value).__name__
    return _of_module("pathlib", f"{kind}({str(value)!r})")


_WRITERS: Final[Mapping[type, Callable[[Any], str | None]]] = {
    type(None): repr,
    bool: repr,
    bytes: repr,
    int: _int,
    float: _float,
    bytearray: lambda v: f"{_of_builtins('bytearray')}({bytes(v)!r})",
    complex: lambda v: f"{_of_builtins('complex')}({_float(v.real)}, {_float(v.imag)})",
    range: lambda v: f"{_of_builtins('range')}({_int(v.start)}, {_int(v.stop)}, {_int(v.step)})",
    date: lambda v: _of_module("datetime", f"date({v.year}, {v.month}, {v.day})"),
    datetime: _datetime,
    time: _time,
    timedelta: _duration,
    Decimal: lambda v: _of_module("decimal", repr(v)),
    Fraction: lambda v: _of_module("fractions", f"Fraction({_int(v.numerator)}, {_int(v.denominator)})"),
    UUID: lambda v: _of_module("uuid", repr(v)),
    type(Path()): _path,
    PurePosixPath: _path,
    PureWindowsPath: _path,
}
