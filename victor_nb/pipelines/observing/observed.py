"""What a notebook read and imported while it ran, with the hashes that tell later whether it would do the same again.

1. The observer in the kernel writes down what happens; here it is decided what of it counts.
2. What a run made itself is none of its inputs: written before it was read, or not older than the run.
3. Nothing is taken for known that is not: a file that changed between its reading and the end of the run has no hash
   (`UNSETTLED`), so that the notebook runs again.
4. Files of Python and of installed packages are not inputs; the versions of what was imported are.

Not seen: what native code opens by itself (unless the notebook's code or parameters name the file), what other programs
read (but for files that their command names), questions whether a file is there, environment variables, the network.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from victor_nb.journal.sqlite_schema import APPLICATION_ID
from victor_nb.pipelines.caching.hashing import Hashes
from victor_nb.pipelines.caching.source import text_hash
from victor_nb.pipelines.observing.code_names import imported_modules, named_files, run_notebooks
from victor_nb.pipelines.observing.installed import Installed
from victor_nb.pipelines.observing.places import Places
from victor_nb.pipelines.observing.searches import Searches
from victor_nb.pipelines.parameters.cell_syntax import is_python

ABSENT: Final = "absent"
"""The hash of a file that was asked for and was not there."""

UNSETTLED: Final = ""
"""The hash of a file that changed while the run went on: equal to no other."""

NOTEBOOK: Final = "the notebook"
"""Stands for the watched notebook itself where the importer of a module is told."""

KERNEL_PACKAGES: Final = frozenset({
    "IPython", "_distutils_hack", "_pydev_bundle", "appnope", "asttokens", "comm", "dateutil", "debugpy", "decorator",
    "executing", "ipykernel", "ipykernel_launcher", "ipython_pygments_lexers", "jedi", "jupyter_client", "jupyter_core",
    "matplotlib_inline", "nest_asyncio", "packaging", "parso", "pexpect", "platformdirs", "prompt_toolkit", "psutil",
    "ptyprocess", "pure_eval", "pydev_ipython", "pydevd", "pydevd_plugins", "pygments", "six", "stack_data", "tornado",
    "traitlets", "typing_extensions", "wcwidth", "zmq",
})  # fmt: skip
"""What a kernel imports for itself; it counts where the notebook's code imports it too."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One file that a result depends on.

    Attributes:
        hash: of its content, or of its code; `ABSENT`, `UNSETTLED`.
        bytes: its size; -1 where there is none.
        by: for a module, the file that imports it.
        kind: "content", "module" (a Python file's code), "notebook" (the code of one that is run by `%run`).
    """

    hash: str
    bytes: int = -1
    by: str = ""
    kind: str = "content"


class Package(msgspec.Struct, frozen=True, array_like=True):
    """An installed distribution of which something was imported.

    Attributes:
        folder: where it lies.
    """

    version: str
    folder: str


class Observed(msgspec.Struct, frozen=True):
    """What was seen of one run. Paths below the project are relative to it, with "/".

    Attributes:
        files: read, or asked for in vain.
        modules: imported from outside of installed packages.
        searches: folders listed and patterns looked for, with the hash of the names that were found.
        packages: by the distribution's name.
        python: version of the kernel's Python; empty for kernels of other languages.
        library: folder of its standard library.
        installed: folders of installed packages that lie in the project.
        written: files that the run made or changed and did not remove, as far as it was seen.
    """

    files: dict[str, Seen] = {}
    modules: dict[str, Seen] = {}
    searches: dict[str, str] = {}
    packages: dict[str, Package] = {}
    python: str = ""
    library: str = ""
    installed: list[str] = []
    written: list[str] = []


class Watch:
    """Watches one run of a notebook, from before its kernel's first cell until the kernel has ended.

    Args:
        notebook: as it is written, without values of this run; nbformat or JSON.
        values: the parameters' values, which may name files.
        project: the folder of the pipeline.
        cwd: where the kernel runs.
        log: a file for the observer to add to; what an earlier run left there counts, unless it is forgotten first.
        is_on: False sees nothing, and leaves the kernel alone.
    """

    def __init__(
        self,
        notebook: Mapping[str, Any],
        values: Mapping[str, object],
        project: Path,
        cwd: Path,
        log: Path,
        *,
        is_on: bool = True,
    ) -> None:
        self._notebook, self._values, self._log = notebook, values, log
        self._places = Places(project)
        self._cwd = cwd.absolute()
        self._start_ns = time.time_ns()
        self._is_on, self._can_watch = is_on, is_on and is_python(notebook)

    @property
    def code(self) -> str:
        """What the kernel runs silently before the first cell; empty for a kernel of another language."""
        if not self._can_watch:
            return ""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return observer_code(self._log.absolute())

    def finish(self) -> Observed:
        """Return what was seen, and forget it; for the time after the kernel's end, however it ended."""
        seen = self.look()
        self.forget()
        return seen

    def look(self) -> Observed:
        """Return what was seen so far. A run that goes on with what another one began adds to what that one saw."""
        if not self._is_on:
            return Observed()
        seen = _Sorting(self._places, self._start_ns)
        for entry in _entries(self._log):
            with suppress(IndexError, TypeError, ValueError):  # a line of a process that was killed while it wrote
                seen.take(entry)
        seen.take_named(self._cwd, named_files(self._notebook, self._values))
        return _Made(self._notebook, self._places, seen, Hashes.beside(self._places.project)).observed()

    def forget(self) -> None:
        """Remove what an earlier run left that this one does not go on with."""
        with suppress(OSError):
            self._log.unlink()


def observer_code(log: Path) -> str:
    """Return what starts the observer in a kernel; it leaves no name there."""
    source = Path(__file__).with_name("observer.py").read_text(encoding="utf-8")
    names = '{"__name__": "victor_observer"}'
    return f"(lambda n: (exec(compile({source!r}, 'victor_observer', 'exec'), n), n['observe']({str(log)!r})))({names})"


def _entries(log: Path) -> Iterator[list[Any]]:
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError):
            if isinstance(entry := json.loads(line), list):
                yield entry


class _Sorting:
    """Sorts the observer's entries into what was read, made, searched and imported."""

    def __init__(self, places: Places, start_ns: int) -> None:
        self.places, self.start_ns = places, start_ns
        self.read: dict[str, tuple[int, int]] = {}  # absolute path -> mtime_ns, size when it was opened
        self.written: dict[str, None] = {}
        self.searches = Searches(places)
        self.modules: dict[str, str] = {}
        self.python = self.library = ""
        self.installed: list[str] = []

    def take(self, entry: list[Any]) -> None:
        """Sort one entry."""
        match entry:
            case ["r" | "w" | "rw" as kind, str(path), int(mtime), int(size)]:
                self._opened(kind, self.places.whole(path), mtime, size)
            case ["list" | "scan" | "glob" as kind, str(folder), *pattern]:
                self.searches.add(kind, folder, *pattern)
            case ["run", str(folder), list(words)]:
                self.take_named(Path(folder), _words(words))
            case ["module", str(name), str(file)]:
                self.modules[name] = file
            case ["start", str(version), str(library), list(prefixes)]:
                self.python, self.library = version, library
                self.installed = [str(folder) for folder in prefixes]
                self.places.add_installed(self.installed)

    def take_named(self, folder: Path, names: Iterable[str]) -> None:
        """Take files for read that code, a parameter or a command names and that the run did not make."""
        for name in names:
            with suppress(OSError, ValueError):
                path = self.places.whole(str(folder / name))
                found = Path(path).stat()
                if path not in self.read and Path(path).is_file():
                    self._opened("r", path, found.st_mtime_ns, found.st_size)

    def _opened(self, kind: str, path: str, mtime: int, size: int) -> None:
        if path.endswith(".pyc") and (kind != "r" or mtime < 0):  # the import looks for it, then makes it
            return
        path, is_module = self.places.source_of(path)
        if not self.places.counts(path) or (mtime < 0 and not self.places.is_below(path)):
            return
        is_own = path in self.written or (mtime > self.start_ns and not is_module)
        if kind == "w" or is_own or (kind == "rw" and mtime < 0):
            self.written[path] = None
        else:
            self.read.setdefault(path, (mtime, size))


class _Made:
    """Turns what was sorted into hashes."""

    def __init__(self, notebook: Mapping[str, Any], places: Places, seen: _Sorting, hashes: Hashes) -> None:
        self._notebook, self._places, self._seen, self._hashes = notebook, places, seen, hashes

    def observed(self) -> Observed:
        files = {self._places.shown(path): path for path in self._seen.read if not self._is_module(path)}
        runs = run_notebooks(self._notebook)
        modules = self._modules()
        packages = self._packages([path for path in modules.values() if path.endswith(".py")])
        written = sorted(self._places.shown(path) for path in self._seen.written if os.path.exists(path))
        made = Observed(
            files={name: seen for name, path in sorted(files.items()) if (seen := self._file(path, runs)) is not None},
            modules=self._hashed_modules(modules),
            searches=self._seen.searches.found(written),
            packages=dict(sorted(packages.items())),
            python=self._seen.python,
            library=self._seen.library,
            installed=[folder for folder in self._seen.installed if self._places.is_below(folder)],
            written=written,
        )
        self._hashes.save()
        return made

    def _file(self, path: str, runs: frozenset[str]) -> Seen | None:
        mtime, _ = self._seen.read[path]
        is_own = path in self._seen.written
        if mtime == -1:
            return None if is_own else Seen(ABSENT)
        try:
            now = Path(path).stat()
            if not Path(path).is_file() or _is_journal(path):
                return None
            if (now.st_mtime_ns, now.st_size) != self._seen.read[path]:
                return Seen(UNSETTLED, now.st_size)
            kind = "notebook" if path.endswith(".ipynb") and Path(path).name in runs else "content"
            return Seen(look_again(Path(path), kind, self._hashes), now.st_size, "", kind)
        except OSError:
            return Seen(UNSETTLED)

    def _is_module(self, path: str) -> bool:
        return path.endswith((".py", ".pyw")) and self._seen.read[path][0] >= 0

    def _modules(self) -> dict[str, str]:
        """Modules that are no installed packages, by how their path is shown."""
        imported = [file for file in self._seen.modules.values() if file.endswith((".py", ".so", ".pyd"))]
        paths = [*filter(self._is_module, self._seen.read), *map(self._places.whole, imported)]
        return {self._places.shown(path): path for path in sorted({*paths}) if self._places.counts(path)}

    def _hashed_modules(self, modules: dict[str, str]) -> dict[str, Seen]:
        imports = {NOTEBOOK: imported_modules(self._notebook)}
        for name, path in modules.items():
            if path.endswith(".py"):
                imports[name] = imported_modules(path)
        made = {}
        for name, path in modules.items():
            by = next((one for one, names in imports.items() if one != name and _stem(path) in names), "")
            with suppress(OSError):
                made[name] = Seen(
                    look_again(Path(path), "module", self._hashes), Path(path).stat().st_size, by, "module"
                )
        return made

    def _module(self, path: Path, by: str) -> Seen:
        try:
            now = path.stat()
            is_settled = now.st_mtime_ns <= self._seen.start_ns or str(path) in self._seen.written
            code = look_again(path, "module", self._hashes) if is_settled else UNSETTLED
            return Seen(code, now.st_size, by, "module")
        except OSError:
            return Seen(UNSETTLED, by=by, kind="module")

    def _packages(self, modules: list[str]) -> dict[str, Package]:
        tops = {name: file for name, file in self._seen.modules.items() if "." not in name}
        wanted = imported_modules(self._notebook).union(*map(imported_modules, modules))
        made = {}
        for top, file in tops.items():
            if top in KERNEL_PACKAGES and top not in wanted:
                continue
            place = Path(file)
            folder = place.parent.parent if place.name.startswith("__init__.") else place.parent
            if (installed := Installed.of(folder)) is not None and (owner := installed.owner(top)) is not None:
                made[owner.name] = Package(owner.version, str(folder))
        return made


def look_again(path: Path, kind: str, hashes: Hashes) -> str:
    """Return the hash that a file has now. Raises: OSError."""
    if kind == "module":
        return hashes.module(path)
    return hashes.notebook(path) if kind == "notebook" else hashes.content(path)


def search_hash(names: Iterable[str]) -> str:
    """Return the hash of the names that a search found."""
    return text_hash("\n".join(sorted(names)))


def _is_journal(path: str) -> bool:
    """Whether a file is where runs are recorded, which changes with every step and is nobody's data."""
    with open(path, "rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\0") and int.from_bytes(head[68:72], "big") == APPLICATION_ID


def _stem(path: str) -> str:
    found = Path(path)
    return found.parent.name if found.stem == "__init__" else found.stem.partition(".")[0]


def _words(words: Iterable[object]) -> Iterator[str]:
    import shlex

    for word in map(str, words):
        yield word
        with suppress(ValueError):
            yield from shlex.split(word) if " " in word else ()
