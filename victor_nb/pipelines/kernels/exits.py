"""How a kernel ended, in words.

1. An exit status is told as its meaning: a signal by its name, a kill for want of memory as that.
2. What we do not know is said as a guess: nobody else can see whether a person or the system sent SIGKILL.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KernelExit:
    """The end of a kernel's process.

    Args:
        status: its exit status; a signal's number, negative, if a signal ended it.
        asked: whether we sent the signal.
        memory_kills: how many processes the system killed for want of memory while the kernel lived.
        peak_bytes: the most memory it held at once; 0 if nobody counted.
        cpu_s: processor time it and its finished children used; 0 if nobody counted.
    """

    status: int
    asked: bool = False
    memory_kills: int = 0
    peak_bytes: int = 0
    cpu_s: float = 0.0

    @property
    def signal_name(self) -> str:
        """Such as "SIGKILL"; empty if no signal ended it."""
        if self.status >= 0:
            return ""
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"

    @property
    def is_out_of_memory(self) -> bool:
        """Whether the system killed it for want of memory: SIGKILL, not ours, and its counter rose."""
        return self.signal_name == "SIGKILL" and not self.asked and self.memory_kills > 0

    def __str__(self) -> str:
        held = f"; it held up to {self.peak_bytes // MIB:,} MiB" if self.peak_bytes else ""
        return self._how() + held

    def _how(self) -> str:
        if self.asked:
            return f"it was stopped with {self.signal_name}" if self.signal_name else "it was stopped"
        if self.is_out_of_memory:
            return "the system killed it because memory ran out (SIGKILL)"
        if self.signal_name == "SIGKILL":
            return "SIGKILL ended it, sent by a person or by the system, which does so when memory runs out"
        if self.signal_name:
            return f"{self.signal_name} ended it{_MEANINGS.get(self.signal_name, '')}"
        return f"it exited by itself with status {self.status}"


_MEANINGS = {
    "SIGSEGV": ": compiled code reached for memory that is not its own",
    "SIGBUS": ": compiled code reached for memory that is not there, or a mapped file shrank or found the disk full",
    "SIGABRT": ": compiled code gave up, often after an error of its own",
    "SIGFPE": ": compiled code divided by zero",
    "SIGILL": ": compiled code is for another processor",
}
