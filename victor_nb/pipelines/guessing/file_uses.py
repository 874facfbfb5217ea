"""Which files a notebook reads and writes, and which values it hands on, read from its code without running it.

1. Known are the common calls of pandas, polars, NumPy, joblib, torch, matplotlib, pathlib and the standard library, by
   their names: `import pandas as p` and `frame.to_csv` need no knowledge of what `p` or `frame` is.
2. A file that the notebook itself wrote before is nothing that it reads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from victor_nb.pipelines.guessing.folding import folded
from victor_nb.pipelines.parameters.cell_syntax import code_cells, parsed
from victor_nb.pipelines.parameters.cell_syntax import source_of as text_of

Way: TypeAlias = Literal["reads", "writes"]

_PATH_NAMES: Final = (
    "path",
    "path_or_buf",
    "filepath_or_buffer",
    "filepath",
    "filename",
    "fname",
    "file",
    "io",
    "source",
    "f",
)
_READS: Final = re.compile(
    r"read_(csv|parquet|excel|json|pickle|table|feather|hdf|fwf|xml|orc|stata|sas|spss|ipc|avro|ndjson|text|bytes)"
    r"|scan_(csv|parquet|ipc|ndjson)|loadtxt|genfromtxt|fromfile|imread|open_dataset|open_zarr|loadmat|glob|rglob|iglob"
)
_WRITES: Final = re.compile(
    r"to_(csv|parquet|excel|json|pickle|feather|hdf|html|latex|markdown|stata|orc|xml|netcdf|zarr)"
    r"|write_(csv|parquet|json|ipc|ndjson|excel|avro|text|bytes|html|image)|sink_(csv|parquet|ipc|ndjson)"
    r"|save|savez|savez_compressed|savetxt|savefig|imsave|imwrite|savemat|dump|ExcelWriter|tofile"
)
_OF_ITSELF: Final = frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "open"})
"""Methods of a path: the object is the path."""

_SECOND: Final = {"dump": ("joblib", "torch"), "save": ("torch",)}
"""Calls of some modules that take the path after the object."""

_LOADERS: Final = {"load": ("np", "numpy", "joblib", "torch", "cloudpickle")}
_OPENERS: Final = frozenset({"open", "File", "ZipFile"})
_SUFFIX: Final = {"save": ".npy", "savez": ".npz", "savez_compressed": ".npz", "savefig": ".png"}
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class FileUse:
    """One call that reads or writes a file.

    Attributes:
        path: None where only running the code would tell.
        call: as a person reads it: `pd.read_csv` .
        cell: number of the cell among all cells, from 1.
    """

    way: Way
    path: str | None
    call: str
    cell: int


@dataclass(slots=True)
class NotebookUses:
    """What a notebook does to files, and what it hands on.

    Attributes:
        handed: names of values that are glued.
    """

    uses: list[FileUse] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)


def uses_of(notebook: Mapping[str, Any], parameters: Collection[str]) -> NotebookUses:
    """Return the uses of a notebook in the order of its code."""
    found, names = NotebookUses(), dict[str, str]()
    for place, cell in code_cells(notebook):
        tree = parsed(text_of(cell))
        for statement in tree.body if tree else ():
            for call in _calls(statement):
                _take(call, place + 1, names, parameters, found)
            _remember(statement, names, parameters)
    return found


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls of a statement, inner ones first, as they are made."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    yield from sorted(calls, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))


def _remember(statement: ast.stmt, names: dict[str, str], parameters: Collection[str]) -> None:
    if isinstance(statement, ast.Assign):
        targets, assigned = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, assigned = [statement.target], statement.value
    else:
        return
    for target in targets:
        if isinstance(target, ast.Name) and target.id not in parameters:
            value = folded(assigned, names, parameters)
            names.pop(target.id, None)
            if value is not None:
                names[target.id] = value


def _take(
    call: ast.Call, cell: int, names: Mapping[str, str], parameters: Collection[str], found: NotebookUses
) -> None:
    name, module = _named(call)
    if name == "glue" and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        found.handed += [call.args[0].value] if call.args[0].value not in found.handed else []
        return
    way = _way(call, name, module)
    if way is None:
        return
    argument = _argument(call, name, module)
    if argument is None or (isinstance(argument, ast.Constant) and not isinstance(argument.value, str)):
        return
    path = folded(argument, names, parameters)
    if path is not None and name in ("glob", "rglob") and isinstance(call.func, ast.Attribute) and module != "glob":
        base = folded(call.func.value, names, parameters)
        path = f"{base}/{'**/' if name == 'rglob' else ''}{path}" if base else path
    if path is not None and "://" in path:
        return  # what lies elsewhere ties no nodes together
    if path is not None and "." not in path.rpartition("/")[2] and module in ("np", "numpy", "plt", "fig", "pyplot"):
        path += _SUFFIX.get(name, "")
    if path is None and isinstance(argument, ast.Call) and _named(argument)[0] in (*_OPENERS, "BytesIO", "StringIO"):
        return  # the file that is opened inside is found there
    if path is None and not _looks_like_path(name):
        return
    shown = ast.unparse(call.func)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"….{name}"
    found.uses.append(FileUse(way, path, shown, cell))


def _looks_like_path(name: str) -> bool:
    """Return whether a call surely takes a path: `save` and `dump` may take anything."""
    return name not in ("save", "dump", "glob", "rglob", "open", "File", "load")


def _named(call: ast.Call) -> tuple[str, str]:
    """Return the last name of what is called, and what stands before it if that is a name."""
    if isinstance(call.func, ast.Attribute):
        value = call.func.value
        return call.func.attr, value.id if isinstance(value, ast.Name) else ""
    return (call.func.id, "") if isinstance(call.func, ast.Name) else ("", "")


def _way(call: ast.Call, name: str, module: str) -> Way | None:
    if name in _OPENERS:
        return _way_of_mode(call, name)
    if module in _LOADERS.get(name, ()) or _READS.fullmatch(name):
        return "reads"
    if not _WRITES.fullmatch(name):
        return None
    return None if name == "dump" and module not in _SECOND["dump"] else "writes"


def _way_of_mode(call: ast.Call, name: str) -> Way:
    is_method = isinstance(call.func, ast.Attribute) and _is_method_of_path(call)
    given = [one.value for one in call.keywords if one.arg == "mode"]
    place = 0 if is_method else 1
    mode = given[0] if given else call.args[place] if len(call.args) > place else None
    said = mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else "r"
    return "writes" if set(said) & set("wax") else "reads"


def _is_method_of_path(call: ast.Call) -> bool:
    """Return whether `x.open(…)` opens the path x, and is no `gzip.open(x)`."""
    name, module = _named(call)
    return name == "open" and module not in ("gzip", "bz2", "lzma", "io", "codecs", "os", "Image", "rasterio")


def _argument(call: ast.Call, name: str, module: str) -> ast.expr | None:
    if isinstance(call.func, ast.Attribute) and (_is_method_of_path(call) if name == "open" else name in _OF_ITSELF):
        return call.func.value
    place = 1 if module in _SECOND.get(name, ()) else 0
    if len(call.args) > place and not isinstance(call.args[place], ast.Starred):
        return call.args[place]
    return next((one.value for one in call.keywords if one.arg in _PATH_NAMES), None)
