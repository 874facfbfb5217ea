"""The life of a forked process as an ipykernel: what a plain start would have set up is set up, then the kernel runs.

1. Nothing of the zygote may show: its environment, folder, standard streams, arguments, random state and signals are
   replaced by those of the order before anything of the kernel is made.
2. The kernel says that it is ready when its sockets are bound, so that nobody waits blindly.
3. Its end does what Python's own does and in that order (threads joined, exit functions, files written), but leaves the
   memory to the system: taking apart what the zygote imported costs half a second and nobody sees it.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, TypedDict

from victor_nb.pipelines.kernels.guardian import say

if TYPE_CHECKING:
    from ipykernel.kernelapp import IPKernelApp


CONTROL_LIMIT_S = 1.0


class Order(TypedDict):
    """What a kernel is to be started with."""

    do: str
    argv: list[str]  # arguments of ipykernel_launcher
    cwd: str
    umask: int
    scratch: str
    set_env: dict[str, str]  # against the environment that the zygote was started with
    unset_env: list[str]


def run(order: Order, life: socket.socket, streams: list[int]) -> NoReturn:
    """Run a kernel in this process until it is shut down."""
    status = 1
    try:
        _take_over(order, streams)
        app = _kernel(order["argv"])
        say(life, {"ready": True})
        life.close()  # the kernel's children must not keep it open
        app.start()
        _end(app)
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _take_over(order: Order, streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for name in order["unset_env"]:
        os.environ.pop(name, None)
    os.environ.update(order["set_env"])
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    os.umask(order["umask"])
    os.chdir(order["cwd"])
    _forget_the_zygote()


def _forget_the_zygote() -> None:
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()  # all forks would draw the same numbers; `random` looks after itself
    # Its folder at import is what processes started by multiprocessing take "" on the path for.
    sys.modules["multiprocessing.process"].ORIGINAL_DIR = os.getcwd()  # type: ignore[attr-defined]


def _kernel(arguments: list[str]) -> IPKernelApp:
    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [str(ipykernel_launcher.__file__), *arguments]
    app = IPKernelApp.instance()
    # 1: no thread that asks every second whether the parent lives, which is the guardian's work.
    app.initialize([*arguments, "--IPKernelApp.parent_handle=1"])
    return app


def _end(app: IPKernelApp) -> None:
    shell = app.shell
    _let_control_finish(app)
    threading._shutdown()  # type: ignore[attr-defined]  # joins threads and pools, as Python does first when it ends
    atexit._run_exitfuncs()
    if shell is not None:
        with suppress(Exception):  # a notebook may have changed anything
            shell.user_ns.clear()
            shell.user_ns_hidden.clear()
    gc.collect()  # objects that close or commit something when they are deleted do it here
    write_open_files()


def _let_control_finish(app: IPKernelApp) -> None:
    # The thread that took the request to shut down still flushes the standard streams. ipykernel closes the thread that
    # does the flushing meanwhile, and then waits for the first one, which waits for 10 s.
    if (thread := app.control_thread) is None:
        return
    has_finished = threading.Event()
    with suppress(RuntimeError):  # its loop is closed
        thread.io_loop.add_callback(has_finished.set)
    deadline = time.monotonic() + CONTROL_LIMIT_S
    while thread.is_alive() and not has_finished.wait(0.002) and time.monotonic() < deadline:
        pass


def write_open_files() -> None:
    """Write out what open files of this process still hold in memory."""
    files = [one for one in gc.get_objects() if issubclass(type(one), io.IOBase)]
    for kind in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):  # text first: it writes into the others
        for file in files:
            if isinstance(file, kind):
                with suppress(Exception):
                    file.flush()
