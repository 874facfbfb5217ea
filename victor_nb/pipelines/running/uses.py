"""What a function uses besides its arguments: other functions, values around it, defaults; as one hash.

1. Functions outside of installed packages are followed, through any number of others; of classes the code counts.
2. Of values those count that a journal could store; lists, dicts and sets only under the names of constants (FACTORS),
   since others are there to be changed. What cannot be stored counts by its type: connections and the like are no part
   of what a result depends on.
"""

from __future__ import annotations

import inspect
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from victor_nb.journal.codec import Writer
from victor_nb.workflows.sources import plain, read

_INSTALLED: Final = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def used_by(function: Callable[..., Any]) -> str:
    """Return a hash of all that a function uses, as far as it can be seen without calling it."""
    told: list[str] = []
    _follow(function, told, set())
    return blake2b("\n".join(told).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _follow(used: Any, told: list[str], seen: set[int]) -> None:
    if id(used) in seen:
        return
    seen.add(id(used))
    if isinstance(used, MethodType):
        _follow(used.__self__, told, seen)
        used = used.__func__
    inner = plain(used) if callable(used) and not isinstance(used, type) else used
    if isinstance(inner, ModuleType):
        told.append(f"module {inner.__name__}")
    elif isinstance(inner, FunctionType):
        told.append(f"function {inner.__qualname__} {read(inner).hash}")
        if not _is_installed(inner.__code__.co_filename):
            for name, value in _around(inner):
                if not _is_state(name, value):
                    told.append(name)
                    _follow(value, told, seen)
    elif isinstance(inner, type):
        told.append(f"class {inner.__qualname__} {_source_of(inner)}")
    else:
        told.append(_value(inner))


def _is_state(name: str, value: Any) -> bool:
    """Whether a value is there to be changed while functions run."""
    return isinstance(value, list | dict | set | bytearray) and not name.isupper()


def _around(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Values that a function takes from where it was defined, by name."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is not filled yet
            continue
    for place, value in enumerate(function.__defaults__ or ()):
        yield f"default {place}", value
    yield from sorted((function.__kwdefaults__ or {}).items())
    names = _names_in(function.__code__)
    yield from ((name, function.__globals__[name]) for name in sorted(names) if name in function.__globals__)


def _names_in(code: CodeType) -> set[str]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return {*code.co_names, *(name for one in inner for name in _names_in(one))}


def _source_of(cls: type) -> str:
    try:
        return "" if _is_installed(inspect.getfile(cls)) else inspect.getsource(cls)
    except (OSError, TypeError):  # built in, or defined where no source is kept
        return ""


def _value(value: Any) -> str:
    try:
        writer = Writer()
        canonical = writer.canonical({"value": value})
    except Exception:  # values of any kind stand around functions; one that cannot be read is none that counts
        return f"a {type(value).__qualname__}"
    return canonical.decode("utf-8", "replace")


@cache
def _is_installed(file: str) -> bool:
    return str(Path(file).resolve()).startswith(_INSTALLED) and not file.startswith("<")
