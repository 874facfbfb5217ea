"""A tool's version: its code as it is loaded now, that of the project's functions which it uses, and their constants.

1. What is loaded counts, not what the files say: an edited module that was not reloaded still does what it did.
2. Of installed packages and of Python their versions count. Of the project the functions, classes and values that the
   code names, and those that these name.
3. Values count by content. What has none that can be compared (an open connection, results that are remembered in
   memory) is told as a blind spot: two processes may differ in it, or two moments of one.
"""

from __future__ import annotations

import functools
import logging
import platform
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from victor_nb.journal.codec import Writer
from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import Redactor
from victor_nb.tools.caching.observation import is_installed
from victor_nb.tools.caching.rules import Unseen

NATIVE_PACKAGES: Final = frozenset({
    "apsw", "av", "cv2", "duckdb", "fiona", "geopandas", "grpc", "h5py", "lmdb", "lxml", "netCDF4", "osgeo",
    "polars", "psycopg", "psycopg2", "pyarrow", "pycurl", "pyogrio", "pysam", "rasterio", "safetensors", "soundfile",
    "tables", "xarray", "zarr",
})  # fmt: skip
"""Packages whose own code opens files or connections, which Python does not hear of."""

NATIVE_NAMES: Final = frozenset({"read_feather", "read_hdf", "read_orc", "read_parquet", "scan_csv", "scan_parquet"})
"""Functions that hand a path to such code."""

_WHOLE_MODULE: Final = frozenset({"getattr", "vars", "globals", "__dict__", "eval", "exec"})
_OF_NO_ACCOUNT: Final = ("_abc", "_thread", "_typing", "logging", "threading", "types", "typing")
_FUNCTIONS: Final = (types.FunctionType, types.MethodType, staticmethod, classmethod, property, functools.partial)
_ATOMS: Final = frozenset({bool, bytes, float, int, str, type(None)})
_MOST_PARTS: Final = 5_000


class Version(NamedTuple):
    """What a tool is made of.

    Attributes:
        parts: hashes by what they are of, in the order in which they were met.
        blind: what cannot be accounted for, by what would have to be trusted.
        late: parts of modules that are imported in the middle of a call, and are loaded now.
    """

    parts: dict[str, str]
    blind: dict[Unseen, str]
    late: frozenset[str]

    def is_still(self, before: Mapping[str, str]) -> bool:
        """Whether a call that began with the parts `before` changed nothing but to import what it needed."""
        told = {name: digest for name, digest in self.parts.items() if name in before or name not in self.late}
        return told == before


class _Everything(Redactor):
    """Takes nothing out: two secrets are two values. Its hashes are all that is kept."""

    def clean(self, content: bytes) -> bytes:
        return content


_EVERYTHING: Final = _Everything()


def digest_of(value: object) -> str:
    """Return a hash of a value's content. Raises: Unstorable if it has none that could be written down."""
    writer = Writer(_EVERYTHING)
    canonical = writer.canonical(value)
    return _hash(canonical, *(name.encode() for name in sorted(writer.blobs)))


def version_of(function: Callable[..., Any]) -> Version:
    """Return the version of a function as it is now."""
    walk = _Walk({"Python": platform.python_version()})
    walk.visit(function, getattr(function, "__name__", "the tool"))
    return Version(walk.parts, walk.blind, frozenset(walk.late))


@dataclass(slots=True)
class _Walk:
    """Goes through everything that a function names, once each."""

    parts: dict[str, str]
    blind: dict[Unseen, str] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    _met: dict[int, object] = field(default_factory=dict)  # the objects are held, so that no id is used twice

    def visit(self, value: Any, name: str, names: Iterable[str] = ()) -> None:
        """Take in one thing, known as `name`; of a module those attributes that are among `names`."""
        if isinstance(value, types.ModuleType):
            self._module(value, frozenset(names))
        elif type(value) in _ATOMS:
            self._add(name, digest_of(value))
        elif id(value) not in self._met and len(self.parts) < _MOST_PARTS:
            self._met[id(value)] = value
            self._thing(value, name)

    def _thing(self, value: Any, name: str) -> None:
        if isinstance(value, type):
            self._class(value)
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, functools._lru_cache_wrapper):
            self._cannot_account("memory", f"{name} remembers its results in memory")
            self.visit(value.__wrapped__, name)
        elif isinstance(value, _FUNCTIONS):
            self._bound(value, name)
        elif isinstance(value, types.BuiltinFunctionType | types.MethodWrapperType | types.MethodDescriptorType):
            self._built_in(value, name)
        else:
            self._value(value, name)

    def _function(self, function: types.FunctionType) -> None:
        if self._is_of_a_package(function):
            return
        self._add(_shown(function), code_hash(function.__code__))
        for given in (function.__defaults__, function.__kwdefaults__):
            self._each(given, f"a default of {function.__name__}")
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self.visit(cell.cell_contents, name)
            except ValueError:  # not bound yet
                continue
        for name, value in vars(function).items():
            self.visit(value, f"{function.__name__}.{name}")
        self._named(function, frozenset(_names(function.__code__)))

    def _named(self, function: types.FunctionType, names: frozenset[str]) -> None:
        scope = function.__globals__
        package = str(scope.get("__package__") or "")
        for name in sorted(names):
            if name in NATIVE_NAMES:
                self._cannot_account("native", f"{name} reads files that are not seen")
            if name in scope:
                self.visit(scope[name], name, names)
            else:  # perhaps imported inside
                module = sys.modules.get(name) or sys.modules.get(f"{package}.{name}")
                if isinstance(module, types.ModuleType):
                    before = set(self.parts)
                    self.visit(module, name, names)
                    self.late |= self.parts.keys() - before

    def _module(self, module: types.ModuleType, names: frozenset[str]) -> None:
        if self._is_of_a_package(module):
            return
        inside = {name: value for name, value in vars(module).items() if not name.startswith("__")}
        wanted = set(names & inside.keys())
        if not wanted or names & _WHOLE_MODULE:
            wanted |= {name for name, value in inside.items() if isinstance(value, type | types.FunctionType)}
        for name in sorted(wanted):
            self.visit(inside[name], f"{module.__name__}.{name}", names)

    def _class(self, cls: type) -> None:
        if self._is_of_a_package(cls):
            return
        for base in cls.__bases__:
            self.visit(base, base.__name__)
        for name, value in sorted(vars(cls).items()):
            if isinstance(value, (type, *_FUNCTIONS)) or not _is_machinery(name, value):
                self.visit(value, f"{cls.__qualname__}.{name}")
        self._add(f"class {cls.__module__}.{cls.__qualname__}", _hash(repr(list(vars(cls))).encode()))

    def _bound(self, value: Any, name: str) -> None:
        if isinstance(value, types.MethodType):
            self.visit(value.__func__, name)
            self.visit(value.__self__, f"the object of {name}")
        elif isinstance(value, functools.partial):
            self.visit(value.func, name)
            self._each([*value.args, value.keywords], f"an argument of {name}")
        elif isinstance(value, property):
            self._each([one for one in (value.fget, value.fset, value.fdel) if one], name)
        else:
            self.visit(value.__func__, name)

    def _built_in(self, value: Any, name: str) -> None:
        of = getattr(value, "__self__", None)
        if of is None or isinstance(of, type | types.ModuleType):
            self._add(f"built-in {value.__qualname__}", "")
        else:
            self.visit(of, f"the object of {name}")

    def _value(self, value: Any, name: str) -> None:
        if isinstance(value, ContextVar):
            value = value.get(None)
        if isinstance(value, re.Pattern):
            value = [value.pattern, value.flags]
        if type(value).__module__ in ("_thread", "logging", "typing", "types") or isinstance(value, logging.Logger):
            return
        if isinstance(value, list | tuple | set | frozenset | Mapping) and any(map(_is_code, _inside(value))):
            self._each(value, name)
            return
        try:
            self._add(name, digest_of(value))
        except (Unstorable, RecursionError):
            self._object(value, name)
        else:
            if type(value).__module__ != "builtins":
                self.visit(type(value), type(value).__name__)

    def _object(self, value: Any, name: str) -> None:
        cls = type(value)
        if (wrapped := getattr(value, "function", None)) is not None and isinstance(wrapped, types.FunctionType):
            self.visit(wrapped, name)  # another tool
        elif isinstance(value, list | tuple | set | frozenset | Mapping):
            self._each(value, name)
        elif hasattr(value, "__dict__") and not is_installed(_file_of(cls)):
            self.visit(cls, cls.__name__)
            self._each(vars(value), name)
        else:
            self._cannot_account("memory", f"{name} is an object in memory ({cls.__module__}.{cls.__qualname__})")

    def _each(self, values: Any, name: str) -> None:
        if isinstance(values, Mapping):
            for key, value in list(values.items()):
                self.visit(value, f"{name}[{key!r:.60}]")
        elif isinstance(values, Iterable):
            for place, value in enumerate(list(values)):
                self.visit(value, f"{name}[{place}]")

    def _is_of_a_package(self, thing: Any) -> bool:
        """Whether a thing has a version; if so, that is all that is taken in of it."""
        name = str(thing.__name__ if isinstance(thing, types.ModuleType) else thing.__module__ or "")
        top = name.partition(".")[0]
        if top in NATIVE_PACKAGES:
            self._cannot_account("native", f"{top} opens files and connections that are not seen")
        if top in sys.stdlib_module_names and top != "__main__":
            return True
        if not is_installed(_file_of(thing)):
            return False
        self.parts.setdefault(top, _version(top))
        return True

    def _cannot_account(self, what: Unseen, reason: str) -> None:
        self.blind.setdefault(what, reason)

    def _add(self, name: str, digest: str) -> None:
        self.parts[name] = _hash(self.parts[name].encode(), digest.encode()) if name in self.parts else digest


def _names(code: types.CodeType) -> Iterable[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


_hashes: Final[WeakKeyDictionary[types.CodeType, str]] = WeakKeyDictionary()


def code_hash(code: types.CodeType) -> str:
    """Return a hash of what code does; where it stands, and what its file is called, do not count."""
    if (known := _hashes.get(code)) is None:
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        known = _hashes[code] = _hash(
            code.co_code, code.co_exceptiontable, repr((shape, names)).encode(), _constant(code.co_consts)
        )
    return known


def _constant(value: object) -> bytes:
    if isinstance(value, types.CodeType):
        return code_hash(value).encode()
    if isinstance(value, tuple):
        return b"(" + b",".join(map(_constant, value)) + b")"
    if isinstance(value, frozenset):
        return b"{" + b",".join(sorted(map(_constant, value))) + b"}"
    return repr(value).encode("utf-8", "backslashreplace")


def _hash(*contents: bytes) -> str:
    made = blake2b(digest_size=16)
    for content in contents:
        made.update(b"%d:" % len(content) + content)
    return made.hexdigest()


def _shown(function: types.FunctionType) -> str:
    file = Path(function.__code__.co_filename)
    place = f" in {file.name}" if file.suffix == ".py" else ""
    return f"function {function.__qualname__.replace('<locals>.', '')}{place}"


def _file_of(thing: Any) -> str:
    """The file that a module, function or class comes from; empty if it comes from none, as in a notebook."""
    if isinstance(thing, types.FunctionType):
        return thing.__code__.co_filename
    module = thing if isinstance(thing, types.ModuleType) else sys.modules.get(str(thing.__module__))
    return str(getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", None) or ()), ""))


@functools.cache
def _version(top: str) -> str:
    """The version of an installed package; where none is told, the size and time of its first file."""
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        module = sys.modules.get(top)
        names = vars(module) if module is not None else {}
        told, file = str(names.get("__version__") or ""), Path(str(names.get("__file__") or ""))
        return told or (f"{file.stat().st_size} {file.stat().st_mtime_ns}" if file.is_file() else "")


def _is_code(value: object) -> bool:
    is_written = isinstance(value, (type, types.ModuleType, types.BuiltinFunctionType, *_FUNCTIONS))
    return is_written or hasattr(value, "__wrapped__")


def _inside(values: Any) -> list[Any]:
    return list(values.values() if isinstance(values, Mapping) else values)


def _is_machinery(name: str, value: object) -> bool:
    """Whether an attribute of a class is Python's own, and no value of the class."""
    is_descriptor = hasattr(type(value), "__get__")
    return name.startswith("__") or type(value).__module__ in _OF_NO_ACCOUNT or is_descriptor
