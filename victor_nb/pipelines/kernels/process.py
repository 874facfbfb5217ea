"""A guarded process as its runner sees it: alive or ended, signals, and how it ended.

1. All that is known comes over one socket from the guardian; closing the socket ends the process.
2. Nothing is polled for: whoever waits is woken by the socket.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import weakref
from contextlib import suppress

from victor_nb.pipelines.kernels.exits import KernelExit
from victor_nb.pipelines.kernels.guardian import LARGEST_MESSAGE, SWEEP_LIMIT_S, say

_channels: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def channel() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a socket that keeps messages apart; ours is closed in processes that we fork."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    _channels.add(ours)
    return ours, theirs


def _close_in_fork() -> None:
    # A copy in a forked process would keep kernels alive after this process has ended.
    for one in list(_channels):
        with suppress(OSError):
            one.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_fork)


def received(ours: socket.socket) -> bytes:
    """Return the next message; empty if there will be none."""
    try:
        return ours.recv(LARGEST_MESSAGE)
    except ConnectionResetError:
        # The other end closed before it had read everything: the system tells that first, and what it said after it.
        return ours.recv(LARGEST_MESSAGE)


async def readable(waited_for: socket.socket) -> None:
    """Wait until something has come over a socket, or it has been closed; any number may wait at once."""
    loop = asyncio.get_running_loop()
    arrived = loop.create_future()
    # An event loop knows one reader a file: each waiter has its own.
    file = os.dup(waited_for.fileno())

    def arrive() -> None:
        if not arrived.done():
            arrived.set_result(None)

    loop.add_reader(file, arrive)
    try:
        await arrived
    finally:
        loop.remove_reader(file)
        os.close(file)


class GuardedProcess:
    """A kernel's process."""

    def __init__(self, life: socket.socket, guardian: subprocess.Popen[bytes] | None = None) -> None:
        life.setblocking(False)
        self.pid: int | None = None
        self.exit: KernelExit | None = None
        self.is_ready = False
        self.refused = ""
        self._life = life
        self._guardian = guardian  # of a cold start; those of forks are reaped by the system
        self._asked = False
        self._reading = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit status (a signal's number, negative), or None while the process lives."""
        with self._reading:
            while self.exit is None and self._read_one():
                pass
        return None if self.exit is None else self.exit.status

    async def wait_async(self) -> KernelExit:
        """Wait until the process, and all it started, has ended."""
        while self.poll() is None:
            await readable(self._life)
        assert self.exit is not None
        return self.exit

    async def until_ready(self) -> bool:
        """Wait until the kernel answers; False if it ended before."""
        while self.poll() is None and not self.is_ready:
            await readable(self._life)
        return self.exit is None

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and the processes of its group."""
        self._asked = self._asked or number == signal.SIGKILL
        if self.exit is None:
            say(self._life, {"signal": int(number)})

    def close(self) -> None:
        """Let go of it: the guardian ends what is left."""
        self._life.close()
        if self._guardian is not None:
            with suppress(subprocess.TimeoutExpired):
                self._guardian.wait(timeout=SWEEP_LIMIT_S)

    def _read_one(self) -> bool:
        try:
            message = received(self._life)
        except BlockingIOError:
            return False
        except OSError:
            message = b""
        self._take(json.loads(message) if message else {"exit": -signal.SIGKILL, "asked": self._asked})
        return True

    def _take(self, told: dict[str, object]) -> None:
        match told:
            case {"pid": int(pid)}:
                self.pid = pid
            case {"ready": True}:
                self.is_ready = True
            case {"refused": str(reason)}:
                self.refused = reason
                self.exit = KernelExit(0, asked=True)
            case {"exit": int(status), "asked": bool(asked), **more}:
                counted = {name: more[name] for name in ("memory_kills", "peak_bytes", "cpu_s") if name in more}
                self.exit = KernelExit(status, asked, **counted)  # type: ignore[arg-type]
