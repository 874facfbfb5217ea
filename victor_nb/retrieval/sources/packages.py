"""Installed packages as pieces: names, signatures and docstrings, read out of their files; nothing is imported.

A file is a document and each definition a piece: its signature, then its docstring with the examples. Code that is
compiled is known by its stubs (`.pyi`) and by what NumPy writes in `add_newdoc(place, name, docstring)`.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
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
    known = metadata.packages_distributions()
    by_distribution = {each: top for top, names in known.items() for each in names}
    top, _, below = by_distribution.get(name, name).partition(".")
    try:
        spec = importlib.util.find_spec(top) if top.isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or (spec.origin is None and not spec.submodule_search_locations):
        raise NothingThere(
            f"there is no package {name!r}.{nearest(name, known)}", hint="pip list shows what is installed"
        )
    version = metadata.version(known[top][0]) if known.get(top) else ""
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


def pieces_of_module(text: str, path: str) -> tuple[Piece, ...]:
    """Return what a module defines for others: its docstring, public classes and functions. Raises: SyntaxError."""
    try:
        tree = ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as problem:
        raise SyntaxError(str(problem)) from problem
    module = path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
    pieces = list(_definitions(tree.body, module, ()))
    if said := ast.get_docstring(tree):
        pieces.insert(0, Piece(f"{module}\n\n{said}", 1, _last_line(tree.body[0]), (module.rpartition(".")[2],)))
    return tuple(pieces)


def _definitions(body: Sequence[ast.stmt], module: str, inside: tuple[str, ...]) -> Iterator[Piece]:
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
        elif isinstance(node, ast.Expr) and (piece := _new_doc(node)) is not None:
            yield piece


def _class(node: ast.ClassDef, module: str, inside: tuple[str, ...]) -> Piece:
    bases = ", ".join(ast.unparse(each) for each in [*node.bases, *(keyword.value for keyword in node.keywords)])
    head = f"class {'.'.join((module, *inside, node.name))}" + (f"({bases})" if bases else "")
    return _piece(node, head, (*inside, node.name))


def _function(node: Function, module: str, inside: tuple[str, ...]) -> Piece:
    begins = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    head = f"{begins} {'.'.join((module, *inside, node.name))}({ast.unparse(node.args)}){returned}"
    return _piece(node, head, (*inside, node.name))


def _piece(node: ast.ClassDef | Function, head: str, name: tuple[str, ...]) -> Piece:
    said = ast.get_docstring(node)
    last = _last_line(node.body[0]) if said else node.body[0].lineno
    text = f"{head}\n\n{said}" if said else head
    return Piece(text, node.lineno, max(last, node.lineno), (".".join(name),))


def _new_doc(node: ast.Expr) -> Piece | None:
    call = node.value
    if not (isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "add_newdoc"):
        return None
    texts = [_text(each) for part in call.args for each in (part.elts if isinstance(part, ast.Tuple) else [part])]
    if len(texts) < 3 or not all(texts[:3]):
        return None
    # Either (place, name, docstring), or (place, class, (method, docstring)).
    *names, said = [each for each in texts if each]
    if not _is_public(names[-1]):
        return None
    return Piece(
        f"{'.'.join(names)}\n\n{inspect.cleandoc(said)}", node.lineno, _last_line(node), (".".join(names[1:]),)
    )


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _is_overload(node: Function) -> bool:
    return any(ast.unparse(each).rpartition(".")[2] == "overload" for each in node.decorator_list)


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
