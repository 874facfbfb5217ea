"""From the name of a handler to a function. Where it is looked for, in this order:

1. the functions given to the loader by name;
2. a module, for `module:function`; beside the file first, then where Python finds modules;
3. the modules of the file's `handlers:`;
4. a Python file beside the YAML file: of the same name, then `handlers.py`;
5. the notebook's variables (of a script: the script's); last, so that a file means the same for whoever loads it.

Importing runs code, the user's own: a file is imported only where a handler is looked for in it. Files beside the YAML
are imported anew at each load, under a name of their own, so that two folders may both have a `handlers.py`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from victor_nb.errors import nearest

_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_LISTED: Final = 12


class NotFound(Exception):
    """A name stands for nothing; says what is wrong and what to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what, self.hint = what, hint


class Handlers:
    """The functions that one file can name.

    Args:
        given: by name; what the caller of the loader passed.
        modules: the file's `handlers:`.
        file: the YAML file; None if it is only a text.
        namespace: variables whose functions can be named; by default those of the notebook or script.
    """

    def __init__(
        self,
        given: Mapping[str, Callable[..., Any]],
        modules: Sequence[str] = (),
        file: Path | None = None,
        namespace: Mapping[str, object] | None = None,
    ) -> None:
        self._given, self._modules = given, list(modules)
        self._folder = file.parent if file else None
        self._stem = file.stem if file else ""
        self._namespace = vars(sys.modules["__main__"]) if namespace is None else namespace
        self._files: dict[Path, ModuleType] = {}
        self._known: list[str] | None = None

    def find(self, name: str) -> Callable[..., Any]:
        """Return the function of that name.

        Raises: NotFound, with the nearest name and where was looked.
        """
        found = self.named(name)
        if not callable(found):
            raise NotFound(f"{name!r} is a {type(found).__name__}, which cannot be called")
        return found

    def named(self, name: str) -> object:
        """Return what a name or `module:name` stands for, callable or not.

        Raises: NotFound.
        """
        if ":" in name and name not in self._given:
            return self._imported(name)
        for names in self._all():
            if name in names:
                return names[name]
        known = self.known()
        listed = f"known are {', '.join(known[:_LISTED])}" if known else "no functions are known"
        places = f"looked in {', '.join(self._places())}"
        hint = f"{listed}; {places}. A function elsewhere is written module:function"
        raise NotFound(f"there is no function {name!r}.{nearest(name, known)}", hint)

    def known(self) -> list[str]:
        """Return the names of all functions that can be found without a module, sorted; looked up once."""
        if self._known is None:
            self._known = sorted(
                {key for names in self._all() for key, value in names.items() if _is_handler(key, value)}
            )
        return self._known

    def _all(self) -> Iterator[Mapping[str, object]]:
        yield self._given
        yield from (vars(self.module(name)) for name in self._modules)
        yield from (vars(self._imported_file(file)) for file in self._beside)
        yield self._namespace

    def _places(self) -> Iterator[str]:
        if self._given:
            yield "the handlers given"
        yield from (f"module {name}" for name in self._modules)
        if self._folder:
            yield f"{self._stem}.py and handlers.py in {self._folder}"
        yield "the notebook's variables"

    @property
    def _beside(self) -> list[Path]:
        if self._folder is None:
            return []
        candidates = (self._folder / f"{stem}.py" for stem in (self._stem, "handlers"))
        return [file for file in candidates if file.is_file()]

    def _imported_file(self, file: Path) -> ModuleType:
        if file not in self._files:
            self._files[file] = imported_file(file)
        return self._files[file]

    def _imported(self, name: str) -> object:
        module_name, _, path = name.partition(":")
        found: object = self.module(module_name)
        for part in path.split("."):
            if not hasattr(found, part):
                known = [key for key, value in getattr(found, "__dict__", {}).items() if _is_handler(key, value)]
                raise NotFound(f"there is no {part!r} in {module_name!r}.{nearest(part, known)}")
            found = getattr(found, part)
        return found

    def forget(self, module: str) -> None:
        """Look no further in a module of the file's `handlers:` that cannot be imported."""
        self._modules = [name for name in self._modules if name != module]

    def module(self, name: str) -> ModuleType:
        """Import a module: a file beside the YAML file, by its name or path, else one that Python finds.

        Raises: NotFound if there is none, or if importing it fails.
        """
        if self._folder:
            relative = Path(name) if name.endswith(".py") else Path(*name.split(".")).with_suffix(".py")
            if (self._folder / relative).is_file():
                return self._imported_file(self._folder / relative)
        if not _MODULE.fullmatch(name):
            raise NotFound(f"{name!r} is neither a module nor a Python file beside this one")
        try:
            with _path_with(self._folder, Path.cwd()):
                return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
                raise _broken(name, error) from error
            raise NotFound(f"there is no module {name!r}", "is it installed, or beside the file?") from None
        except (Exception, SystemExit) as error:
            raise _broken(name, error) from error


def imported_file(file: Path) -> ModuleType:
    """Run a Python file as a module of its own name.

    Raises: NotFound if it fails, with the line.
    """
    path = file.resolve()
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    _files[name] = str(path)
    sys.modules[name] = module  # before it runs: dataclasses and pickle look their module up
    try:
        with _path_with(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(str(file), error) from error
    return module


_files: dict[str, str] = {}  # from the names of modules that were imported from files to the files


@dataclass(frozen=True, slots=True)
class Reference:
    """A function by its file and name: how one is sent to a process that has the same files."""

    file: str
    name: str

    def load(self) -> Callable[..., Any]:
        """Import the file and return the function.

        Raises:
            NotFound: there is no such function any more.
            OSError: there is no such file.
        """
        found: object = _known_file(self.file, Path(self.file).stat().st_mtime_ns)
        for part in self.name.split("."):
            if not hasattr(found, part):
                raise NotFound(f"there is no {self.name!r} in {self.file}")
            found = getattr(found, part)
        if not callable(found):
            raise NotFound(f"{self.name!r} in {self.file} cannot be called")
        return found


@lru_cache
def _known_file(file: str, _changed_ns: int) -> ModuleType:
    return imported_file(Path(file))


def reference_to(function: Callable[..., Any]) -> Reference | None:
    """Return what stands for a function of an imported file; None for any other."""
    file = _files.get(getattr(function, "__module__", ""))
    name = getattr(function, "__qualname__", "<locals>")
    return Reference(file, name) if file and "<" not in name else None


@contextmanager
def _path_with(*folders: Path | None) -> Iterator[None]:
    """Let imports find modules in `folders`, after all that Python finds anyhow."""
    added = [str(folder) for folder in folders if folder and str(folder) not in sys.path]
    sys.path.extend(added)
    try:
        yield
    finally:
        for folder in added:
            if folder in sys.path:
                sys.path.remove(folder)


def _broken(name: str, error: BaseException) -> NotFound:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}:{error.lineno})"
    return NotFound(f"{name} cannot be imported: {type(error).__name__}: {error}{place}")


def _is_handler(name: str, value: object) -> bool:
    return callable(value) and not name.startswith("_") and not isinstance(value, type)


def importable(found: Any) -> str | None:
    """Return `module:name` of a function or class that can be imported by it."""
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", "<")
    if module in (None, "__main__") or "<" in name or reference_to(found) is not None:
        return None
    there: Any = sys.modules.get(module)
    for part in name.split("."):
        there = getattr(there, part, None)
    return f"{module}:{name}" if there is found else None
