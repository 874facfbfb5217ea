"""Toolset: documentation of live Python objects: signature, docstring, where it is written, members.

1. Looking runs no code of the object: attributes are read statically, so no property is computed.
2. A module that is not loaded yet is imported only if it is a part of the standard library or of an installed
   package; a file of the project is not imported, because importing it would run it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

from victor_nb.errors import nearest
from victor_nb.journal import Effect
from victor_nb.tools.builtin.tables import type_name
from victor_nb.tools.declaring import Toolset
from victor_nb.tools.errors import ToolArgumentError, ToolRefused
from victor_nb.tools.methods import tool_method, tools_of
from victor_nb.tools.roles import Role
from victor_nb.tools.values import cut, safe_repr

DOC_CHARS: Final = 6000
MOST_MEMBERS: Final = 80
SIGNATURE_CHARS: Final = 1000
NOT_IMPORTED: Final = frozenset({"antigravity", "this", "idlelib", "turtledemo", "test", "turtle", "lib2to3"})
"""Modules of the standard library that do something when they are imported."""

_DOTTED: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*){0,12}")
_NOTHING: Final = object()


def python_docs(namespace: Mapping[str, object]) -> Toolset:
    """Return the tool that documents variables of a namespace and installed packages."""
    return Toolset("python_docs", tools_of(PythonDocs(namespace)))


@dataclass(frozen=True, slots=True)
class PythonDocs:
    """The tool, bound to the namespace that it looks at first."""

    namespace: Mapping[str, object]

    @tool_method(
        category="documentation",
        effect=Effect.READ,
        keywords=("documentation", "docs", "help", "signature", "docstring", "parameters", "function", "class", "api"),
    )
    def python_help(self, name: Annotated[str, Role("text")]) -> Any:
        """Show the documentation of a Python object: signature, docstring, where it is written, members.

        Args:
            name: a variable, module, class or function by its dotted name, for example "pandas.DataFrame.merge".
        """
        if not _DOTTED.fullmatch(name):
            raise ToolArgumentError.at("name", f"{name[:100]!r} is no dotted name", hint="for example pandas.DataFrame")
        found, rest = self.start(name)
        for part in rest:
            found = _attribute(found, part, name)
        return document(name, found)

    def start(self, name: str) -> tuple[object, list[str]]:
        """Return the object that a dotted name begins with, and the parts that are left."""
        first, *rest = name.split(".")
        if first in self.namespace:
            return self.namespace[first], rest
        if hasattr(_builtins(), first):
            return getattr(_builtins(), first), rest
        return _module(name)


def _builtins() -> Any:
    return sys.modules["builtins"]


def _module(name: str) -> tuple[object, list[str]]:
    """Return the longest part of a dotted name that is a module, imported if that is safe."""
    parts = name.split(".")
    _check_importable(parts[0])
    found: object = importlib.import_module(parts[0])
    for used in range(1, len(parts)):
        if parts[used].startswith("_") or inspect.getattr_static(found, parts[used], _NOTHING) is not _NOTHING:
            return found, parts[used:]
        dotted = ".".join(parts[: used + 1])
        if dotted not in sys.modules and not (hasattr(found, "__path__") and importlib.util.find_spec(dotted)):
            return found, parts[used:]
        found = importlib.import_module(dotted)
    return found, []


def _check_importable(package: str) -> None:
    """Raise unless a package is loaded already, or installed and harmless to import."""
    if package in sys.modules:
        return
    if package in NOT_IMPORTED:
        raise ToolRefused(f"{package!r} is not imported: importing it does something")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise ToolArgumentError.at(
            "name", f"there is no variable and no installed package {package!r}.{nearest(package, sys.modules)}"
        )
    if spec.origin not in ("built-in", "frozen") and not _is_installed(Path(spec.origin or "")):
        raise ToolRefused(
            f"{package!r} is not imported: it is no installed package, and importing it would run its code",
            str(spec.origin or ""),
            "import it in a cell first",
        )


def _is_installed(origin: Path) -> bool:
    places = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return any(origin.resolve().is_relative_to(Path(place).resolve()) for place in places if place)


def _attribute(owner: object, name: str, dotted: str) -> object:
    found: object = inspect.getattr_static(owner, name, _NOTHING)
    if found is _NOTHING and inspect.ismodule(owner):
        found = getattr(owner, name, _NOTHING)  # a module may load its names on use; that is its own code only
    if found is _NOTHING:
        raise ToolArgumentError.at("name", f"{dotted!r}: there is no {name!r}.{nearest(name, dir(owner))}")
    return found.__func__ if isinstance(found, staticmethod | classmethod) else found


def document(name: str, found: Any) -> dict[str, Any]:
    """Return what there is to say about an object, in JSON values."""
    facts: dict[str, Any] = {"name": name, "kind": _kind(found), "type": type_name(found)}
    if signature := _signature(found):
        facts["signature"] = signature
    facts["doc"] = cut(inspect.getdoc(found) or "no docstring", DOC_CHARS)
    if source := _source(found):
        facts["source"] = source
    if isinstance(found, type) or inspect.ismodule(found):
        facts["members"] = _members(found)
    elif not callable(found) and not isinstance(found, property):
        facts["value"] = safe_repr(found, 300)
        facts["members"] = _members(type(found))
    return facts


def _kind(found: object) -> str:
    if inspect.ismodule(found):
        return "module"
    if isinstance(found, type):
        return "class"
    if isinstance(found, property):
        return "property"
    return "function" if callable(found) else "object"


def _signature(found: Any) -> str:
    if not callable(found):
        return ""
    try:
        return cut(re.sub(r" at 0x[0-9a-fA-F]+", "", str(inspect.signature(found))), SIGNATURE_CHARS)
    except (TypeError, ValueError):
        return ""


def _source(found: Any) -> str:
    """Return "file:line" of where an object is written; empty for compiled ones."""
    written = found.fget if isinstance(found, property) else found
    if not (isinstance(written, type) or inspect.ismodule(written) or inspect.isroutine(written)):
        written = type(written)
    try:
        file = inspect.getsourcefile(written)
        line = 1 if inspect.ismodule(written) else inspect.findsource(written)[1] + 1
    except (TypeError, OSError):
        return ""
    return f"{file}:{line}" if file else ""


def _members(owner: Any) -> dict[str, str]:
    """Return the public members with the first line of their docstrings, read without computing any."""
    public = [name for name in sorted(dir(owner)) if not name.startswith("_")]
    return {name: _first_line(inspect.getattr_static(owner, name, None)) for name in islice(public, MOST_MEMBERS)}


def _first_line(member: Any) -> str:
    described = isinstance(member, type | property | staticmethod | classmethod) or inspect.isroutine(member)
    return (inspect.getdoc(member) or "").partition("\n")[0][:120] if described else type_name(member)
