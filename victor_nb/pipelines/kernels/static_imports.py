"""What a notebook imports for certain, read from its code without running it.

1. Only what runs whenever its cell does: imports at module level, not those inside functions.
2. Reading stops at the first statement that may change what an import does: an environment variable set, `sys.path`
   changed at its front, a package installed, warnings turned into errors. The notebook itself imports what follows.
3. Code that does not parse stops it too. Too little is a few milliseconds; too much could be another result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

# These start threads, a runtime or a connection when they are imported, which no fork survives; or we cannot tell.
NEVER_PRELOADED = frozenset({
    "cupy", "grpc", "jax", "jaxlib", "jnius", "jpype", "julia", "juliacall", "mpi4py", "pycuda", "pyopencl", "pyspark",
    "ray", "rpy2", "tensorflow", "torch", "victor_nb",
})  # fmt: skip

PYTHON_CELL_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
_INSTALLS = re.compile(r"\b(pip3?|conda|mamba|uv|poetry|env|set_env|load_ext|run|cd)\b")
_COMMAND = re.compile(r"^\s*[%!]")
_ASSIGNED_COMMAND = re.compile(r"^(\s*[\w., ]+=\s*)[%!].*$")
_CHANGING_CALLS = frozenset({
    "addsitedir", "chdir", "filterwarnings", "load_dotenv", "putenv", "simplefilter", "unsetenv",
})  # fmt: skip
_ENVIRON_CHANGES = frozenset({"clear", "pop", "popitem", "setdefault", "update"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Import(NamedTuple):
    """One import: `import module`, or `from module import names`."""

    module: str
    names: tuple[str, ...] = ()

    @property
    def top(self) -> str:
        """The package that is found on the path."""
        return self.module.partition(".")[0]


class _Changes(Exception):
    """What follows may import something else than what an import at start would."""


def notebook_imports(notebook: Mapping[str, object]) -> tuple[Import, ...]:
    """Return what a notebook, as nbformat or JSON gives it, imports for certain; in its order, each once."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        return ()
    return imports_of(_text(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code")


def imports_of(sources: Iterable[str]) -> tuple[Import, ...]:
    """Return what code cells import for certain; in their order, each once."""
    found: dict[Import, None] = {}
    try:
        for source in sources:
            for statement in ast.parse(_as_python(source)).body:
                found.update(dict.fromkeys(_imports(statement)))
    except (SyntaxError, ValueError, RecursionError, _Changes):
        pass
    return tuple(one for one in found if one.top not in NEVER_PRELOADED and one.top != "__future__")


def _text(source: object) -> str:
    return source if isinstance(source, str) else "".join(source if isinstance(source, list) else ())


def _as_python(cell: str) -> str:
    """Return the cell with magics and commands taken out; the empty string for a cell in another language."""
    first, _, rest = cell.partition("\n")
    if first.startswith("%%"):
        magic = first[2:].split(" ")[0]
        return _as_python(rest) if magic in PYTHON_CELL_MAGICS else ""
    return "\n".join(_line(line) for line in cell.split("\n"))


def _line(line: str) -> str:
    if _COMMAND.match(line):
        if _INSTALLS.search(line):
            raise _Changes
        return line[: len(line) - len(line.lstrip())] + "pass"
    if assigned := _ASSIGNED_COMMAND.match(line):
        if _INSTALLS.search(line):
            raise _Changes
        return assigned[1] + "None"
    return line


def _imports(statement: ast.AST) -> Iterator[Import]:
    """Yield a statement's imports in the order of the text; nested blocks too, but no functions or classes."""
    if isinstance(statement, ast.Import):
        yield from (Import(alias.name) for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        if statement.level == 0 and statement.module:
            yield Import(statement.module, tuple(a.name for a in statement.names if a.name != "*"))
    elif not isinstance(statement, _SCOPES):
        if _changes_imports(statement):
            raise _Changes
        for part in ast.iter_child_nodes(statement):
            yield from _imports(part)


def _changes_imports(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="meta_path" | "path_hooks") | ast.Name(id="meta_path" | "path_hooks"):
            return True
        case ast.Subscript(value=ast.Attribute(attr="environ"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Subscript(value=ast.Name(id="environ"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ") | ast.Name(id="environ"), attr=name)):
            return name in _ENVIRON_CHANGES
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="sys"), attr="path"), attr=name)):
            return name != "append"
        case ast.Attribute(value=ast.Name(id="sys"), attr="path" | "modules", ctx=ast.Store()):
            return True
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id="sys")), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in _CHANGING_CALLS
    return False
