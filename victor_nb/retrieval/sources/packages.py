"""Installed packages as pieces: names, signatures and docstrings, read out of their files; nothing is imported.

A file is a document and each definition a piece: its signature, then its docstring with the examples. Code that is
compiled is known by its stubs (`.pyi`) and by what NumPy writes in `add_newdoc(place, name, docstring)`.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final, TypeAlias

from victor_nb.errors import nearest
from victor_nb.retrieval.errors import NothingThere
from victor_nb.retrieval.sources.documents import Piece

MODULES: Final = ("*.py", "*.pyi")
SKIPPED: Final = ("tests/", "test/", "conftest.py", "_vendor/", "_vendored/", "externals/", "test_*.py")

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package, or a part of one: `inside` is its folder or file, relative to `root`."""

    name: str
    version: str
    root: Path
    inside: str


def installed(name: str) -> Package:
    """Find a package, or a part of one (`sklearn.linear_model`), by the name that is imported or installed.

    Raises: NothingThere, with the nearest name.
    """
    top, _, below = name.partition(".")
    spec = _spec(top)
    if spec is None:
        known = _distributions(_seen_on_path())
        top, _, below = {each: top for top, names in known.items() for each in names}.get(name, name).partition(".")
        spec = _spec(top)
        if spec is None:
            raise NothingThere(
                f"there is no package {name!r}.{nearest(name, known)}", hint="pip list shows what is installed"
            )
    version = _version(top)
    if not spec.submodule_search_locations:
        file = Path(str(spec.origin))
        return Package(name, version, file.parent, file.name)
    folder = Path(next(iter(spec.submodule_search_locations)))
    part = folder.joinpath(*below.split(".")) if below else folder
    inside = part.relative_to(folder.parent).as_posix()
    if part.is_dir():
        return Package(name, version, folder.parent, inside)
    if part.with_suffix(".py").is_file():
        return Package(name, version, folder.parent, f"{inside}.py")
    raise NothingThere(f"the package {top!r} has no part {below!r}", where=str(folder), hint=f"add_package({top!r})")


def _spec(top: str) -> ModuleSpec | None:
    """Find what a name would be imported from, if that is files."""
    try:
        spec = importlib.util.find_spec(top) if top.isidentifier() else None
    except (ImportError, ValueError):
        return None
    is_somewhere = spec is not None and (spec.origin is not None or spec.submodule_search_locations)
    return spec if is_somewhere else None


def _version(top: str) -> str:
    """Return the version of what a name is imported from; empty for the standard library."""
    try:
        return metadata.version(top)  # most are installed under the name by which they are imported
    except metadata.PackageNotFoundError:
        known = _distributions(_seen_on_path()).get(top)
        return metadata.version(known[0]) if known else ""


@cache
def _distributions(seen: tuple[tuple[str, int], ...]) -> Mapping[str, list[str]]:
    """Return the distributions of every name that can be imported, looked up anew when something was installed."""
    return metadata.packages_distributions()


def _seen_on_path() -> tuple[tuple[str, int], ...]:
    """The folders that are imported from, with the times at which something came or went there."""
    found = ((each, Path(each or ".")) for each in sys.path)
    return tuple((name, place.stat().st_mtime_ns) for name, place in found if place.exists())


@dataclass(frozen=True, slots=True)
class Definition:
    """What a module defines for others, or the module itself.

    Attributes:
        begins: the word before its name: "class", "def" or "async def"; empty for a module and for compiled code.
        module: where it is defined, dotted.
        name: inside of the module, with the classes around it; empty for the module itself.
        call: what follows its name: arguments and result of a function, bases of a class.
        made: the arguments with which a class is called; None if that is not said here.
        said: its docstring.
    """

    begins: str
    module: str
    name: str
    call: str
    made: str | None
    said: str
    first: int
    last: int

    @property
    def full_name(self) -> str:
        """The dotted name with the module's."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def piece(self) -> Piece:
        """The same as a piece: how it is written, and what is said of it."""
        head = f"{self.begins} {self.full_name}{self.call}".lstrip()
        name = self.name or self.module.rpartition(".")[2]
        return Piece(f"{head}\n\n{self.said}" if self.said else head, self.first, self.last, (name,))


def pieces_of_module(text: str, path: str) -> tuple[Piece, ...]:
    """Return what a module defines for others: its docstring, public classes and functions. Raises: SyntaxError."""
    return tuple(each.piece for each in definitions_of(tree_of(text), module_of(path)))


def tree_of(text: str) -> ast.Module:
    """Parse a module. Raises: SyntaxError, whatever it is that is wrong."""
    try:
        return ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as problem:
        raise SyntaxError(str(problem)) from problem


def module_of(path: str) -> str:
    """Return the dotted name of the module in a file, relative to where packages lie."""
    return path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")


def definitions_of(tree: ast.Module, module: str) -> Iterator[Definition]:
    """Return the module's own docstring, if there is one, and what it defines for others, in the order of lines."""
    if said := ast.get_docstring(tree):
        yield Definition("", module, "", "", None, said, 1, _last_line(tree.body[0]))
    yield from _definitions(tree.body, module, ())


def _definitions(body: Sequence[ast.stmt], module: str, inside: tuple[str, ...]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.ClassDef) and _is_public(node.name):
            yield _class(node, module, inside)
            yield from _definitions(node.body, module, (*inside, node.name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if _is_public(node.name) and not _is_overload(node):
                yield _function(node, module, inside)
        elif isinstance(node, ast.If | ast.Try):
            parts = [*node.body, *node.orelse]
            yield from _definitions([each for each in parts if not isinstance(each, ast.Import)], module, inside)
        elif isinstance(node, ast.Expr) and (found := _new_doc(node)) is not None:
            yield found


def _class(node: ast.ClassDef, module: str, inside: tuple[str, ...]) -> Definition:
    bases = ", ".join(ast.unparse(each) for each in [*node.bases, *(keyword.value for keyword in node.keywords)])
    return _defined(node, "class", module, inside, f"({bases})" if bases else "", _made(node))


def _function(node: Function, module: str, inside: tuple[str, ...]) -> Definition:
    begins = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return _defined(node, begins, module, inside, f"({ast.unparse(node.args)}){returned}", None)


def _defined(
    node: ast.ClassDef | Function, begins: str, module: str, inside: tuple[str, ...], call: str, made: str | None
) -> Definition:
    said = ast.get_docstring(node) or ""
    last = _last_line(node.body[0]) if said else node.body[0].lineno
    name = ".".join((*inside, node.name))
    return Definition(begins, module, name, call, made, said, node.lineno, max(last, node.lineno))


def _made(node: ast.ClassDef) -> str | None:
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return ast.unparse(each.args).partition(", ")[2].removeprefix("/, ")
    return None


def _new_doc(node: ast.Expr) -> Definition | None:
    call = node.value
    if not (isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "add_newdoc"):
        return None
    texts = [_text(each) for part in call.args for each in (part.elts if isinstance(part, ast.Tuple) else [part])]
    if len(texts) < 3 or not all(texts[:3]):
        return None
    # Either (place, name, docstring), or (place, class, (method, docstring)).
    place, *names, said = [each for each in texts if each]
    if not _is_public(names[-1]):
        return None
    return Definition("", place, ".".join(names), "", None, inspect.cleandoc(said), node.lineno, _last_line(node))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _is_overload(node: Function) -> bool:
    return any(ast.unparse(each).rpartition(".")[2] == "overload" for each in node.decorator_list)


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
