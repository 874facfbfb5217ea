"""Where expressions are evaluated: Jinja's sandbox, made narrower. They compute from values and act on nothing.

1. `a.b` reads a key of a mapping or a data field of an object, never a method; methods are called of texts only.
2. What could grow without measure (repetition, powers, ranges) is refused before it is computed.
3. The same values give the same result: nothing random, no clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sized
from functools import cache
from types import GeneratorType
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from victor_nb.errors import nearest

LARGEST: Final = 1_000_000
"""How long a text or list may be that `*` makes."""

LARGEST_BITS: Final = 10_000
_NOT_THE_SAME_AGAIN: Final = ("random",)


class Missing(StrictUndefined):
    """A name, field or index that is not there; an error wherever it is used, except by `default` and `is defined`."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint is None and isinstance(self._undefined_name, str):
            return f"there is no value {self._undefined_name!r} yet"
        return super()._undefined_message


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja, for values only."""

    intercepted_binops = frozenset({"*", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a field; of a mapping, a key: Jinja itself would rather take the method `dict.items`."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self._missing(obj, attribute)
        found = super().getattr(obj, attribute)
        return self._missing(obj, attribute) if isinstance(found, Undefined) and _is_absent(found) else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read a key or an index."""
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self._missing(obj, argument)
        return super().getitem(obj, argument)

    def _missing(self, obj: Any, name: object) -> Undefined:
        if obj is None:
            return self.undefined(f"there is no value before .{name}", obj=obj, name=str(name))
        known = [str(key) for key in obj] if isinstance(obj, Mapping) else list(getattr(obj, "__dict__", ()))
        there = f" There are {', '.join(known[:12])}" if known else f" It is a {type(obj).__name__}"
        what = f"there is no {name!r}.{nearest(str(name), known)}{there}"
        return self.undefined(what, obj=obj, name=str(name))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow data; of texts, methods."""
        return super().is_safe_attribute(obj, attr, value) and (isinstance(obj, str) or not callable(value))

    def is_safe_callable(self, obj: Any) -> bool:
        """Allow the functions below and the methods of texts; what is missing says so itself when it is called."""
        if isinstance(obj, Undefined):
            return True
        return obj is _length or obj is safe_range or isinstance(getattr(obj, "__self__", None), str)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute what may be large, unless it would be.

        Raises: SecurityError.
        """
        for one, times in ((left, right), (right, left)):
            if operator == "*" and isinstance(one, Sized) and isinstance(times, int) and len(one) * times > LARGEST:
                raise SecurityError(f"the result would be longer than {LARGEST:,}")
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length()
            if (bits * abs(right) if operator == "**" else bits + right.bit_length()) > LARGEST_BITS:
                raise SecurityError(f"the result would have more than {LARGEST_BITS:,} bits")
        return super().call_binop(context, operator, left, right)


def _is_absent(found: Undefined) -> bool:
    return found._undefined_exception is not SecurityError


def _length(value: Sized) -> int:
    return len(value)


@cache
def sandbox() -> Sandbox:
    """Return the one environment of the process."""
    made = Sandbox(undefined=Missing, finalize=as_text, autoescape=False, keep_trailing_newline=True)
    made.globals = {"null": None, "len": _length, "range": safe_range}
    for name in _NOT_THE_SAME_AGAIN:
        del made.filters[name]
    return made


def whole(value: object) -> object:
    """Return a value that outlives the expression and can be stored: what is made one by one, as a list."""
    return list(value) if isinstance(value, GeneratorType | range) else value


def as_text(value: object) -> object:
    """Write a value inside text: words as in YAML, lists and mappings as JSON, the rest as `str` has it."""
    value = whole(value)
    write = _WRITERS.get(type(value))
    return write(value) if write else value


def _plain(value: object) -> str:
    return str(as_text(value))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    list: _json,
    tuple: _json,
    dict: _json,
}
