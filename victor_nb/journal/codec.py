"""Values to JSON and back, exactly: what a step returned is what its replay returns.

1. JSON values stand for themselves. Everything else is an object with one `$tag`, so a tuple comes back as a
   tuple and a NaN as a NaN. Never pickle.
2. Tables, arrays and long texts become blobs, named by the hash of their content and therefore stored once.
3. A class is looked up among those already imported, never imported: reading a journal runs no code.
4. A value that would lose what it is cannot be stored, and the error names the path to it.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import math
import re
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

import msgspec

from . import tables
from .errors import Unstorable
from .redaction import NOTHING_SECRET, Redactor

INLINE_BYTES: Final = 64 * 1024
"""An encoded field, text or byte string longer than this becomes a blob of its own."""

_ATOMS: Final = frozenset({str, bool, type(None)})
_INT_LIMIT: Final = 2**53  # beyond it other JSON readers round
_WAYS_OUT: Final = (
    "return JSON-able values, a DataFrame, an array, a pydantic model or a dataclass; "
    "or write the thing to a file and return its path"
)

to_json = msgspec.json.Encoder().encode
to_canonical_json = msgspec.json.Encoder(order="sorted").encode
from_json = msgspec.json.Decoder().decode

BlobSink = dict[str, bytes]
BlobSource = Callable[[str], bytes]


def digest(content: bytes) -> str:
    """Return the name of a blob: 32 hex digits of BLAKE2b over its content."""
    return blake2b(content, digest_size=16).hexdigest()


class _NoPlace(Exception):
    """Raised at the leaf that cannot be stored; the path is found by a second walk."""


class Writer:
    """Turns values into JSON, collecting the blobs that they need.

    Args:
        redactor: takes secrets out of texts, fields and blobs.
    """

    def __init__(self, redactor: Redactor = NOTHING_SECRET) -> None:
        self.redactor = redactor
        self.blobs: BlobSink = {}
        self._is_canonical = False

    def body(self, fields: dict[str, object]) -> bytes:
        """Encode an event's body; a field that is too long inside becomes a blob.

        Raises:
            Unstorable: a value inside has no place in a journal.
        """
        encoded = self.redactor.clean(to_json(self._plain(fields, "")))
        if len(encoded) <= INLINE_BYTES:
            return encoded
        return to_json({name: self._short(raw) for name, raw in _fields(encoded).items()})

    def canonical(self, value: object) -> bytes:
        """Encode a value so that equal values give equal bytes, whatever the order of their keys."""
        if value is None:
            return b"null"
        self._is_canonical = True
        return self.redactor.clean(to_canonical_json(self._plain(value, "inputs")))

    def _short(self, raw: msgspec.Raw) -> object:
        content = bytes(raw)
        if len(content) <= INLINE_BYTES:
            return raw
        return {"$json": self.blob(content)}

    def blob(self, content: bytes) -> str:
        name = digest(content)
        self.blobs[name] = content
        return name

    def _plain(self, value: object, where: str) -> object:
        try:
            return self.plain(value)
        except (_NoPlace, RecursionError) as failure:
            path, culprit = _culprit(value, where, self.plain)
            reason = "refers to itself" if isinstance(failure, RecursionError) else "cannot be stored"
            raise Unstorable(
                f"a value of type {_class_name(type(culprit))} {reason}",
                where=f"at {_without_brackets(path)}",
                hint=_WAYS_OUT,
            ) from None

    def plain(self, value: Any) -> object:
        """Return `value` as JSON values and tagged objects; the same object where nothing needs a tag."""
        kind = type(value)
        if kind in _ATOMS:
            return value
        if kind is int:
            return value if -_INT_LIMIT < value < _INT_LIMIT else {"$int": str(value)}
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if kind is dict:
            return self._plain_dict(value)
        if kind is list:
            return [self.plain(item) for item in value]
        if kind is msgspec.Raw:
            return value
        return self._tagged(kind, value)

    def _plain_dict(self, value: dict[Any, Any]) -> object:
        for key in value:
            if type(key) is not str or key[:1] == "$":
                pairs = [[self.plain(k), self.plain(v)] for k, v in value.items()]
                return {"$map": sorted(pairs, key=to_canonical_json) if self._is_canonical else pairs}
        return {key: self.plain(item) for key, item in value.items()}

    def _tagged(self, kind: type, value: Any) -> object:
        if (write := _WRITERS.get(kind)) is not None:
            return {f"${_TAGS[kind]}": write(self, value)}
        if isinstance(value, enum.Enum):
            return {"$enum": [_class_name(kind), self.plain(value.value)]}
        if (fields := _fields_of(value)) is not None:
            return {"$object": _class_name(kind), "fields": self._plain_dict(fields)}
        if isinstance(value, PurePath):
            return {"$path": str(value)}
        if (table := tables.dump(value, self.redactor)) is not None:
            return {"$table": table.kind, "blob": self.blob(table.content), **table.extra}
        if kind.__module__ == "numpy" and hasattr(value, "dtype") and hasattr(value, "item"):
            return {"$scalar": [value.dtype.str, self.plain(value.item())]}
        raise _NoPlace


def _write_bytes(writer: Writer, value: bytes) -> object:
    content = writer.redactor.clean(bytes(value))
    if len(content) > INLINE_BYTES:
        return {"blob": writer.blob(content)}
    return base64.b64encode(content).decode()


_WRITERS: Final[dict[type, Callable[[Writer, Any], object]]] = {
    tuple: lambda w, v: [w.plain(item) for item in v],
    set: lambda w, v: sorted((w.plain(item) for item in v), key=to_canonical_json),
    frozenset: lambda w, v: sorted((w.plain(item) for item in v), key=to_canonical_json),
    bytes: _write_bytes,
    bytearray: _write_bytes,
    datetime: lambda w, v: v.isoformat(),
    date: lambda w, v: v.isoformat(),
    time: lambda w, v: v.isoformat(),
    timedelta: lambda w, v: [v.days, v.seconds, v.microseconds],
    Decimal: lambda w, v: str(v),
    Fraction: lambda w, v: str(v),
    UUID: lambda w, v: str(v),
    complex: lambda w, v: [w.plain(v.real), w.plain(v.imag)],
}
_TAGS: Final = {kind: kind.__name__.lower() for kind in _WRITERS}


class Reader:
    """Turns JSON from the journal back into the values that were written.

    Args:
        blob: gives a blob's content by its name.
    """

    def __init__(self, blob: BlobSource) -> None:
        self._blob = blob

    def value(self, encoded: bytes) -> Any:
        """Decode bytes; most values carry no tag and need no second look."""
        plain = from_json(encoded)
        return self.revive(plain) if b'"$' in encoded else plain

    def revive(self, plain: Any) -> Any:
        """Replace tagged objects inside decoded JSON by the values they stand for.

        Raises:
            Unstorable: a class or a tag is not known in this process.
        """
        if type(plain) is list:
            return [self.revive(item) for item in plain]
        if type(plain) is not dict:
            return plain
        tag = next(iter(plain), "")
        if tag[:1] != "$":
            return {key: self.revive(item) for key, item in plain.items()}
        if (read := _READERS.get(tag)) is None:
            raise Unstorable(f"the journal holds a value tagged {tag!r}, which this version does not know")
        return read(self, plain[tag], plain)

    def json_blob(self, name: str) -> Any:
        return self.value(self._blob(name))

    def bytes_of(self, stored: Any) -> bytes:
        return base64.b64decode(stored) if isinstance(stored, str) else self._blob(stored["blob"])

    def table(self, kind: str, whole: dict[str, Any]) -> Any:
        return tables.load(kind, self._blob(whole["blob"]), whole)


_READERS: Final[dict[str, Callable[[Reader, Any, dict[str, Any]], Any]]] = {
    "$tuple": lambda r, v, _: tuple(r.revive(item) for item in v),
    "$set": lambda r, v, _: {r.revive(item) for item in v},
    "$frozenset": lambda r, v, _: frozenset(r.revive(item) for item in v),
    "$bytes": lambda r, v, _: r.bytes_of(v),
    "$bytearray": lambda r, v, _: bytearray(r.bytes_of(v)),
    "$datetime": lambda r, v, _: datetime.fromisoformat(v),
    "$date": lambda r, v, _: date.fromisoformat(v),
    "$time": lambda r, v, _: time.fromisoformat(v),
    "$timedelta": lambda r, v, _: timedelta(*v),
    "$decimal": lambda r, v, _: Decimal(v),
    "$fraction": lambda r, v, _: Fraction(v),
    "$uuid": lambda r, v, _: UUID(v),
    "$complex": lambda r, v, _: complex(r.revive(v[0]), r.revive(v[1])),
    "$int": lambda r, v, _: int(v),
    "$float": lambda r, v, _: float(v),
    "$path": lambda r, v, _: Path(v),
    "$map": lambda r, v, _: {r.revive(key): r.revive(item) for key, item in v},
    "$json": lambda r, v, _: r.json_blob(v),
    "$enum": lambda r, v, _: _class_named(v[0])(r.revive(v[1])),
    "$scalar": lambda r, v, _: tables.scalar(v[0], r.revive(v[1])),
    "$table": lambda r, v, whole: r.table(v, whole),
    "$object": lambda r, v, whole: _rebuild(_class_named(v), r.revive(whole["fields"])),
}


def _fields(encoded: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(encoded, type=dict[str, msgspec.Raw])


def _fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a record-like object, one level deep; None if it is none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    if hasattr(type(value), "__pydantic_validator__") and hasattr(type(value), "model_fields"):
        return {name: getattr(value, name) for name in type(value).model_fields} | (value.model_extra or {})
    return None


def _rebuild(cls: Any, fields: dict[str, Any]) -> Any:
    if hasattr(cls, "model_construct") and hasattr(cls, "__pydantic_validator__"):
        return cls.model_construct(**fields)
    return cls(**fields)


def _class_name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _class_named(name: str) -> Any:
    """Find a class among the modules that are loaded already, by its written name."""
    module_name, _, path = name.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    is_record = isinstance(found, type) and (
        dataclasses.is_dataclass(found)
        or issubclass(found, msgspec.Struct | enum.Enum | tuple)
        or hasattr(found, "__pydantic_validator__")
    )
    if not is_record:
        raise Unstorable(
            f"the journal holds a {path!r} of module {module_name!r}, and that class is not loaded here",
            hint="run the cell or import the module that defines it, then try again",
        )
    return found


def _culprit(value: Any, where: str, plain: Callable[[Any], object]) -> tuple[str, Any]:
    """Walk down to the smallest part that cannot be written, and say how to reach it."""
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        for step, part in _parts(value):
            try:
                plain(part)
            except (_NoPlace, RecursionError):
                value, where = part, where + step
                break
        else:
            return where, value
    return where, value


def _without_brackets(path: str) -> str:
    """Write the field of an event's body, which a path begins with, as the plain word that it is."""
    return re.sub(r"^\['(\w+)'\]", r"\1", path)


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in value.items()] + [(f" key {key!r}", key) for key in value]
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [(f"[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [(" element", item) for item in value]
    return [(f".{name}", item) for name, item in (_fields_of(value) or {}).items()]
