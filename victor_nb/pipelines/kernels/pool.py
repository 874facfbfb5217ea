"""Kernels started ahead, where processes cannot be forked (macOS, Windows).

1. A kernel is started ahead for the same command, folder and environment as the last one, and is taken by one notebook
   only: isolation is that of a cold start, and only the waiting is saved.
2. Idle kernels end with their runner: `close_pool` at its normal exit, and ipykernel itself watches its parent.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.connect import write_connection_file
from jupyter_client.launcher import launch_kernel

from victor_nb.pipelines.kernels.guardian import remove_folder
from victor_nb.pipelines.kernels.provisioner import ColdProvisioner, python_kernel, without_debugger

MOST_IDLE = 4
_OWN = frozenset({"env", "cwd", "kernel_id", "extra_arguments"})


class _Idle(NamedTuple):
    process: subprocess.Popen[bytes]
    connection: dict[str, Any]
    folder: str


class PoolProvisioner(ColdProvisioner):
    """Hands out kernels that were started ahead, and starts the next one ahead."""

    how = "pool"
    _folder_of_kernel = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Take a kernel that is running already, or start one if none fits."""
        self.fallback, self.how = "", "pool"
        if python_kernel(cmd) is None or any(kwargs.get(name) is not None for name in set(kwargs) - _OWN):
            self.fallback = "the kernel is not this environment's Python kernel, or has streams of its own"
            return await super().launch_kernel(cmd, **kwargs)
        environment = dict(os.environ if kwargs.get("env") is None else kwargs["env"])
        taken = take(cmd, environment, os.path.abspath(kwargs.get("cwd") or os.getcwd()))
        self.process, self.pid, self._folder_of_kernel = taken.process, taken.process.pid, taken.folder
        if hasattr(os, "getpgid"):
            self.pgid = os.getpgid(self.pid)
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return taken.connection

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's connection file too."""
        await super().cleanup(restart=restart)
        remove_folder(self._folder_of_kernel)


_idle: dict[tuple[object, ...], _Idle] = {}
_lock = threading.Lock()


def take(cmd: list[str], environment: Mapping[str, str], cwd: str) -> _Idle:
    """Return a running kernel for one notebook, and start the one for the next."""
    command = _without_connection_file(cmd)
    key = (tuple(command), frozenset(environment.items()), cwd)
    with _lock:
        found = _idle.pop(key, None)
        if found is None or found.process.poll() is not None:
            found = _start(command, environment, cwd)
        _idle[key] = _start(command, environment, cwd)
        while len(_idle) > MOST_IDLE:
            _end(_idle.pop(next(iter(_idle))))
    return found


def close_pool() -> None:
    """End all kernels that nobody has taken."""
    with _lock:
        while _idle:
            _end(_idle.popitem()[1])


atexit.register(close_pool)


def _without_connection_file(cmd: list[str]) -> list[str]:
    """Drop `-f FILE`: a kernel that is started ahead has a connection file of its own."""
    command = without_debugger(cmd)
    place = command.index("-f") if "-f" in command else len(command)
    return command[:place] + command[place + 2 :]


def _start(command: list[str], environment: Mapping[str, str], cwd: str) -> _Idle:
    folder = tempfile.mkdtemp(prefix="victor-kernel-")
    path, connection = write_connection_file(str(Path(folder, "kernel.json")))
    process = launch_kernel([*command, "-f", path], env=dict(environment), cwd=cwd)
    return _Idle(process, {**connection, "key": str(connection["key"]).encode()}, folder)


def _end(idle: _Idle) -> None:
    with suppress(OSError):
        idle.process.kill()
    idle.process.wait()
    for stream in (idle.process.stdin, idle.process.stdout, idle.process.stderr):
        if stream is not None:
            stream.close()
    remove_folder(idle.folder)
