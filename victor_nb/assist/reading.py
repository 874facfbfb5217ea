"""What an installed package says of itself, name by name; its files are read and nothing is imported.

1. One entry for each name that a user can know it by; where a name is said twice, the one with a docstring counts.
2. A file that is no Python is passed over, as the interpreter would only see it when it is imported.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Final, TypeAlias

from victor_nb.assist.names import PublicNames, is_public
from victor_nb.retrieval.sources.documents import mended
from victor_nb.retrieval.sources.folders import Found, walk_below
from victor_nb.retrieval.sources.packages import (
    MODULES,
    SKIPPED,
    Definition,
    Package,
    definitions_of,
    module_of,
    tree_of,
)

LARGEST_BYTES: Final = 10_000_000

_EXAMPLE: Final = re.compile(r"^[ \t]*(?:>>>|\.\.\.) (.*)$", re.MULTILINE)
_SELF: Final = re.compile(r"^\((?:self|cls)\b(?:, |(?=\)))(?:/, )?")
_WORD: Final = re.compile(r"[A-Za-z_]\w+")

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is read, how many of its files are read by now, and how many there are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one name.

    Attributes:
        name: the dotted name by which a user knows it.
        defined: the dotted name of the place where it is defined.
        path: its file, relative to where packages lie.
        signature: how it is called; for a module, its name.
        said: its docstring, may be empty.
        weight: between 0 and 1: how often the package's own examples use it, or its class.
    """

    name: str
    defined: str
    path: str
    first: int
    last: int
    signature: str
    said: str
    is_module: bool = False
    weight: float = 0.0


def entries_of(package: Package, progress: Progress = lambda name, done, of: None) -> list[Entry]:
    """Read a package; files that cannot be read are passed over."""
    files = list(files_of(package))
    used: Counter[str] = Counter()
    names = PublicNames(used)
    found: list[tuple[str, Definition]] = []
    for place, file in enumerate(files):
        progress(package.name, place, len(files))
        module = module_of(file.path)
        if (tree := _tree(package, file)) is not None:
            names.learn(tree, module, is_package="__init__.py" in file.path)
            here = list(definitions_of(tree, module))
            found += [(file.path, each) for each in here]
            used.update(word for each in here for word in _words_of_examples(each.said))
    progress(package.name, len(files), len(files))
    best: dict[str, Entry] = {}
    for path, definition in found:
        entry = _entry(path, definition, names)
        known = best.get(entry.name)
        if known is None or (entry.said and not known.said):
            best[entry.name] = entry
    described = {name for name, entry in best.items() if entry.said}
    best |= {entry.name: entry for entry in entries_of_compiled(package, described)}
    return _weighed(list(best.values()))


def _weighed(entries: Sequence[Entry]) -> list[Entry]:
    """Weigh each entry by how often examples name its class, or the function: on the scale of a logarithm."""
    used = Counter(word for each in entries for word in _words_of_examples(each.said))
    most = math.log1p(max(used.values(), default=1))
    return [replace(each, weight=round(math.log1p(used[_outermost(each.name)]) / most, 3)) for each in entries]


def _words_of_examples(said: str) -> Iterator[str]:
    return (word for line in _EXAMPLE.findall(said) for word in _WORD.findall(line))


def _outermost(name: str) -> str:
    """Return the first part of a dotted name that is a class, else the last."""
    parts = name.split(".")
    return next((part for part in parts[1:] if part[:1].isupper()), parts[-1])


def files_of(package: Package) -> Iterator[Found]:
    """Yield the files of a package that are read, with their sizes and times."""
    whole = package.root / package.inside
    if whole.is_file():
        state = whole.stat()
        yield Found(package.inside, state.st_size, state.st_mtime_ns)
        return
    for found in walk_below(package.root, package.inside, include=MODULES, exclude=SKIPPED):
        is_doubled = found.path.endswith(".pyi") and (package.root / found.path).with_suffix(".py").exists()
        if found.size <= LARGEST_BYTES and not is_doubled:
            yield found


def _tree(package: Package, file: Found) -> ast.Module | None:
    try:
        return tree_of(mended((package.root / file.path).read_text("utf-8", errors="replace")))
    except (OSError, SyntaxError):
        return None


def _entry(path: str, found: Definition, names: PublicNames) -> Entry:
    name = ".".join(names.of(found.module, found.name)) if found.name else found.module
    call = f"({found.made})" if found.made is not None else "" if found.begins == "class" else found.call
    if "." in found.name:
        call = _SELF.sub("(", call, count=1)
    return Entry(name, found.full_name, path, found.first, found.last, name + call, found.said, not found.name)


def entries_of_compiled(package: Package, known: Container[str]) -> Iterator[Entry]:
    """Ask a package that this process has imported already what its files do not say: docstrings of compiled code.

    What `known` has is left out. Of a package that is not imported nothing is.
    """
    waiting = [(sys.modules.get(package.name), package.name)]
    seen: set[str] = set()
    while waiting:
        module, place = waiting.pop()
        for name in getattr(module, "__all__", ()):
            value, dotted = _offered(module, name), f"{place}.{name}"
            if isinstance(value, ModuleType):
                if value.__name__ == dotted and dotted not in seen and _offered(value, "__all__") is not None:
                    seen.add(dotted)
                    waiting.append((value, dotted))
                continue
            yield from _told(value, dotted, known)
            if isinstance(value, type):
                for inner, method in vars(value).items():
                    if inspect.ismethoddescriptor(method):
                        yield from _told(method, f"{dotted}.{inner}", known)


def _offered(module: ModuleType | None, name: str) -> object:
    """Return what a module has under a name; None if it warns that nobody should take it from there."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        value = getattr(module, name, None)
    return None if any(issubclass(each.category, DeprecationWarning) for each in warned) else value


def _told(value: object, name: str, known: Container[str]) -> Iterator[Entry]:
    said = getattr(value, "__doc__", None)
    if name in known or not is_public(name) or not callable(value) or not isinstance(said, str):
        return
    first, _, rest = inspect.cleandoc(said).partition("\n")
    is_call = first.partition("(")[0].endswith(name.rpartition(".")[2]) and ")" in first
    call = first[first.index("(") :] if is_call else getattr(value, "__text_signature__", None) or ""
    yield Entry(name, name, "", 0, 0, name + call, mended((rest if is_call else f"{first}\n{rest}").strip()))
