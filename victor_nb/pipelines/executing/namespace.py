"""The variables of a notebook, kept at the end of a cell and brought back in another kernel; runs inside kernels.

1. All or nothing: if one variable cannot be brought back as it was, nothing is kept, and the reason names it.
2. Values are pickled together, so that two names for one object stay so. Modules, and what can be imported, are kept
   by their names. Functions and classes of the notebook are defined anew, before any value is there.
3. What libraries keep for a notebook is brought back where it is known: random states, options of pandas, NumPy and
   matplotlib, filters of warnings, environment, folder, import path. Other hidden state (connections, threads) is not.
"""

from __future__ import annotations

import ast
import builtins
import io
import os
import pickle
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 2_000_000_000
"""More than this is not kept, in bytes."""

_SHELLS_OWN: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
_MAIN: Final = "__main__"

_brought_back: list[str] = []  # definitions that no cell of this kernel holds


class CannotKeep(Exception):
    """A variable cannot be brought back; says which and why."""


def keep(path: str) -> str:
    """Keep the notebook's variables in a file; return why that is not possible, "" if they are kept."""
    shell = _shell()
    try:
        variables = _variables(shell.user_ns, shell.user_ns_hidden)
        sources = _definitions([*_brought_back, *shell.history_manager.input_hist_parsed])
        content = _kept(variables, sources)
    except CannotKeep as problem:
        return str(problem)
    except Exception as problem:  # whatever the values raise when they are pickled
        return f"{type(problem).__name__}: {problem}"
    draft = Path(path + ".draft")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as problem:
        return str(problem)
    return ""


def bring_back(path: str, count: int) -> None:
    """Bring the variables back, as if `count` cells had been executed."""
    shell = _shell()
    kept = pickle.loads(Path(path).read_bytes())
    _set_state(kept["state"])
    names: dict[str, Any] = {name: _imported(*place) for name, place in kept["imported"].items()}
    shell.user_ns.update(names)
    _brought_back.extend(kept["definitions"])
    for source in kept["definitions"]:
        exec(compile(source, shell.compile.cache(source), "exec"), shell.user_ns)  # cached: `inspect` finds it
    loader = _Loader(io.BytesIO(kept["values"]), shell.user_ns)
    shell.user_ns.update(loader.load())
    for extension in kept["extensions"]:
        shell.extension_manager.load_extension(extension)
    shell.execution_count = count + 1
    for name, restore in kept["libraries"].items():
        _restore_library(name, restore)


# -- what there is -----------------------------------------------------------------------------------------------------


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _variables(names: Mapping[str, Any], hidden: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and name not in _SHELLS_OWN and not (name in hidden and hidden[name] is value)
    }


def _kept(variables: dict[str, Any], sources: dict[str, ast.stmt]) -> bytes:
    imported = {name: place for name, value in variables.items() if (place := _place(value)) is not None}
    own = {name: value for name, value in variables.items() if _is_own(value)}
    definitions = _in_order(own, sources, imported.keys())
    values = {name: value for name, value in variables.items() if name not in imported and name not in own}
    return pickle.dumps(
        {
            "imported": imported,
            "definitions": [ast.unparse(each) for each in definitions],
            "values": _pickled(values, own),
            "extensions": sorted(_shell().extension_manager.loaded - {"storemagic"}),
            "state": _state(),
            "libraries": {name: get() for name, (get, _) in _LIBRARIES.items() if name in sys.modules},
        }
    )


def _place(value: Any) -> tuple[str, str] | None:
    """Return where a module, or a class or function of a module, is imported from."""
    if isinstance(value, types.ModuleType):
        return (value.__name__, "") if sys.modules.get(value.__name__) is value else None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or not isinstance(module, str) or not isinstance(name, str) or module == _MAIN:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is value else None


def _imported(module: str, name: str) -> Any:
    from importlib import import_module

    found: Any = import_module(module)
    for part in name.split(".") if name else ():
        found = getattr(found, part)
    return found


def _is_own(value: Any) -> bool:
    return isinstance(value, types.FunctionType | type) and value.__module__ == _MAIN


# -- functions and classes of the notebook -----------------------------------------------------------------------------


def _definitions(cells: Iterable[str]) -> dict[str, ast.stmt]:
    """Return the last definition of each name, in the order of the cells."""
    found: dict[str, ast.stmt] = {}
    for cell in cells:
        try:
            statements = ast.parse(cell).body
        except SyntaxError:
            continue
        for each in statements:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.pop(each.name, None)
                found[each.name] = each
    return found


def _in_order(own: dict[str, Any], sources: dict[str, ast.stmt], known: Iterable[str]) -> list[ast.stmt]:
    available = {*known, *dir(builtins)}
    for name, value in own.items():
        if name not in sources or value.__name__ != name:
            raise CannotKeep(f"{name} is not defined at the top of a cell")
        if isinstance(value, types.FunctionType) and (value.__dict__ or value.__closure__):
            raise CannotKeep(f"the function {name} has a state of its own")
    ordered = [(name, each) for name, each in sources.items() if name in own]
    for name, each in ordered:
        if missing := _needed(each) - available:
            raise CannotKeep(f"the definition of {name} needs the variable {sorted(missing)[0]}")
        available.add(name)
    return [each for _, each in ordered]


def _needed(definition: ast.AST) -> set[str]:
    """Return the names that are looked up while a function or class is defined."""
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = definition.args
        parts: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
        if not isinstance(definition, ast.Lambda):
            each_argument = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            parts += [*definition.decorator_list, definition.returns, *(one.annotation for one in each_argument)]
        return {name for part in parts if part is not None for name in _needed(part)}
    if isinstance(definition, ast.ClassDef):
        bound = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and not _is_read(node)}
        bound |= {one.name for one in definition.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
        return {name for part in ast.iter_child_nodes(definition) for name in _needed(part)} - bound
    own = {definition.id} if isinstance(definition, ast.Name) and _is_read(definition) else set()
    return own.union(*(_needed(part) for part in ast.iter_child_nodes(definition)))


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


# -- values ------------------------------------------------------------------------------------------------------------


def _pickled(values: dict[str, Any], own: dict[str, Any]) -> bytes:
    file = _Bounded()
    try:
        _Keeper(file, own).dump(values)
    except CannotKeep:
        raise
    except Exception as problem:
        raise CannotKeep(_culprit(values, own) or f"{type(problem).__name__}: {problem}") from problem
    return file.getvalue()


def _culprit(values: dict[str, Any], own: dict[str, Any]) -> str:
    for name, value in values.items():
        try:
            _Keeper(_Bounded(), own).dump(value)
        except Exception as problem:
            return f"the variable {name} ({type(value).__qualname__}) cannot be kept: {problem}"
    return ""


class _Bounded(io.BytesIO):
    """A file in memory that does not grow without end."""

    def write(self, content: Any) -> int:
        if self.tell() + len(memoryview(content).cast("B")) > LARGEST:
            raise CannotKeep(f"the variables take more than {LARGEST / 1e9:g} GB")
        return super().write(content)


class _Keeper(pickle.Pickler):
    """Keeps modules, and functions and classes of the notebook, by their names."""

    def __init__(self, file: io.BytesIO, own: dict[str, Any]) -> None:
        super().__init__(file, protocol=5)
        self._own = {id(value): name for name, value in own.items()}

    def persistent_id(self, value: Any) -> tuple[str, str] | None:
        """Return what stands for a value."""
        if isinstance(value, types.ModuleType):
            return ("module", value.__name__)
        if _is_own(value):
            if id(value) not in self._own:
                raise CannotKeep(f"{value.__qualname__} has another definition by now, or is defined inside a function")
            return ("own", self._own[id(value)])
        return None


class _Loader(pickle.Unpickler):
    """Finds again what was kept by its name."""

    def __init__(self, file: io.BytesIO, names: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._names = names

    def persistent_load(self, about: tuple[str, str]) -> Any:
        """Return what stands behind a name."""
        kind, name = about
        return _imported(name, "") if kind == "module" else self._names[name]


# -- what libraries keep -----------------------------------------------------------------------------------------------


def _state() -> dict[str, Any]:
    import random

    return {
        "cwd": os.getcwd(),
        "path": list(sys.path),
        "environment": {name: value for name, value in os.environ.items() if not name.startswith(("JPY_", "VICTOR_"))},
        "random": random.getstate(),
        "warnings": list(warnings.filters),
    }


def _set_state(state: dict[str, Any]) -> None:
    import random

    os.chdir(state["cwd"])
    sys.path[:] = state["path"]
    os.environ.update(state["environment"])
    random.setstate(state["random"])
    warnings.filters[:] = state["warnings"]  # type: ignore[index]


def _numpy() -> Any:
    import numpy as np

    return np.random.get_state(), np.get_printoptions()


def _set_numpy(kept: Any) -> None:
    import numpy as np

    np.random.set_state(kept[0])
    np.set_printoptions(**{name: value for name, value in kept[1].items() if name != "override_repr"})


def _pandas() -> Any:
    from importlib import import_module

    config: Any = import_module("pandas._config.config")
    names = [name for name in config._registered_options if config._get_deprecated_option(name) is None]
    return {name: config.get_option(name) for name in names}


def _set_pandas(kept: Any) -> None:
    import pandas as pd

    for name, value in kept.items():
        if pd.get_option(name) != value:
            pd.set_option(name, value)


def _matplotlib() -> Any:
    import matplotlib

    return dict(matplotlib.rcParams)


def _set_matplotlib(kept: Any) -> None:
    import matplotlib

    matplotlib.rcParams.update(kept)


_LIBRARIES: Final[dict[str, tuple[Callable[[], Any], Callable[[Any], None]]]] = {
    "numpy": (_numpy, _set_numpy),
    "pandas": (_pandas, _set_pandas),
    "matplotlib": (_matplotlib, _set_matplotlib),
}


def _restore_library(name: str, kept: Any) -> None:
    _LIBRARIES[name][1](kept)
