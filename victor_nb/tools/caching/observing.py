"""The observer: tells each running call what it opens, lists, asks for and starts, by Python's audit events.

1. Whose doing something is, the context says: it follows a call into its tasks and into `asyncio.to_thread`. What
   happens outside of the context of any running call (a thread of one's own, a pool) counts for all that run then.
2. Questions such as `os.path.exists` are no audited events: while calls run, and only then, the functions of `os`
   behind them pass through here.
3. It never raises and never changes what a function returns: an audit hook that raises forbids what was to be done.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from victor_nb.tools.caching.observation import Observation
from victor_nb.tools.caching.questions import Questions

OBSERVED: Final[ContextVar[Observation | None]] = ContextVar("victor_observed_call", default=None)

_running: Final[dict[int, Observation]] = {}
_lock: Final = threading.Lock()
_own_work: Final = threading.local()
_ACCESS: Final = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
_MOST_DESCRIPTORS: Final = 4096

Watcher = Callable[[Observation], None]


@contextmanager
def observing(observation: Observation) -> Iterator[None]:
    """Let `observation` see what this context does, until the end."""
    with _lock:
        if not _running:
            _begin()
        _running[id(observation)] = observation
    token = OBSERVED.set(observation)
    try:
        yield
    finally:
        OBSERVED.reset(token)
        with _lock:
            del _running[id(observation)]
            if not _running:
                _questions.end()


@contextmanager
def unobserved() -> Iterator[None]:
    """Do something of ours that is no call's doing, in this thread."""
    before = getattr(_own_work, "is_on", False)
    _own_work.is_on = True
    try:
        yield
    finally:
        _own_work.is_on = before


def _begin() -> None:
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    _questions.begin()


def _hook(event: str, args: Any) -> None:
    if _running and event in _INTERESTS and not getattr(_own_work, "is_on", False):
        _tell(_INTERESTS[event], args)


def _tell(interest: Callable[..., Watcher | None], args: Any) -> None:
    """Say what happened to whose doing it is."""
    with unobserved():
        try:
            if (told := interest(*args)) is None:
                return
            mine = OBSERVED.get()
            whose = [mine] if mine is not None and not mine.is_over else list(_running.values())
            for observation in whose:
                told(observation)
        except Exception as failure:  # of the call's making: a path that is none, an object of its own
            reason = f"it did something that could not be seen: {failure!r}"
            for observation in list(_running.values()):
                observation.cannot_see("system", reason)


# -- what happens ------------------------------------------------------------------------------------------------------


def _opened(path: Any, mode: str | None, flags: int) -> Watcher | None:
    if mode is None:
        is_written = flags & _ACCESS != os.O_RDONLY or bool(flags & (os.O_CREAT | os.O_TRUNC))
    else:
        is_written = not mode.startswith("r") or "+" in mode
    # Only `os.open` gives no mode, and only with it a path may count from a folder that is not the working one.
    places = _paths_of(path) if isinstance(path, int) else _places(path) if mode is None else [_whole(path)]
    if not is_written:
        return _each("read", places)
    return _each("changed", [place for place in places if not os.path.isdir(place)])


def _connected(database: Any, *_: object) -> Watcher | None:
    name = os.fsdecode(database)
    name = name.removeprefix("file:").partition("?")[0] if name.startswith("file:") else name
    if name in ("", ":memory:"):
        return None
    return _each("read", [_whole(name), _whole(name + "-wal"), _whole(name + "-journal")])


def _listed(path: Any = None, *_: object) -> Watcher:
    return _asked("names", path)


def _scanned(path: Any = None, *_: object) -> Watcher:
    # An entry that is given on tells size and time without any further event.
    asker = sys._getframe(3).f_code.co_filename
    return _asked("types" if os.path.basename(asker) in _TAKE_TYPES_ONLY and _is_ours(asker) else "entries", path)


def _asked(kind: str, path: Any) -> Watcher:
    places = _paths_of(path) if isinstance(path, int) else [_whole("." if path is None else path)]

    def tell(observation: Observation) -> None:
        for place in places:
            observation.asked(kind, place)

    return tell


def _changed(path: Any, *rest: Any) -> Watcher:
    return _each("changed", _at(path, rest[-1] if rest else -1))


def _moved(source: Any, target: Any, source_folder: int = -1, target_folder: int = -1) -> Watcher:
    return _each("changed", [*_at(source, source_folder), *_at(target, target_folder)])


def _linked(source: Any, target: Any, *folders: int) -> Watcher:
    return _each("changed", _at(target, folders[-1] if folders else -1))


def _started(*args: Any) -> Watcher:
    words = args[1] if len(args) > 1 and isinstance(args[1], list | tuple) else list(args[:1])
    texts = [os.fsdecode(word) for word in words if isinstance(word, str | bytes | os.PathLike)]
    program = os.path.basename(texts[0].split(" ")[0]) if texts and texts[0] else "another process"
    named = [_whole(text) for text in texts if "\0" not in text]

    def tell(observation: Observation) -> None:
        observation.cannot_see("processes", f"it started {program}")
        for path in named:
            if os.path.isfile(path):
                observation.read(path)

    return tell


def _spoke(*_: object) -> Watcher:
    return lambda observation: observation.cannot_see("network", "it used the network")


def _each(what: str, places: list[bytes]) -> Watcher:
    def tell(observation: Observation) -> None:
        for place in places:
            getattr(observation, what)(place)

    return tell


# -- where -------------------------------------------------------------------------------------------------------------


def _whole(path: Any) -> bytes:
    whole = os.path.join(os.getcwdb(), os.fsencode(path))
    if b"/." not in whole:
        return whole
    # Only "." is taken out: "link/../name" is another file than "name" if the link leads elsewhere.
    return b"/".join(part for place, part in enumerate(whole.split(b"/")) if part != b"." or not place) or b"/"


def _at(path: Any, folder: Any) -> list[bytes]:
    if isinstance(path, int):
        return _paths_of(path)
    if not os.fspath(path):
        return []  # nowhere, and not the working folder
    if isinstance(folder, int) and folder >= 0 and not os.path.isabs(os.fspath(path)):
        return [os.path.join(base, os.fsencode(path)) for base in _paths_of(folder)]
    return [_whole(path)]


def _places(path: Any) -> list[bytes]:
    """Where a path may lead that counts from a folder which the event does not tell: any that is open."""
    name = os.fsencode(path)
    if os.path.isabs(name):
        return [name]
    return list(dict.fromkeys(os.path.join(base, name) for base in [os.getcwdb(), *_open_folders()]))


def _open_folders() -> list[bytes]:
    numbers = [int(name) for name in os.listdir("/dev/fd")]
    if len(numbers) > _MOST_DESCRIPTORS:
        raise OSError("too many files are open")
    return [path for number in numbers for path in _paths_of(number) if os.path.isdir(path)]


def _paths_of(descriptor: int) -> list[bytes]:
    """The path of an open file; none for what is no file, such as a pipe between threads."""
    try:
        path = os.readlink(b"/proc/self/fd/%d" % descriptor)
    except FileNotFoundError:
        if os.path.isdir("/proc/self/fd"):
            return []  # closed meanwhile
        raise
    return [path] if path.startswith(b"/") and not path.endswith(b" (deleted)") else []


def _is_ours(filename: str) -> bool:
    return filename.startswith("<frozen") or os.path.dirname(filename) in _LIBRARY


_LIBRARY: Final = frozenset({os.path.dirname(os.__file__), os.path.join(os.path.dirname(os.__file__), "pathlib")})
_TAKE_TYPES_ONLY: Final = frozenset({
    "<frozen os>", "os.py", "glob.py", "<frozen glob>", "pathlib.py", "_local.py", "_abc.py", "__init__.py",
})  # fmt: skip

_INTERESTS: Final[dict[str, Callable[..., Watcher | None]]] = {
    "open": _opened,
    "sqlite3.connect": _connected,
    "os.listdir": _listed,
    "os.scandir": _scanned,
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir"), _changed),
    **dict.fromkeys(("os.truncate", "os.chmod", "os.chown", "os.utime"), lambda path, *_: _changed(path)),
    "os.rename": _moved,
    "os.link": _linked,
    "os.symlink": _linked,
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"),
        _started,
    ),
    **dict.fromkeys(("os.fork", "os.forkpty"), _started),
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto"),
        _spoke,
    ),
    **dict.fromkeys(("socket.sendmsg", "urllib.Request", "http.client.connect"), _spoke),
}
_hooked: Final[list[bool]] = []


def _question(kind: str, path: Any, folder: Any) -> None:
    """A function of `os` is asked about a path."""
    if _running and not getattr(_own_work, "is_on", False):
        _tell(lambda: _about(kind, path, folder), ())


def _about(kind: str, path: Any, folder: Any) -> Watcher:
    def tell(observation: Observation) -> None:
        for place in _at(path, folder if folder is not None else -1):
            observation.asked(kind, place)

    return tell


_questions: Final = Questions(_question)
