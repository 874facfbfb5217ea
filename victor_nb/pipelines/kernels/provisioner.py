"""Provisioners of batch kernels: guarded cold starts, and forks with a cold start behind them.

1. Cold is always right. A fork that is refused, fails or does not answer in time ends as a cold start, and `fallback`
   says why; so it does when only imports could not be made ahead.
2. A start with something that we do not know (pipes for its streams, say) is jupyter_client's own, unguarded.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from victor_nb.pipelines.kernels import fork_server
from victor_nb.pipelines.kernels.exits import KernelExit
from victor_nb.pipelines.kernels.fork_server import START, Start
from victor_nb.pipelines.kernels.process import GuardedProcess, channel
from victor_nb.pipelines.kernels.static_imports import Import

FORK_LIMIT_S = 20.0  # a fork that hangs, as after OpenMP has run in the zygote, hangs for ever
FIRST_FORK_LIMIT_S = 90.0  # the zygote starts, and imports what the notebook imports

LAUNCHER = "ipykernel_launcher"
_GUARDIAN = (
    "from victor_nb.pipelines.kernels.guardian import guard_command; guard_command({fd}, {scratch!r}, sys.argv[1:])"
)
_WITHOUT_DEBUGGER = (
    "import sys; sys.path[:1] = filter(None, sys.path[:1]); sys.modules['debugpy'] = None; "
    "import ipykernel_launcher, ipykernel.kernelapp as app; sys.argv[0] = ipykernel_launcher.__file__; "
    "import ipykernel.debugger, ipykernel.ipkernel; del sys.modules['debugpy']; "
    # See `_let_control_finish` of forked kernels: without it one end of ten takes three seconds.
    "K = app.IPKernelApp; close = K.close; "
    "K.close = lambda self: (self.control_thread and self.control_thread.join(.5), close(self)); "
    "app.launch_new_instance()"
)
_KNOWN = frozenset({"env", "cwd", "stdin", "stdout", "stderr", "kernel_id", "extra_arguments"})


class ColdProvisioner(LocalProvisioner):
    """Starts the kernelspec's command under a guardian (Linux), without the debugger if it is Python's kernel."""

    exit: KernelExit | None = None
    how = "cold"
    fallback = ""
    _guarded: GuardedProcess | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; its process is guarded where that is possible."""
        self.exit = None
        if not fork_server.IS_POSSIBLE or not set(kwargs) <= _KNOWN or subprocess.PIPE in kwargs.values():
            self.how = "unguarded"
            return await super().launch_kernel(without_debugger(cmd), **kwargs)
        with _streams(kwargs) as streams:
            self._guarded = await self._start(cmd, kwargs, streams)
        self.pid, self.cwd = self._guarded.pid, kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def _start(self, cmd: list[str], kwargs: dict[str, Any], streams: tuple[int, int, int]) -> GuardedProcess:
        self.how = "cold"
        return start_guarded(without_debugger(cmd), kwargs.get("env"), _folder(kwargs), self._scratch, streams)

    @property
    def _scratch(self) -> str:
        return str(getattr(self.parent, "scratch", ""))

    @property
    def has_process(self) -> bool:
        """Whether there is a process that nobody has waited for."""
        return self._guarded is not None or super().has_process

    async def poll(self) -> int | None:
        """Return the exit status, None while the process lives; how it ended stays in `exit`."""
        if self._guarded is None:
            return await super().poll()
        status = self._guarded.poll()
        self.exit = self._guarded.exit
        return status

    async def wait(self) -> int | None:
        """Wait until the kernel's process has ended, woken by its end."""
        if self._guarded is None:
            return await super().wait()
        guarded = self._guarded
        self.exit = await guarded.wait_async()
        guarded.close()
        self._guarded = None
        return self.exit.status

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group."""
        if self._guarded is None:
            await super().send_signal(signum)
        else:
            self._guarded.send_signal(signum)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel's process group to end."""
        if self._guarded is None:
            await super().terminate(restart)
        else:
            self._guarded.send_signal(signal.SIGTERM)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel's process group."""
        if self._guarded is None:
            await super().kill(restart)
        else:
            self._guarded.send_signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of the process; the guardian ends what is left."""
        if self._guarded is not None:
            await self.poll()
            self._guarded.close()
            self._guarded = None
        await super().cleanup(restart=restart)


class ForkProvisioner(ColdProvisioner):
    """Has the kernel forked by a zygote that has imported what the notebook imports."""

    async def _start(self, cmd: list[str], kwargs: dict[str, Any], streams: tuple[int, int, int]) -> GuardedProcess:
        self.fallback = ""
        found = python_kernel(cmd)
        if found is None:
            self.fallback = "the kernelspec does not start this environment's Python kernel"
            return await super()._start(cmd, kwargs, streams)
        environment = dict(os.environ if kwargs.get("env") is None else kwargs["env"])
        start = Start(*found, environment, _folder(kwargs), self._scratch, streams)
        imports: tuple[Import, ...] = getattr(self.parent, "imports", ())
        for preloaded in dict.fromkeys((imports, ())):
            if (process := await self._forked(start, preloaded)) is not None:
                self.how = "forked"
                return process
        return await super()._start(cmd, kwargs, streams)

    async def _forked(self, start: Start, imports: tuple[Import, ...]) -> GuardedProcess | None:
        try:
            process = fork_server.order(start, imports)
        except OSError as problem:
            self.fallback = f"no zygote: {problem}"
            return None
        limit_s = FORK_LIMIT_S if fork_server.is_proven(start, imports) else FIRST_FORK_LIMIT_S
        is_ready = False
        try:
            async with asyncio.timeout(limit_s):
                is_ready = await process.until_ready()
        except TimeoutError:
            self.fallback = f"the forked kernel did not answer within {limit_s:g} s"
            fork_server.discard(start)
        finally:
            if not is_ready:
                process.close()
        if is_ready:
            fork_server.proves(start, imports)
            return process
        self.fallback = self.fallback or self._refusal(process, start, imports)
        return None

    def _refusal(self, process: GuardedProcess, start: Start, imports: tuple[Import, ...]) -> str:
        if process.refused:
            return process.refused
        if process.pid is None:  # nobody took the order
            return fork_server.refusal(start, imports) or "the zygote ended"
        return f"the forked kernel ended at its start: {process.exit}"


def python_kernel(cmd: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Split the command of this environment's ipykernel into interpreter and arguments; None for another kernel."""
    if not cmd or not _is_this_python(cmd[0]):
        return None
    options, rest = [], cmd[1:]
    while rest and rest[0].startswith("-X"):
        options.append(rest.pop(0))
    if rest[:2] != ["-m", LAUNCHER]:
        return None
    # Frozen modules are only switched off for the debugger, which batch kernels do not have.
    wanted = [option for option in options if option != "-Xfrozen_modules=off"]
    return (sys.executable, *wanted), tuple(rest[2:])


def without_debugger(cmd: list[str]) -> list[str]:
    """Return the command that starts the same kernel without its debugger; another kernel's command as it is."""
    found = python_kernel(cmd)
    return cmd if found is None else [*found[0], "-c", _WITHOUT_DEBUGGER, *found[1]]


def _is_this_python(program: str) -> bool:
    path, ours = Path(program), Path(sys.executable)
    return path == ours or (path.parent == ours.parent and path.resolve() == ours.resolve())


def _folder(kwargs: dict[str, Any]) -> str:
    return os.path.abspath(kwargs.get("cwd") or os.getcwd())


def start_guarded(
    cmd: list[str], env: dict[str, str] | None, cwd: str, scratch: str, streams: tuple[int, int, int]
) -> GuardedProcess:
    """Start a command under a guardian of its own."""
    ours, theirs = channel()
    task = START.format(root=fork_server.package_root(), task=_GUARDIAN.format(fd=theirs.fileno(), scratch=scratch))
    with theirs:
        guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", task, *cmd],
            env=env,
            cwd=cwd,
            pass_fds=[theirs.fileno()],
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            start_new_session=True,
        )
    return GuardedProcess(ours, guardian)


@contextmanager
def _streams(kwargs: dict[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Standard streams as open files: those given, else nothing to read, and ours to write to."""
    with ExitStack() as opened:
        null = os.open(os.devnull, os.O_RDWR)
        opened.callback(os.close, null)

        def number(given: Any, otherwise: int) -> int:
            if given is None:
                return otherwise
            if given == subprocess.DEVNULL:
                return null
            return given if isinstance(given, int) else int(given.fileno())

        yield (
            number(kwargs.get("stdin"), null),
            _open_or(null, number(kwargs.get("stdout"), 1)),
            _open_or(null, number(kwargs.get("stderr"), 2)),
        )


def _open_or(null: int, stream: int) -> int:
    try:
        os.fstat(stream)
    except OSError:
        return null
    return stream
