"""The zygote: a process that has imported what kernels need, and forks one for each order.

1. One thread, no event loop, no zmq context; it imports and forks and does nothing else. Nobody's code runs in it.
2. A branch is a zygote forked from the first that also holds what one kind of notebook imports. Only packages of the
   environment are imported ahead, never a project's own code, which may change while the zygote lives.
3. An import that a notebook's reader would have seen something of (output, a warning, an error), that started a thread,
   or that a file in the notebook's folder would have replaced, is not made ahead: the order is refused, with a reason.
4. It ends when its socket to the runner closes, and when nobody has ordered anything for `IDLE_S`.

Orders are JSON objects with open files attached: `{"do": "branch", "imports": [[module, names], …]}` with the branch's
own socket; `{"do": "kernel", …}` (see `forked_kernel.Order`) with the kernel's socket to the runner, and its stdin,
stdout and stderr. Refusals go to the socket of the order as `{"refused": reason}`.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import site
import socket
import sys
import sysconfig
import threading
from contextlib import suppress
from typing import NoReturn

from victor_nb.pipelines.kernels import forked_kernel
from victor_nb.pipelines.kernels.guardian import LARGEST_MESSAGE, fork, guard, say

IDLE_S = 600.0
KERNEL_MODULES = (
    "ipykernel.debugger",  # finds no debugger, and is asked by each kernel when it starts
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "multiprocessing.process",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
)


def main(control_fd: int) -> NoReturn:
    """Import what every kernel needs, then serve orders."""
    os.environ.setdefault(
        "MPLBACKEND", "module://matplotlib_inline.backend_inline"
    )  # as ipykernel does, before imports
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # no debugger in batch kernels: a third of their start
    for name in KERNEL_MODULES:
        importlib.import_module(name)
    del sys.modules["debugpy"]
    serve(socket.socket(fileno=control_fd), frozenset())


def serve(control: socket.socket, preloaded: frozenset[str]) -> NoReturn:
    """Answer orders for ever; in a forked branch the loop goes on with the branch's socket and imports."""
    gc.collect()
    gc.freeze()  # what is here now is nobody's garbage, and looking at it would copy shared memory
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps guardians
    for stopping in (signal.SIGINT, signal.SIGHUP):
        signal.signal(stopping, signal.SIG_IGN)  # meant for the runner, which decides
    while True:
        message, files = _next_order(control)
        order = json.loads(message)
        if order["do"] == "branch":
            if fork() == 0:
                control.close()
                _become_branch(socket.socket(fileno=files[0]), order["imports"])
        elif reason := _shadowed(order["cwd"], preloaded):
            with socket.socket(fileno=os.dup(files[0])) as asker:
                say(asker, {"refused": reason})
        elif fork() == 0:
            control.close()
            _become_guardian(files, order)
        for file in files:
            os.close(file)


def _next_order(control: socket.socket) -> tuple[bytes, list[int]]:
    if not select.select([control], [], [], IDLE_S)[0]:
        os._exit(0)
    try:
        message, files, _, _ = socket.recv_fds(control, LARGEST_MESSAGE, 4)
    except OSError:
        os._exit(0)
    if not message:
        os._exit(0)
    return message, files


def _become_guardian(files: list[int], order: forked_kernel.Order) -> NoReturn:
    os.setsid()
    life = socket.socket(fileno=files[0])
    guard(life, lambda: forked_kernel.run(order, life, files[1:]), order["scratch"])


def _become_branch(control: socket.socket, imports: list[tuple[str, list[str]]]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # packages may run programs while they are imported
    before = set(sys.modules)
    if reason := preload(imports):
        say(control, {"refused": reason})
        os._exit(0)
    new = {name.partition(".")[0] for name in set(sys.modules) - before}
    serve(control, frozenset(new - sys.stdlib_module_names))  # the standard library is found before any folder


def preload(imports: list[tuple[str, list[str]]]) -> str:
    """Import packages of the environment; return why that should not have been done, or the empty string."""
    output = os.memfd_create("output")
    for stream in (1, 2):
        os.dup2(output, stream)
    for module, names in imports:
        if not is_of_the_environment(module.partition(".")[0]):
            continue
        try:
            __import__(module, fromlist=names)
        except BaseException as problem:
            return f"import {module} fails: {problem!r}"
        if threading.active_count() > 1:
            return f"import {module} starts a thread"
    for written in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            written.flush()
    if os.fstat(output).st_size:
        return "an import prints or warns"
    os.close(output)
    return ""


def is_of_the_environment(top: str) -> bool:
    """Whether a module comes from Python itself or from its installed packages."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [*(spec.submodule_search_locations or ())] or [spec.origin or ""]
    if places[0] in ("built-in", "frozen"):
        return True
    return any(os.path.realpath(places[0]).startswith(root + os.sep) for root in _installed())


def _installed() -> set[str]:
    folders = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages())
    if site.ENABLE_USER_SITE:
        folders.add(site.getusersitepackages())
    return {os.path.realpath(folder) for folder in folders if folder}


def _shadowed(folder: str, preloaded: frozenset[str]) -> str:
    """Say which preloaded package a file in the notebook's folder would replace, as that folder is searched first."""
    if not preloaded:
        return ""
    try:
        entries = os.listdir(folder)
    except OSError:
        return ""
    for entry in entries:
        name, kind = os.path.splitext(entry)
        is_module = kind in (".py", ".so") or os.path.exists(os.path.join(folder, entry, "__init__.py"))
        if name.partition(".")[0] in preloaded and is_module:
            return f"{entry} in the notebook's folder has the name of a package"
    return ""
