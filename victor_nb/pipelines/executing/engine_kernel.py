"""The kernel of an engine that somebody else wrote: ours, where the engine takes a class of kernel managers.

1. papermill's own engine and what is derived from it hand `kernel_manager_class` on to nbclient. Their kernels have the
   folder and the variables that were asked for, are observed, interrupted and ended like any other.
2. Whether an engine did start such a kernel is seen when its first cell begins, and not taken for granted before.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Final

from papermill.engines import Engine, NBClientEngine

from victor_nb.pipelines.kernels import BatchKernelManager, Kernels, kernel_manager_class
from victor_nb.pipelines.kernels.exits import KernelExit

if TYPE_CHECKING:
    from victor_nb.pipelines.kernels.errors import KernelDied

ANSWER_S: Final = 30.0
"""A kernel that has just started answers within so long."""


def takes_kernels(engine: type[Engine]) -> bool:
    """Whether an engine starts its kernel with the manager that it is handed."""
    return issubclass(engine, NBClientEngine)


class EngineKernel:
    """The kernel that an engine starts, if it starts the one that it is handed.

    Args:
        environment: all of its variables.
    """

    def __init__(
        self, notebook: Mapping[str, object], kernels: Kernels, environment: Mapping[str, str], cwd: Path
    ) -> None:
        self._started: list[BatchKernelManager] = []
        self.manager_class = kernel_manager_class(
            notebook, kernels=kernels, starts_with={"env": dict(environment), "cwd": str(cwd)}, started=self._started
        )

    @property
    def manager(self) -> BatchKernelManager | None:
        """Its manager; None as long as the engine has not started it."""
        return self._started[-1] if self._started else None

    @property
    def exit(self) -> KernelExit | None:
        """How its process ended, if it did."""
        return None if self.manager is None else self.manager.exit

    def death(self, where: str) -> KernelDied | None:
        """Return the error that says how it died; None if nobody saw it."""
        return None if self.manager is None or self.manager.exit is None else self.manager.death(where)

    def run_silently(self, code: str) -> None:
        """Run code without a trace in the notebook; called in the engine's thread, before its first cell."""
        assert self.manager is not None
        client = self.manager.blocking_client()
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        try:
            request = client.execute(code, silent=True, store_history=False)
            with suppress(Empty):
                while client.get_shell_msg(timeout=ANSWER_S)["parent_header"].get("msg_id") != request:
                    continue
        finally:
            client.stop_channels()

    async def interrupt(self) -> None:
        """Interrupt the cell that runs, where a signal does that."""
        spec = None if self.manager is None else self.manager.kernel_spec
        if spec is not None and spec.interrupt_mode == "signal":
            await self._signal(signal.SIGINT)

    async def kill(self) -> None:
        """End it; the engine will find it dead."""
        await self._signal(signal.SIGKILL)

    async def _signal(self, number: int) -> None:
        if self.manager is not None and self.manager.provisioner is not None:
            with suppress(OSError):  # it has ended meanwhile
                await self.manager.provisioner.send_signal(number)
