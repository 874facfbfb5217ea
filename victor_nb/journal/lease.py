"""Who executes a run: an owner written down so that another process can tell whether it still lives.

1. On the same machine the operating system decides: an owner whose process is gone is gone, at once.
2. On another machine only the clock can decide: an owner that let its lease run out is gone.
3. Whoever took over is safe from the old owner by the journal itself: two events cannot have one number.
"""

from __future__ import annotations

import os
import platform
import secrets
from functools import cache
from pathlib import Path

import msgspec

LEASE_S = 15.0
"""How long a lease lasts; an owner renews it three times as often."""

_CLOCK_STEP_S = 2.0  # process start times are rounded, and the clock may be corrected meanwhile


class Owner(msgspec.Struct, frozen=True):
    """A process that executes a run; `token` tells two runs of one process apart."""

    host: str
    pid: int
    started: float
    token: str

    @classmethod
    def here(cls) -> Owner:
        """This process, with a new token."""
        return cls(_machine(), os.getpid(), _started(os.getpid()) or 0.0, secrets.token_hex(4))

    def written(self) -> str:
        """The owner as the journal keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, written: str) -> Owner:
        """The owner that `written` describes."""
        return msgspec.json.decode(written, type=cls)

    def is_gone(self, lease_until: float, now: float) -> bool:
        """Whether nobody can come back to this lease."""
        if self.host != _machine():
            return now > lease_until
        try:
            started = _started(self.pid)
        except PermissionError:  # a process of somebody else, on a system that hides those
            return now > lease_until
        return started is None or abs(started - self.started) > _CLOCK_STEP_S

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.partition('/')[0]}"


def _started(pid: int) -> float | None:
    """When a process of this machine started, in seconds since the epoch; None if there is no such process.

    Raises:
        PermissionError: the system does not tell us.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied as refused:
        raise PermissionError(str(refused)) from refused


@cache
def _machine() -> str:
    """The host's name with the id of its boot: containers share names, and a reboot ends every process."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    parts = [platform.node()]
    if boot.exists():
        parts.append(boot.read_text().strip())
    if namespace.exists():
        parts.append(os.readlink(namespace))
    return "/".join(parts)
