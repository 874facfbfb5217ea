"""Types of parameters: fitting a value to one, and reading one from a word of the command line.

1. Fitting never guesses: a value keeps its meaning, or it does not fit. What YAML and JSON cannot write is taken in the
   form that they have for it: a date as text, a tuple as a list, a Decimal as a number.
2. Reading is for words (`-p start=2026-01-01`), which have no type of their own; the parameter's type decides.
3. Classes of NumPy and pandas are told by their names; the libraries are imported only to make a value of theirs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from victor_nb.pipelines.parameters.literals import NotSpelledOut, value_in


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
        text_last = sorted(self.options, key=lambda option: str(option) == "str")  # every word is a text
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
