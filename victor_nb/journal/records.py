"""Records: instances of classes as their fields, and back; never by running code that a journal names.

1. A class is looked up among those already imported. Only modules of this package are imported for it.
2. An instance is put together from its fields, without its constructor: dataclasses, named tuples and pydantic
   models come back as they were, defaults and private attributes included.
3. A class that could not be found again (defined inside a function) is refused when it is written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import importlib
import sys
from typing import Any, NamedTuple

import msgspec

from victor_nb.journal.errors import Unstorable

OURS = f"{__package__.partition('.')[0]}."


class State(NamedTuple):
    """What an instance is made of: its fields, and what its kind of class keeps beside them."""

    fields: dict[str, Any]
    beside: dict[str, Any]


def state_of(value: Any) -> State | None:
    """Return what a record is made of, one level deep; None if the value is no record."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return State({name: getattr(value, name) for name in names if hasattr(value, name)}, {})
    if isinstance(value, msgspec.Struct):
        return State({name: getattr(value, name) for name in value.__struct_fields__}, {})
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return State(dict(zip(value._fields, value, strict=True)), {})
    if _is_model(type(value)):
        return _state_of_model(value)
    return None


def _is_model(cls: type) -> bool:
    return hasattr(cls, "__pydantic_validator__") and hasattr(cls, "model_fields")


def _state_of_model(model: Any) -> State:
    state = model.__getstate__()
    names = type(model).model_fields
    fields = {name: value for name, value in state["__dict__"].items() if name in names}
    beside: dict[str, Any] = {}
    if (given := state["__pydantic_fields_set__"]) != fields.keys():
        beside["set"] = sorted(given)
    if extra := state.get("__pydantic_extra__"):
        beside["extra"] = extra
    if private := state.get("__pydantic_private__"):
        beside["private"] = private
    return State(fields, beside)


def rebuilt(cls: Any, state: State) -> Any:
    """Return an instance of `cls` that is made of `state`."""
    fields, beside = state
    if _is_model(cls) and not dataclasses.is_dataclass(cls):
        model = cls.__new__(cls)
        has_extra = cls.model_config.get("extra") == "allow"
        has_private = bool(cls.__private_attributes__)
        model.__setstate__(
            {
                "__dict__": fields,
                "__pydantic_fields_set__": set(beside.get("set", fields)),
                "__pydantic_extra__": beside.get("extra", {} if has_extra else None),
                "__pydantic_private__": beside.get("private", {} if has_private else None),
            }
        )
        return model
    if issubclass(cls, msgspec.Struct):
        return cls(**fields)
    if issubclass(cls, tuple):
        return tuple.__new__(cls, fields.values())
    made = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def name_of(cls: type) -> str:
    """Return the name under which `class_named` finds a class again."""
    return f"{cls.__module__}:{cls.__qualname__}"


def can_be_found(cls: type) -> bool:
    """Whether `class_named` finds a class of this one's name."""
    return _found(name_of(cls)) is not None


def class_named(name: str) -> Any:
    """Find a record class or an enumeration among the modules that are loaded already, and in this package.

    Raises:
        Unstorable: there is none of that name.
    """
    module_name, _, path = name.partition(":")
    if module_name.startswith(OURS):
        with contextlib.suppress(ImportError):
            importlib.import_module(module_name)
    if (found := _found(name)) is not None:
        return found
    raise Unstorable(
        f"the journal holds a {path!r} of module {module_name!r}, and that class is not loaded here",
        hint="run the cell or import the module that defines it, then try again",
    )


def _found(name: str) -> Any:
    module_name, _, path = name.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    is_record = isinstance(found, type) and (
        dataclasses.is_dataclass(found) or issubclass(found, msgspec.Struct | enum.Enum | tuple) or _is_model(found)
    )
    return found if is_record else None
