"""The guardian: one small process beside each kernel that ends it, and whatever it started, on every path.

1. It runs nobody's code and has one thread, so it cannot hang; it imports the standard library only.
2. It lives as long as its socket to the runner: when the runner ends, however it ends, the socket closes and the
   guardian kills. When the guardian itself is killed, the system kills the kernel (PR_SET_PDEATHSIG).
3. Processes that a kernel started are its own, even in a session of their own: orphans become the guardian's
   children (PR_SET_CHILD_SUBREAPER), and it ends them when the kernel has ended, before it says how the kernel ended.

Linux only. Each message on the socket is one JSON object:
runner to guardian: `{"signal": n}`; guardian to runner: `{"pid": n}`, `{"ready": true}` from the kernel, and last
`{"exit": status, "asked": bool, "memory_kills": n, "peak_bytes": n, "cpu_s": x}`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LARGEST_MESSAGE = 1 << 20
SWEEP_LIMIT_S = 5.0  # a process that waits for a dead disk cannot be killed; its kernel's end is told nevertheless

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(channel: socket.socket, message: Mapping[str, object]) -> None:
    """Send one message; if nobody listens any more, nobody misses it."""
    with contextlib.suppress(OSError):
        channel.send(json.dumps(message).encode())


def fork() -> int:
    """Fork, without Python's warning about threads: those of a zygote are native ones that do not run yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def guard(life: socket.socket, run: Callable[[], NoReturn], scratch: str) -> NoReturn:
    """Become the guardian of a new process that runs `run`; never returns.

    Args:
        life: the guardian's end of the socket to the runner.
        run: what the kernel's process does; it leads a session of its own by then.
        scratch: the folder of the kernel's sockets and connection file, removed when the kernel has ended.
    """
    for stopping in _STOPPING:
        signal.signal(stopping, signal.SIG_IGN)  # it ends when its runner does, and not before
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    kills = memory_kills()
    guardian = os.getpid()
    pid = fork()
    if pid == 0:
        _become_child(guardian)
        run()
    say(life, {"pid": pid})
    asked = _until_it_ends(life, pid)
    _, status, used = os.wait4(pid, 0)
    sweep(pid)
    remove_folder(scratch)
    end = {
        "exit": os.waitstatus_to_exitcode(status),
        "asked": asked,
        "memory_kills": memory_kills() - kills,
        "peak_bytes": used.ru_maxrss * 1024,
        "cpu_s": used.ru_utime + used.ru_stime,
    }
    say(life, end)
    os._exit(0)


def _become_child(guardian: int) -> None:
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guardian:  # it died before the line above: nobody would end this process
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stopping in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(stopping, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _until_it_ends(life: socket.socket, pid: int) -> bool:
    """Pass signals on until the process has ended; return whether a signal of the runner's was to end it."""
    ended = os.pidfd_open(pid)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(life, select.POLLIN)
    asked = False
    while True:
        ready = dict(waiting.poll())
        if ended in ready:
            os.close(ended)
            return asked
        try:
            message = life.recv(LARGEST_MESSAGE)
        except OSError:
            message = b""
        if not message:
            waiting.unregister(life)
        number = json.loads(message)["signal"] if message else signal.SIGKILL
        asked = asked or number in (signal.SIGKILL, signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)


def sweep(group: int) -> None:
    """Kill a process group and every process that this one is or becomes the parent of, until none is left."""
    deadline = time.monotonic() + SWEEP_LIMIT_S
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    while time.monotonic() < deadline:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if reaped == 0:
            for child in children(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.001)


def children(parent: int) -> list[int]:
    """Return the ids of a process's children, zombies too."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError):
            stat = Path("/proc", entry, "stat").read_text()
            # The name in parentheses may hold anything, parentheses too; the parent is the second word after it.
            if int(stat.rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry))
    return found


def memory_kills(proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> int:
    """Return how often the system has killed for want of memory, in our control group if that says it; else 0."""
    for file in (*_group_counters(proc, groups), Path(proc, "vmstat")):
        with contextlib.suppress(OSError):
            for line in file.read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


def _group_counters(proc: str, groups: str) -> list[Path]:
    try:
        lines = Path(proc, "self", "cgroup").read_text().splitlines()
    except OSError:
        return []
    files = []
    for number, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if number == "0":
            files.append(Path(groups, path.lstrip("/"), "memory.events"))
        elif "memory" in controllers.split(","):
            files.append(Path(groups, "memory", path.lstrip("/"), "memory.oom_control"))
    return files


def remove_folder(path: str) -> None:
    """Remove a flat folder of our own; what is gone already is as good."""
    with contextlib.suppress(OSError):
        for entry in os.listdir(path):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(path, entry))
        os.rmdir(path)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def guard_command(life_fd: int, scratch: str, command: list[str]) -> NoReturn:
    """Guard a command that is started anew: the plain cold start. Standard streams, folder and environment are ours."""
    life = socket.socket(fileno=life_fd)

    def run() -> NoReturn:
        os.environ["JPY_PARENT_PID"] = str(os.getppid())  # ipykernel ends when this is not its parent any more
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a program would inherit that
            signal.signal(ignored, signal.SIG_DFL)
        life.close()
        try:
            os.execvp(command[0], command)
        except OSError as problem:
            print(f"cannot start {command[0]!r}: {problem}", file=sys.stderr, flush=True)
            os._exit(127)

    guard(life, run, scratch)
