"""The runner's side of zygotes: which one may fork a kernel for whom, and orders to it.

1. A zygote serves those only who would have started the same: its key is the interpreter and its options, the
   environment, the limits, and the state of the installed packages. Another key, another zygote.
2. Nothing here decides that a kernel starts: an order that is refused, or lost, is told, and a plain start follows.
3. Threads may order at once. A forked runner orders from zygotes of its own.
"""

from __future__ import annotations

import json
import os
import site
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from victor_nb.pipelines.kernels.process import GuardedProcess, channel, received
from victor_nb.pipelines.kernels.static_imports import Import

PER_KERNEL = ("JPY_", "VICTOR_")  # variables that each kernel may have its own value of
MOST_ZYGOTES = 4
MOST_BRANCHES = 16

IS_POSSIBLE = sys.platform == "linux" and hasattr(os, "pidfd_open")

# The package is found where this process found it, and the folder is not left on the kernels' path.
START = "import sys; sys.path[:1] = [{root!r}, *filter(None, sys.path[:1])]; {task}"
_ZYGOTE = "from victor_nb.pipelines.kernels.zygote import main; del sys.path[0]; main({fd})"


def package_root() -> str:
    """Return the folder that this package was imported from."""
    return str(Path(__file__).resolve().parents[3])


class Start(NamedTuple):
    """How a kernel is to be started: what a zygote must share with it, and what is its own."""

    python: tuple[str, ...]  # the interpreter and its options
    arguments: tuple[str, ...]  # of ipykernel_launcher
    environment: Mapping[str, str]
    cwd: str
    scratch: str
    streams: tuple[int, int, int]


class _Zygote:
    """A running zygote and its branches."""

    def __init__(self, python: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._control, theirs = channel()
        task = START.format(root=package_root(), task=_ZYGOTE.format(fd=theirs.fileno()))
        with theirs:
            self.process = subprocess.Popen(
                [*python, "-c", task],
                env=self.environment,
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._branches: dict[tuple[Import, ...], socket.socket] = {}
        self.refused: dict[tuple[Import, ...], str] = {}
        self.proven: set[tuple[Import, ...]] = set()

    def fork(self, start: Start, imports: tuple[Import, ...]) -> GuardedProcess:
        ours, theirs = channel()
        with theirs:
            order = json.dumps(self._order(start)).encode()
            socket.send_fds(self.branch(imports), [order], [theirs.fileno(), *start.streams])
        return GuardedProcess(ours)

    def _order(self, start: Start) -> dict[str, object]:
        theirs, wanted = self.environment, start.environment
        return {
            "do": "kernel",
            "argv": list(start.arguments),
            "cwd": start.cwd,
            "umask": current_umask(),
            "scratch": start.scratch,
            "set_env": {name: value for name, value in wanted.items() if theirs.get(name) != value},
            "unset_env": [name for name in theirs if name not in wanted],
        }

    def branch(self, imports: tuple[Import, ...]) -> socket.socket:
        """Return the socket of the branch that has these imports, forking it if there is none."""
        if not imports or imports in self.refused:
            return self._control
        if imports not in self._branches:
            if len(self._branches) >= MOST_BRANCHES:
                self._branches.pop(next(iter(self._branches))).close()
            ours, theirs = channel()
            with theirs:
                order = json.dumps({"do": "branch", "imports": imports}).encode()
                socket.send_fds(self._control, [order], [theirs.fileno()])
            self._branches[imports] = ours
        self._branches[imports] = found = self._branches.pop(imports)  # the most recently used is last
        return found

    def was_refused(self, imports: tuple[Import, ...]) -> str:
        """Return why the branch with these imports gave up, and do not ask for it again; empty if it did not say."""
        if (branch := self._branches.pop(imports, None)) is None:
            return self.refused.get(imports, "")
        with branch, suppress(OSError):
            branch.setblocking(False)
            if message := received(branch):
                self.refused[imports] = str(json.loads(message)["refused"])
        self.refused.setdefault(imports, "the process that imports ahead ended")
        return self.refused[imports]

    def close(self) -> None:
        for one in (self._control, *self._branches.values()):
            one.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=0.5)
        if self.process.poll() is None:  # it is importing, or an import hangs
            self.process.kill()
            self.process.wait()


_zygotes: dict[tuple[object, ...], _Zygote] = {}
_lock = threading.RLock()


def _forget_in_fork() -> None:
    global _lock
    _zygotes.clear()
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_fork)


def order(start: Start, imports: tuple[Import, ...]) -> GuardedProcess:
    """Order a kernel; its process says when it is ready, refused or lost.

    Raises: OSError if there is no zygote to be had, or the order does not fit into a message.
    """
    with _lock:
        zygote = _zygote(start.python, start.environment)
        try:
            return zygote.fork(start, imports)
        except (BrokenPipeError, ConnectionError):  # it has ended: idle, or killed
            _drop(zygote)
            return _zygote(start.python, start.environment).fork(start, imports)


def is_proven(start: Start, imports: tuple[Import, ...]) -> bool:
    """Whether a kernel like this one has come from the zygote that would fork it: the next comes quickly."""
    with _lock:
        return imports in _zygote(start.python, start.environment).proven


def proves(start: Start, imports: tuple[Import, ...]) -> None:
    """Note that a kernel has come."""
    with _lock:
        _zygote(start.python, start.environment).proven.add(imports)


def refusal(start: Start, imports: tuple[Import, ...]) -> str:
    """Return why imports were not made ahead for an order that was lost; the empty string if nobody said."""
    with _lock:
        return _zygote(start.python, start.environment).was_refused(imports)


def prepare(imports: Iterable[tuple[Import, ...]], environment: Mapping[str, str] | None = None) -> None:
    """Have a zygote begin to import what notebooks will import, while the caller still does something else.

    Nothing is waited for. Where there are no zygotes, and where one cannot be started, nothing happens.
    """
    if not IS_POSSIBLE:
        return
    with _lock, suppress(OSError):
        zygote = _zygote((sys.executable,), os.environ if environment is None else environment)
        for one in dict.fromkeys(imports):
            zygote.branch(one)


def close_zygotes() -> None:
    """End all zygotes of this process; kernels that they forked go on."""
    with _lock:
        for zygote in list(_zygotes.values()):
            _drop(zygote)


def discard(start: Start) -> None:
    """End the zygote that would serve a start: it did not answer, or not well."""
    with _lock:
        if zygote := _zygotes.get(_key(start.python, _shared(start.environment))):
            _drop(zygote)


def _zygote(python: tuple[str, ...], environment: Mapping[str, str]) -> _Zygote:
    shared = _shared(environment)
    key = _key(python, shared)
    found = _zygotes.pop(key, None)
    if found is not None and found.process.poll() is not None:
        found.close()
        found = None
    if found is None:
        found = _Zygote(python, shared)
    _zygotes[key] = found  # the most recently used is last
    while len(_zygotes) > MOST_ZYGOTES:
        _drop(next(iter(_zygotes.values())))
    return found


def _drop(zygote: _Zygote) -> None:
    for key in [key for key, one in _zygotes.items() if one is zygote]:
        del _zygotes[key]
    zygote.close()


def _shared(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(PER_KERNEL)}


def _key(python: tuple[str, ...], shared: Mapping[str, str]) -> tuple[object, ...]:
    import resource

    numbers = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})
    limits = tuple(resource.getrlimit(number) for number in numbers)
    place = (limits, frozenset(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0))
    return (python, frozenset(shared.items()), place, installed_state())


def installed_state() -> tuple[tuple[str, int], ...]:
    """Return when something was last installed into, or removed from, each folder of packages."""
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    folders.add(site.getusersitepackages())
    return tuple((folder, os.stat(folder).st_mtime_ns) for folder in sorted(folders) if os.path.isdir(folder))


def current_umask() -> int:
    """Return this process's umask; it cannot be read without being set, except where the system shows it."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Umask:")).split()[1], 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
