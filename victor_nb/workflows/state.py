"""State: which keys a workflow has, how updates are joined into them, and what a node is given of them.

1. Inside the engine a state is a dict of the keys that have a value; a node sees it as its schema's type.
2. Updates are checked where they come in, and the error names the key and who wrote it.
3. pydantic is only imported where a schema is one of its models.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints, is_typeddict

from victor_nb.errors import nearest
from victor_nb.workflows.errors import InvalidState, InvalidUpdate
from victor_nb.workflows.reducers import Default, Ephemeral, Overwrite, Reducer, pure

Values = dict[str, Any]

_EMPTY: Final[dict[Any, Callable[[], Any]]] = {kind: kind for kind in (list, dict, set, frozenset, tuple, str, bytes)}
_ZERO: Final = {kind: kind for kind in (int, float, complex)}


@dataclasses.dataclass(frozen=True, slots=True)
class Channel:
    """One key of a state.

    Attributes:
        reducer: joins an update to the value; None where the newest value simply replaces it.
        is_ephemeral: gone after the superstep that follows its writing.
        default: of a TypedDict's key, where its annotation gives one.
    """

    name: str
    type: Any
    reducer: Reducer | None = None
    is_ephemeral: bool = False
    default: Default | None = None


class Schema:
    """A TypedDict, dataclass or pydantic model, looked at as a state.

    Attributes:
        validates: whether updates are checked by the types of their keys.

    Raises:
        TypeError: the type is none of these, or an annotation of it cannot be understood.
    """

    def __init__(self, type_: type) -> None:
        self.type, self.kind = type_, _kind_of(type_)
        self.validates = self.kind == "model"
        hints = get_type_hints(type_, include_extras=True)
        names = _field_names(type_, self.kind, hints)
        self.channels = {name: _channel(name, hints[name]) for name in names}
        self.keys = self.channels.keys()
        self.reducers = {name: one.reducer for name, one in self.channels.items() if one.reducer is not None}
        self.ephemeral = frozenset(name for name, one in self.channels.items() if one.is_ephemeral)
        self._adapters: dict[str, Any] | None = None

    # -- the beginning ---------------------------------------------------------------------------------------------

    def initial(self) -> Values:
        """What a state holds before any input: defaults, and an empty value under every reducer that has one."""
        values = {name: _empty(self.channels[name].type) for name in self.reducers if _has_neutral(self.reducers[name])}
        values = {name: value for name, value in values.items() if value is not _NO_VALUE}
        return values | self._defaults()

    def _defaults(self) -> Values:
        if self.kind == "dataclass":
            return {
                field.name: _default_of(field)
                for field in dataclasses.fields(self.type)
                if field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            }
        if self.kind == "model":
            fields = self.type.model_fields  # type: ignore[attr-defined]
            return {
                name: field.get_default(call_default_factory=True)
                for name, field in fields.items()
                if not field.is_required()
            }
        return {name: deepcopy(one.default.value) for name, one in self.channels.items() if one.default is not None}

    def required(self) -> list[str]:
        """The keys without which an instance cannot be made."""
        given = self._defaults().keys() | self.reducers.keys()
        return [] if self.kind == "dict" else [name for name in self.keys if name not in given]

    # -- what comes in ---------------------------------------------------------------------------------------------

    def update(self, given: Any, who: str) -> Values:
        """Return what an input, or a node's answer, writes.

        Raises:
            InvalidUpdate: it is nothing that can be written, or has keys that the state lacks.
            InvalidState: a value is not of its key's type (pydantic models only).
        """
        if type(given) is not dict:
            given = self._fields_of(given, who)
        if not given.keys() <= self.keys:
            unknown = next(key for key in given if key not in self.keys)
            raise InvalidUpdate(
                f"{who} wrote {unknown!r}, which is no key of {self.type.__name__}.{nearest(str(unknown), self.keys)}",
                hint=f"its keys are: {', '.join(self.keys)}",
            )
        return self._validated(given, who) if self.validates else given

    def _fields_of(self, given: Any, who: str) -> Values:
        if isinstance(given, Mapping):
            return dict(given)
        if dataclasses.is_dataclass(given) and not isinstance(given, type):
            return {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
        if hasattr(given, "model_fields_set"):
            return {name: getattr(given, name) for name in type(given).model_fields if name in given.model_fields_set}
        raise InvalidUpdate(
            f"{who} gave {_shown(given)} ({type(given).__name__}), which is no update of the state",
            hint=f"return a dict with keys of {self.type.__name__}, None, or a Command",
        )

    def _validated(self, given: Values, who: str) -> Values:
        from pydantic import TypeAdapter, ValidationError

        if self._adapters is None:
            self._adapters = {name: TypeAdapter(one.type) for name, one in self.channels.items()}
        checked = {}
        for name, value in given.items():
            try:
                checked[name] = (
                    value
                    if type(value) is Overwrite or name in self.reducers
                    else self._adapters[name].validate_python(value)
                )
            except ValidationError as failure:
                first = failure.errors()[0]
                path = ".".join(map(str, (name, *first["loc"])))
                raise InvalidState(
                    f"{who} wrote {_shown(value)} to {name!r}: {first['msg']}",
                    f"{self.type.__name__}.{path}",
                    "write a value of the type that the state declares",
                ) from failure
        return checked

    # -- what goes out ---------------------------------------------------------------------------------------------

    def pick(self, values: Values) -> Values:
        """Return those of some values that are this schema's."""
        return {name: values[name] for name in self.keys if name in values}

    def view(self, values: Values) -> Any:
        """Return the state as a node is given it: a copy, so that assigning to its keys changes nothing.

        Raises:
            InvalidState: an instance needs a key that has no value yet.
        """
        if self.kind == "dict":
            return dict(values) if values.keys() == self.keys else self.pick(values)
        given = self.pick(values)
        try:
            return self.type(**given)
        except (TypeError, ValueError) as failure:
            if missing := [name for name in self.required() if name not in given]:
                raise InvalidState(
                    f"the state has no value yet for {', '.join(map(repr, missing))}",
                    self.type.__name__,
                    "give it in the input, or give the field a default",
                ) from failure
            if isinstance(failure, TypeError):
                raise
            raise InvalidState(
                f"the state does not make a {self.type.__name__}: {_first_line(failure)}", self.type.__name__
            ) from failure


_NO_VALUE: Final = object()


def _has_neutral(reducer: Reducer) -> bool:
    """Whether an empty value changes nothing: 0 does, under max or min."""
    return reducer not in (max, min)


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return field.default_factory() if callable(field.default_factory) else None


def _kind_of(type_: Any) -> str:
    if isinstance(type_, type) and dataclasses.is_dataclass(type_):
        return "dataclass"
    if hasattr(type_, "__pydantic_validator__") and hasattr(type_, "model_fields"):
        return "model"
    if is_typeddict(type_) or type_ is dict:
        return "dict"
    raise TypeError(f"a state is a TypedDict, a dataclass or a pydantic model, not {type_!r}")


def _field_names(type_: type, kind: str, hints: dict[str, Any]) -> list[str]:
    if kind == "dataclass":
        return [field.name for field in dataclasses.fields(type_)]
    if kind == "model":
        return list(type_.model_fields)  # type: ignore[attr-defined]
    return list(hints)


def _channel(name: str, hint: Any) -> Channel:
    while get_origin(hint) in (typing.Required, typing.NotRequired):
        hint = get_args(hint)[0]
    if get_origin(hint) is not Annotated:
        return Channel(name, hint)
    plain, *notes = get_args(hint)
    while get_origin(plain) in (typing.Required, typing.NotRequired):
        plain = get_args(plain)[0]
    is_ephemeral = Ephemeral in notes
    reducers = [note for note in notes if callable(note) and note is not Ephemeral and not isinstance(note, type)]
    default = next((note for note in notes if isinstance(note, Default)), None)
    return Channel(name, plain, pure(reducers[-1]) if reducers else None, is_ephemeral, default)


def _empty(hint: Any) -> Any:
    """The value before the first update of a key with a reducer: empty, or 0."""
    origin = get_origin(hint) or hint
    if origin in (types.UnionType, typing.Union):
        return None if type(None) in get_args(hint) else _NO_VALUE
    made = _EMPTY.get(origin) or _ZERO.get(origin)
    return made() if made is not None else _NO_VALUE


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _first_line(failure: Exception) -> str:
    return str(failure).strip().replace("\n", " ")[:200]
