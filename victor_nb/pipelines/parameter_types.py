"""Types of parameters: fitting a value to one, and reading one from a word of the command line.

1. Fitting never guesses: a value keeps its meaning, or it does not fit. What YAML and JSON cannot write is taken in the
   form that they have for it: a date as text, a tuple as a list, a Decimal as a number.
2. Reading is for words (`-p start=2026-01-01`), which have no type of their own; the parameter's type decides.
3. Classes of NumPy and pandas are told by their names; the libraries are imported only to make a value of theirs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, Final, Protocol
from uuid import UUID

from .literals import NotSpelledOut, value_in

_TRUTH: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
_NOTHING: Final = frozenset({"none", "null", "~", ""})


class Misfit(Exception):
    """A value is not of a type.

    Attributes:
        expected: the type that was not met; that of the innermost part that is wrong.
        got: that part.
        path: how to get to it from the whole, as in code: "[0]['a']"; empty for the whole.
    """

    def __init__(self, expected: str, got: object, path: str = "") -> None:
        super().__init__(expected, got, path)
        self.expected, self.got, self.path = expected, got, path


class ParameterType(Protocol):
    """What a parameter may be; `str` of it is how a person writes it."""

    def fit(self, value: object) -> object:
        """Return the value as this type, the same object where nothing has to change. Raises: Misfit."""

    def read(self, word: str) -> object:
        """Return what a word of the command line means as this type. Raises: Misfit."""


@dataclass(frozen=True, slots=True)
class Anything:
    """No type is known: any value fits, and words are read as papermill reads them."""

    name: str = "any value"

    def __str__(self) -> str:
        return self.name

    def fit(self, value: object) -> object:
        return value

    def read(self, word: str) -> object:
        return guessed(word)


@dataclass(frozen=True, slots=True)
class Plain:
    """A type that has no parts.

    Attributes:
        kinds: instances of these fit as they are.
        converted: makes a value of what YAML, JSON or NumPy have for it; raises ValueError or TypeError.
        readable: makes a value of a word.
    """

    name: str
    kinds: tuple[type, ...]
    converted: Callable[[Any], object]
    readable: Callable[[str], object]

    def __str__(self) -> str:
        return self.name

    def fit(self, value: object) -> object:
        if isinstance(value, self.kinds) and not (isinstance(value, bool) and bool not in self.kinds):
            return value
        return self._made(self.converted, value)

    def read(self, word: str) -> object:
        return self._made(self.readable, word)

    def _made(self, make: Callable[[Any], object], value: object) -> object:
        try:
            return make(value)
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            raise Misfit(self.name, value) from None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values: `Literal`."""

    values: tuple[object, ...]

    def __str__(self) -> str:
        return " or ".join(map(repr, self.values))

    def fit(self, value: object) -> object:
        for one in self.values:
            if type(one) is type(value) and one == value:
                return one
        raise Misfit(str(self), value)

    def read(self, word: str) -> object:
        for one in self.values:
            if str(one) == word or (not isinstance(one, str) and guessed(word) == one):
                return one
        raise Misfit(str(self), word)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several types; the first that a value fits without a change, else the first that it fits at all."""

    options: tuple[ParameterType, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.options))

    def fit(self, value: object) -> object:
        fitting = list(_successes(lambda option: option.fit(value), self.options))
        for made in fitting:
            if made is value:
                return made
        if not fitting:
            raise Misfit(str(self), value)
        return fitting[0]

    def read(self, word: str) -> object:
        text_last = sorted(self.options, key=lambda option: option is TEXT)  # every word is a text
        for made in _successes(lambda option: option.read(word), text_last):
            return made
        raise Misfit(str(self), word)


@dataclass(frozen=True, slots=True)
class Several:
    """A list, set or tuple of any length, all of one type."""

    kind: type
    item: ParameterType

    def __str__(self) -> str:
        return f"{self.kind.__name__}[{self.item}{', ...' if self.kind is tuple else ''}]"

    def fit(self, value: object) -> object:
        if not isinstance(value, self.kind) and not _stands_for_collection(value):
            raise Misfit(str(self), value)
        given = list(value)  # type: ignore[call-overload]
        made = [_part(self.item, part, f"[{place}]") for place, part in enumerate(given)]
        is_same = isinstance(value, self.kind) and all(map(operator.is_, given, made))
        return value if is_same else self.kind(made)

    def read(self, word: str) -> object:
        with suppress(NotSpelledOut):
            if word.strip()[:1] in ("[", "(", "{") or "(" in word:
                return self.fit(value_in(word))
        parts = [part.strip() for part in word.split(",")] if word.strip() else []
        return self.kind(self.item.read(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A tuple whose places have a type each."""

    items: tuple[ParameterType, ...]

    def __str__(self) -> str:
        return f"tuple[{', '.join(map(str, self.items)) or '()'}]"

    def fit(self, value: object) -> object:
        if not isinstance(value, tuple | list) or len(value) != len(self.items):
            raise Misfit(str(self), value)
        pairs = enumerate(zip(self.items, value, strict=True))
        made = [_part(kind, part, f"[{place}]") for place, (kind, part) in pairs]
        is_same = isinstance(value, tuple) and all(map(operator.is_, value, made))
        return value if is_same else tuple(made)

    def read(self, word: str) -> object:
        with suppress(NotSpelledOut):
            if word.strip()[:1] in ("[", "("):
                return self.fit(value_in(word))
        parts = [part.strip() for part in word.split(",")]
        if len(parts) != len(self.items):
            raise Misfit(str(self), word)
        return tuple(kind.read(part) for kind, part in zip(self.items, parts, strict=True))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A dict."""

    key: ParameterType
    item: ParameterType

    def __str__(self) -> str:
        return f"dict[{self.key}, {self.item}]"

    def fit(self, value: object) -> object:
        if not isinstance(value, dict):
            raise Misfit(str(self), value)
        made = {
            _part(self.key, key, f" key {key!r}"): _part(self.item, one, f"[{key!r}]") for key, one in value.items()
        }
        is_same = all(map(operator.is_, [*value, *value.values()], [*made, *made.values()]))
        return value if is_same and len(made) == len(value) else made

    def read(self, word: str) -> object:
        try:
            return self.fit(value_in(word))
        except NotSpelledOut:
            raise Misfit(str(self), word) from None


@dataclass(frozen=True, slots=True)
class OfLibrary:
    """A class of NumPy or pandas: instances fit, and what its constructor is known to take."""

    module: str
    name: str
    made_from: tuple[type, ...] = ()

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    def fit(self, value: object) -> object:
        if any(
            one.__name__ == self.name and one.__module__.split(".")[0] == self.module for one in type(value).__mro__
        ):
            return value
        if not isinstance(value, self.made_from) or isinstance(value, bool):
            raise Misfit(str(self), value)
        try:
            made: object = getattr(import_module(self.module), "array" if self.name == "ndarray" else self.name)(value)
        except (ValueError, TypeError, OverflowError):
            raise Misfit(str(self), value) from None
        return made

    def read(self, word: str) -> object:
        if str in self.made_from:
            return self.fit(word)
        try:
            return self.fit(value_in(word))
        except NotSpelledOut:
            raise Misfit(str(self), word) from None


def guessed(word: str) -> object:
    """Read a word as papermill's command line does: True, False, None, a number, else a text."""
    if word in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[word]
    for number in (int, float):
        with suppress(ValueError):
            return number(word)
    return word


def _part(kind: ParameterType, value: object, place: str) -> Any:
    try:
        return kind.fit(value)
    except Misfit as misfit:
        raise Misfit(misfit.expected, misfit.got, place + misfit.path) from None


def _successes(make: Callable[[ParameterType], object], options: Iterable[ParameterType]) -> Iterator[object]:
    for option in options:
        with suppress(Misfit):
            yield make(option)


def _stands_for_collection(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset | range)


# -- types without parts ---------------------------------------------------------------------------------------------


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


TEXT: Final = Plain("str", (str,), _refused, str)
WHOLE: Final = Plain("int", (int,), _as_int, int)
REAL: Final = Plain("float", (float,), _as_float, float)
TRUTH: Final = Plain("bool", (bool,), _as_bool, _read_bool)
NOTHING: Final = Plain("None", (type(None),), _refused, _as_none)
PLAIN: Final[dict[str, Plain]] = {
    "None": NOTHING,
    "bool": TRUTH,
    "bytes": Plain("bytes", (bytes,), _refused, str.encode),
    "complex": Plain("complex", (complex,), _as_complex, _as_complex),
    "datetime.date": Plain("date", (), lambda v: v if type(v) is date else date.fromisoformat(v), date.fromisoformat),
    "datetime.datetime": Plain("datetime", (datetime,), _as_datetime, datetime.fromisoformat),
    "datetime.time": Plain("time", (time,), time.fromisoformat, time.fromisoformat),
    "datetime.timedelta": Plain("timedelta", (timedelta,), _as_duration, _as_duration),
    "decimal.Decimal": Plain("Decimal", (Decimal,), _as_decimal, _as_decimal),
    "float": REAL,
    "fractions.Fraction": Plain("Fraction", (Fraction,), Fraction, Fraction),
    "int": WHOLE,
    "pathlib.Path": Plain("Path", (PurePath,), Path, Path),
    "range": Plain("range", (range,), _as_range, _read_range),
    "str": TEXT,
    "uuid.UUID": Plain("UUID", (UUID,), UUID, UUID),
}
