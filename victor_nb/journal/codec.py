"""Values to JSON and back, exactly: what a step returned is what its replay returns.

1. JSON values stand for themselves. Everything else is an object with one `$tag`, so a tuple comes back as a
   tuple and a NaN as a NaN. Never pickle.
2. Tables, arrays and long texts become blobs, named by the hash of their content and therefore stored once.
3. Reading a journal runs no code that it names (see `records`).
4. A value that would lose what it is cannot be stored, and the error names the path to it.
"""

from __future__ import annotations

import base64
import enum
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from victor_nb.journal import records, tables, times
from victor_nb.journal.culprits import culprit_of
from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import NOTHING_SECRET, Redactor
from victor_nb.journal.tables import NoPlace

INLINE_BYTES: Final = 64 * 1024
"""An encoded field, text or byte string longer than this becomes a blob of its own."""

LARGEST_BYTES: Final = 900_000_000
"""A value that takes more than this is refused: SQLite keeps at most 1 GB in one place."""

_ATOMS: Final = frozenset({bool, type(None)})
_ATOMS_AND_TEXT: Final = _ATOMS | {str}
_INT_LIMIT: Final = 2**53  # beyond it other JSON readers round
_MOST_DECIMAL_BITS: Final = 14_000  # beyond it Python refuses to write decimals
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


class Writer:
    """Turns values into JSON, collecting the blobs that they need.

    Args:
        redactor: takes secrets out of texts, fields and blobs.
    """

    def __init__(self, redactor: Redactor = NOTHING_SECRET) -> None:
        self.redactor = redactor
        self.blobs: BlobSink = {}
        self._is_canonical = self._escapes = False

    def body(self, fields: dict[str, object]) -> bytes:
        """Encode an event's body; a field that is too long inside becomes a blob.

        Raises:
            Unstorable: a value inside has no place in a journal.
        """
        return self._with_short_fields(self.redactor.clean_json(self._encoded(fields, "", to_json)))

    def request(self, fields: dict[str, object]) -> bytes:
        """`canonical` for what is asked of a run, with fields that are too long as blobs."""
        return self._with_short_fields(self.canonical(fields))

    def field(self, name: str, value: object) -> bytes:
        """Encode one field of a body, with the secrets that it may hold: `body` or `reference` takes them out.

        Raises:
            Unstorable: it has no place in a journal.
        """
        return self._encoded(value, f"[{name!r}]", to_json)

    def reference(self, raw: bytes, name: str) -> bytes:
        """Make a blob of an encoded field, of which `name` is the digest; return what stands for it in a body."""
        cleaned = self.redactor.clean_json(raw)
        return to_json({"$json": self.blob(cleaned, name if cleaned is raw else "")})

    def canonical(self, value: object) -> bytes:
        """Encode a value so that equal values give equal bytes, whatever the order of their keys."""
        if value is None:
            return b"null"
        self._is_canonical = True
        return self.redactor.clean_json(self._encoded(value, "inputs", to_canonical_json))

    def _with_short_fields(self, encoded: bytes) -> bytes:
        if len(encoded) <= INLINE_BYTES:
            return encoded
        if encoded.startswith(b'{"$'):  # not fields: one value with a tag, because a key of it is no plain name
            return to_json({"$json": self.blob(encoded)})
        return to_json({name: self._short(raw) for name, raw in _fields(encoded).items()})

    def _short(self, raw: msgspec.Raw) -> object:
        content = bytes(raw)
        if len(content) <= INLINE_BYTES:
            return raw
        return {"$json": self.blob(content)}

    def blob(self, content: bytes, name: str = "") -> str:
        """Keep content as a blob and return its name, which is its digest."""
        if len(content) > LARGEST_BYTES:
            raise Unstorable(
                f"a value of {len(content) / 1e6:,.0f} MB is too large for a journal",
                hint="write it to a file and return its path",
            )
        name = name or digest(content)
        self.blobs[name] = content
        return name

    def _encoded(self, value: object, where: str, encode: Callable[[object], bytes]) -> bytes:
        try:
            try:
                return encode(value if is_plain(value) else self.plain(value))
            except UnicodeEncodeError:  # half a surrogate pair, as file names and cut emoji have it
                self._escapes = True
                return encode(self.plain(value))
        except (NoPlace, RecursionError, Unstorable) as failure:
            path, culprit = culprit_of(value, where, self.plain)
            place = f"at {path}"
            if isinstance(failure, Unstorable):
                raise Unstorable(failure.what, place, failure.hint) from failure.__cause__
            reason = "refers to itself" if isinstance(failure, RecursionError) else f"cannot be stored{failure}"
            kind = records.name_of(type(culprit))
            raise Unstorable(f"a value of type {kind} {reason}", place, _WAYS_OUT) from None

    def plain(self, value: Any) -> object:
        """Return `value` as JSON values and tagged objects; the same object where nothing needs a tag."""
        kind = type(value)
        if kind is str:
            return value if not self._escapes else self._escaped(value)
        if kind in _ATOMS:
            return value
        if kind is int:
            return value if -_INT_LIMIT < value < _INT_LIMIT else {"$int": _digits(value)}
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
        plain = {}
        always_plain = _ATOMS if self._escapes else _ATOMS_AND_TEXT
        for key, item in value.items():
            if type(key) is not str or key[:1] == "$" or (self._escapes and _is_broken(key)):
                return {"$map": self.pairs(value)}
            plain[key] = item if type(item) in always_plain else self.plain(item)
        return plain

    def pairs(self, value: dict[Any, Any]) -> list[list[object]]:
        """The items of a dict whose keys are not all plain texts."""
        pairs = [[self.plain(key), self.plain(item)] for key, item in value.items()]
        return sorted(pairs, key=to_canonical_json) if self._is_canonical else pairs

    def _escaped(self, text: str) -> object:
        if not _is_broken(text):
            return text
        return {"$text": base64.b64encode(self.redactor.clean_text(text).encode("utf-8", "surrogatepass")).decode()}

    def _tagged(self, kind: type, value: Any) -> object:
        if (write := _WRITERS.get(kind)) is not None:
            return {f"${_TAGS[kind]}": write(self, value)}
        if isinstance(value, enum.Enum):
            return {"$enum": [_findable(kind), self.plain(value.value)]}
        if (state := records.state_of(value)) is not None:
            beside = {name: self.plain(item) for name, item in state.beside.items()}
            return {"$object": _findable(kind), "fields": self._plain_dict(state.fields), **beside}
        if (tagged := tables.dump(value, self)) is not None:
            return tagged
        raise NoPlace


def is_plain(value: object) -> bool:
    """Whether `Writer.plain` would return equal JSON values: most bodies need no copy, and looking is half as dear."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or key[:1] == "$":
                return False
            if (of := type(item)) in _ATOMS_AND_TEXT or (of is int and -_INT_LIMIT < item < _INT_LIMIT):
                continue
            if not is_plain(item):
                return False
        return True
    if kind is list:
        for item in value:  # type: ignore[attr-defined]
            if type(item) in _ATOMS_AND_TEXT:
                continue
            if not is_plain(item):
                return False
        return True
    if kind is int:
        return -_INT_LIMIT < value < _INT_LIMIT  # type: ignore[operator]
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]
    return kind in _ATOMS_AND_TEXT or kind is msgspec.Raw


def _findable(kind: type) -> str:
    if not records.can_be_found(kind):
        raise NoPlace(": its class could not be found again; define it at the top of a module or cell")
    return records.name_of(kind)


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _digits(value: int) -> str:
    return str(value) if value.bit_length() <= _MOST_DECIMAL_BITS else hex(value)


def _write_bytes(writer: Writer, value: bytes | bytearray) -> object:
    content = writer.redactor.clean(bytes(value))
    if len(content) > INLINE_BYTES:
        return {"blob": writer.blob(content)}
    return base64.b64encode(content).decode()


def _write_time(_: Writer, value: datetime | time) -> object:
    try:
        return times.to_json(value)
    except ValueError as failure:
        raise NoPlace(f": {failure}; use zoneinfo.ZoneInfo") from None


def _write_defaultdict(writer: Writer, value: defaultdict[Any, Any]) -> object:
    if value.default_factory not in _FACTORIES.values():
        raise NoPlace(": its default comes from a function; return dict(…)")
    name = next(name for name, factory in _FACTORIES.items() if factory is value.default_factory)
    return [name, writer.pairs(value)]


_FACTORIES: Final[dict[str, Any]] = {
    **{kind.__name__: kind for kind in (list, dict, set, int, float, str)},
    "none": None,
}
_WRITERS: Final[dict[type, Callable[[Writer, Any], object]]] = {
    tuple: lambda w, v: [w.plain(item) for item in v],
    set: lambda w, v: sorted((w.plain(item) for item in v), key=to_canonical_json),
    frozenset: lambda w, v: sorted((w.plain(item) for item in v), key=to_canonical_json),
    OrderedDict: lambda w, v: [[w.plain(key), w.plain(item)] for key, item in v.items()],
    Counter: lambda w, v: w.pairs(v),
    defaultdict: _write_defaultdict,
    deque: lambda w, v: [v.maxlen, [w.plain(item) for item in v]],
    range: lambda w, v: [w.plain(v.start), w.plain(v.stop), w.plain(v.step)],
    bytes: _write_bytes,
    bytearray: _write_bytes,
    datetime: _write_time,
    date: lambda w, v: v.isoformat(),
    time: _write_time,
    timedelta: lambda w, v: [v.days, v.seconds, v.microseconds],
    Decimal: lambda w, v: str(v),
    Fraction: lambda w, v: [w.plain(v.numerator), w.plain(v.denominator)],
    UUID: lambda w, v: str(v),
    complex: lambda w, v: [w.plain(v.real), w.plain(v.imag)],
    type(Path()): lambda w, v: w.plain(str(v)),
}
_TAGS: Final = {kind: kind.__name__.lower() for kind in _WRITERS} | {type(Path()): "path"}


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
        return self.revive(plain) if b"$" in encoded else plain

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
            raise Unstorable(
                f"the journal holds a value tagged {tag!r}, which this version does not know",
                hint="a later version wrote it: pip install --upgrade victor-nb",
            )
        return read(self, plain[tag], plain)

    def json_blob(self, name: str) -> Any:
        return self.value(self._blob(name))

    def bytes_of(self, stored: Any) -> bytes:
        return base64.b64decode(stored) if isinstance(stored, str) else self._blob(stored["blob"])

    def pairs(self, written: Any) -> dict[Any, Any]:
        return {self.revive(key): self.revive(item) for key, item in written}

    def table(self, kind: str, whole: dict[str, Any]) -> Any:
        return tables.load(kind, self._blob(whole["blob"]), self)

    def record(self, name: str, whole: dict[str, Any]) -> Any:
        beside = {key: self.revive(item) for key, item in whole.items() if key not in ("$object", "fields")}
        return records.rebuilt(records.class_named(name), records.State(self.revive(whole["fields"]), beside))


_READERS: Final[dict[str, Callable[[Reader, Any, dict[str, Any]], Any]]] = {
    "$tuple": lambda r, v, _: tuple(r.revive(item) for item in v),
    "$set": lambda r, v, _: {r.revive(item) for item in v},
    "$frozenset": lambda r, v, _: frozenset(r.revive(item) for item in v),
    "$bytes": lambda r, v, _: r.bytes_of(v),
    "$bytearray": lambda r, v, _: bytearray(r.bytes_of(v)),
    "$ordereddict": lambda r, v, _: OrderedDict(r.pairs(v)),
    "$counter": lambda r, v, _: Counter(r.pairs(v)),
    "$defaultdict": lambda r, v, _: defaultdict(_FACTORIES[v[0]], r.pairs(v[1])),
    "$deque": lambda r, v, _: deque((r.revive(item) for item in v[1]), v[0]),
    "$range": lambda r, v, _: range(*map(r.revive, v)),
    "$datetime": lambda r, v, _: times.datetime_from_json(v),
    "$date": lambda r, v, _: date.fromisoformat(v),
    "$time": lambda r, v, _: times.time_from_json(v),
    "$timedelta": lambda r, v, _: timedelta(*v),
    "$decimal": lambda r, v, _: Decimal(v),
    "$fraction": lambda r, v, _: Fraction(r.revive(v[0]), r.revive(v[1])),
    "$uuid": lambda r, v, _: UUID(v),
    "$complex": lambda r, v, _: complex(r.revive(v[0]), r.revive(v[1])),
    "$int": lambda r, v, _: int(v, 0),
    "$float": lambda r, v, _: float(v),
    "$text": lambda r, v, _: base64.b64decode(v).decode("utf-8", "surrogatepass"),
    "$path": lambda r, v, _: Path(r.revive(v)),
    "$map": lambda r, v, _: r.pairs(v),
    "$json": lambda r, v, _: r.json_blob(v),
    "$enum": lambda r, v, _: records.class_named(v[0])(r.revive(v[1])),
    "$scalar": lambda r, v, _: tables.scalar(v[0], r.revive(v[1])),
    "$pandas": lambda r, v, _: tables.pandas_scalar(v[0], *map(r.revive, v[1:])),
    "$table": lambda r, v, whole: r.table(v, whole),
    "$object": lambda r, v, whole: r.record(v, whole),
}


def _fields(encoded: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(encoded, type=dict[str, msgspec.Raw])
