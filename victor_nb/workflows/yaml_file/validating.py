"""Fields against their models: what pydantic says about a part of a file, told at its places in the file's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from victor_nb.errors import nearest
from victor_nb.workflows.yaml_file.documents import Document, Key
from victor_nb.workflows.yaml_file.fields import Fields
from victor_nb.workflows.yaml_file.mistakes import Mistake

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=Fields)
_KINDS = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def validated(model: type[Model], document: Document, path: Sequence[Key], mistakes: list[Mistake]) -> Model | None:
    """Return the mapping at `path` as its model, with every mistake noted.

    What does not fit is left out of the model, so that the rest can be looked at too; None if that is not enough.
    """
    from pydantic import ValidationError

    value = document.at(path)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    misfits = _by_place(details, value)
    for below, group in misfits.items():
        mistakes += _told(group, document, (*path, *below), model)
    rest = {key: one for key, one in value.items() if (key,) not in {below[:1] for below in misfits}}
    return model.model_validate(rest) if fits(model, rest) else None


def fits(model: type[Fields], value: object) -> bool:
    """Return whether a value is one of the model's."""
    from pydantic import ValidationError

    try:
        model.model_validate(value)
    except ValidationError:
        return False
    return True


Below = tuple[Key, ...]


def _by_place(details: Iterable[ErrorDetails], value: Any) -> dict[Below, list[ErrorDetails]]:
    """Group errors by the value they are about: alternatives of one value complain one by one."""
    groups: dict[Below, list[ErrorDetails]] = {}
    for one in details:
        groups.setdefault(_path_in(value, one["loc"]), []).append(one)
    for below in list(groups):
        # Of a mapping where a text or a mapping may stand, only what is wrong inside it is of interest.
        if any(other != below and other[: len(below)] == below for other in groups) and below:
            groups[below] = [one for one in groups[below] if one["type"] in ("extra_forbidden", "missing")]
    return {below: group for below, group in groups.items() if group}


def _path_in(value: Any, loc: Sequence[Key]) -> Below:
    """Return where in `value` an error is: `loc` without the names of alternatives."""
    path: list[Key] = []
    for key in loc:
        below: Any = value if isinstance(value, Mapping) else dict(enumerate(value)) if isinstance(value, list) else {}
        if key in below:
            path.append(key)
            value = below[key]
    return tuple(path)


def _told(group: list[ErrorDetails], document: Document, path: Below, model: type[Fields]) -> list[Mistake]:
    missing = [one for one in group if one["type"] == "missing"]
    unknown = [one for one in group if one["type"] == "extra_forbidden"]
    told = [_missing(one, document, path) for one in missing]
    told += [_unknown(one, document, path, model) for one in unknown]
    others = [one for one in group if one not in missing and one not in unknown]
    if others:
        told.append(_misfit(others, document, path))
    return told


def _missing(error: ErrorDetails, document: Document, path: Below) -> Mistake:
    return Mistake(f"{error['loc'][-1]!r} is missing", document.place(*path), "")


def _unknown(error: ErrorDetails, document: Document, path: Below, model: type[Fields]) -> Mistake:
    key = str(path[-1])
    known = _keys_at(model, error["loc"][:-1])
    close = nearest(key, known)
    return Mistake(
        f"there is no key {key!r} here.{close}",
        document.place_of_key(*path),
        "" if close else f"keys are {', '.join(known)}",
    )


def _keys_at(model: type[Fields], loc: Sequence[Key]) -> list[str]:
    """Return the keys of the model that an error inside a model is about, found by its name in the error's path."""
    names = {one.__name__: one for one in _subclasses(Fields)}
    inner = next((names[key] for key in reversed(loc) if isinstance(key, str) and key in names), None)
    field = model.model_fields.get(str(loc[0])) if loc and inner is None else None
    if field is not None:
        inner = next((one for one in _types_in(field.annotation) if issubclass(one, Fields)), None)
    return list((inner or model).model_fields)


def _types_in(annotation: Any) -> list[type]:
    if isinstance(annotation, type):
        return [annotation]
    return [found for one in getattr(annotation, "__args__", ()) for found in _types_in(one)]


def _subclasses(model: type[Fields]) -> list[type[Fields]]:
    return [found for one in model.__subclasses__() for found in (one, *_subclasses(one))]


def _misfit(group: list[ErrorDetails], document: Document, path: Below) -> Mistake:
    value = document.at(path)
    wanted = " or ".join(dict.fromkeys(_wish(one) for one in group))
    shown = _KINDS.get(type(value)) if isinstance(value, dict | list) else repr(value)
    name = f"{path[-1]!r}" if path and isinstance(path[-1], str) else "this"
    return Mistake(f"{name} is {shown if shown is not None else repr(value)}; it {wanted}", document.place(*path))


def _wish(error: ErrorDetails) -> str:
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    said = said.replace("should be a valid string", "should be a text").replace("valid dictionary", "mapping")
    if error["type"] in ("model_type", "model_attributes_type"):
        return "should be a mapping"
    if error["type"] == "string_pattern_mismatch":
        return "should be letters, digits and _, beginning with a letter"
    return said
