"""Types of parameters that have no parts, and what of YAML, JSON, NumPy and the command line stands for them."""

from __future__ import annotations

import operator
import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

from victor_nb.pipelines.parameters.literals import NotSpelledOut, value_in
from victor_nb.pipelines.parameters.types import Plain

_TRUTH: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
_NOTHING: Final = frozenset({"none", "null", "~", ""})


def _refused(value: object) -> object:
    raise TypeError(value)


def _as_python(value: Any) -> Any:
    """Return a NumPy scalar as Python's own."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0 else value


def _number(value: object) -> Any:
    """Return a number; a bool, which Python counts among them, is none to a person."""
    made = _as_python(value)
    return _refused(value) if isinstance(made, bool) else made


def _as_int(value: object) -> object:
    return operator.index(_number(value))


def _as_float(value: object) -> object:
    made = _number(value)
    if not isinstance(made, int | float) or (isinstance(made, int) and int(float(made)) != made):
        raise TypeError(value)
    return float(made)


def _as_complex(value: object) -> object:
    return complex(value.replace(" ", "")) if isinstance(value, str) else complex(_number(value))


def _as_bool(value: object) -> object:
    made = _as_python(value)
    return made if isinstance(made, bool) else _refused(value)


def _as_decimal(value: object) -> object:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise TypeError(value)
    try:
        return Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(value) from None


def _read_bool(word: str) -> object:
    if word.lower() not in _TRUTH:
        raise ValueError(word)
    return _TRUTH[word.lower()]


def _as_none(word: object) -> object:
    return None if isinstance(word, str) and word.lower() in _NOTHING else _refused(word)


def _as_datetime(value: Any) -> object:
    """Return a text, or a day as YAML writes midnight, as a moment."""
    return datetime.combine(value, time()) if isinstance(value, date) else datetime.fromisoformat(value)


def _as_duration(value: object) -> object:
    """Return seconds, or a text of ISO 8601 ("PT1H30M") or like "1:30:00", as a timedelta."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    text = str(value) if isinstance(value, str) else _refused(value)
    if clock := re.fullmatch(r"(?:(-?\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)", str(text)):
        days, hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        return timedelta(days, seconds, hours=hours, minutes=minutes)
    with suppress(ValueError):
        return timedelta(seconds=float(str(text)))
    import msgspec

    return msgspec.convert(text, timedelta)


def _as_range(value: object) -> object:
    made = value_in(value) if isinstance(value, str) else value
    if isinstance(made, list | tuple) and 1 <= len(made) <= 3:
        made = range(*made)
    return made if isinstance(made, range) else _refused(value)


def _read_range(word: str) -> object:
    try:
        return _as_range(word)
    except NotSpelledOut:
        raise ValueError(word) from None


NOTHING: Final = Plain("None", (type(None),), _refused, _as_none)
PLAIN: Final[dict[str, Plain]] = {
    "None": NOTHING,
    "bool": Plain("bool", (bool,), _as_bool, _read_bool),
    "bytes": Plain("bytes", (bytes,), _refused, str.encode),
    "complex": Plain("complex", (complex,), _as_complex, _as_complex),
    "datetime.date": Plain("date", (), lambda v: v if type(v) is date else date.fromisoformat(v), date.fromisoformat),
    "datetime.datetime": Plain("datetime", (datetime,), _as_datetime, datetime.fromisoformat),
    "datetime.time": Plain("time", (time,), time.fromisoformat, time.fromisoformat),
    "datetime.timedelta": Plain("timedelta", (timedelta,), _as_duration, _as_duration),
    "decimal.Decimal": Plain("Decimal", (Decimal,), _as_decimal, _as_decimal),
    "float": Plain("float", (float,), _as_float, float),
    "fractions.Fraction": Plain("Fraction", (Fraction,), Fraction, Fraction),
    "int": Plain("int", (int,), _as_int, int),
    "pathlib.Path": Plain("Path", (PurePath,), Path, Path),
    "range": Plain("range", (range,), _as_range, _read_range),
    "str": Plain("str", (str,), _refused, str),
    "uuid.UUID": Plain("UUID", (UUID,), UUID, UUID),
}
