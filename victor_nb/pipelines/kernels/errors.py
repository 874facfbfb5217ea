"""What can go wrong with a kernel that a user can do something about."""

from __future__ import annotations

from victor_nb.errors import VictorError
from victor_nb.pipelines.kernels.exits import KernelExit


class KernelDied(VictorError):
    """A kernel's process ended while its notebook was still to be run."""

    @classmethod
    def because(cls, end: KernelExit, where: str = "") -> KernelDied:
        """Build the error for a known end; `where` names notebook and cell."""
        return cls(f"the kernel died: {end}", where, _next(end))

    @classmethod
    def unknown(cls, where: str = "") -> KernelDied:
        """Build the error for a kernel whose process nobody of ours watched."""
        return cls("the kernel died; nobody saw how", where, "run the notebook again; its outputs so far are kept")


class UnknownKernels(VictorError):
    """Kernels are asked for in a way that does not exist."""


def _next(end: KernelExit) -> str:
    if end.is_out_of_memory or (end.signal_name == "SIGKILL" and not end.asked):
        return (
            "let the cell hold less at once, run fewer notebooks side by side (--workers), or give the machine memory"
        )
    if end.signal_name and not end.asked:
        return "run the cell alone with kernels='cold'; if it fails there too, the library it calls is at fault"
    if end.asked:
        return "run the notebook again"
    return "look for exit(), os._exit() or a library that ends the process in the cell"
