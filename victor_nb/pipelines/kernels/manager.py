"""The kernel manager that papermill and nbclient use unchanged: `kernel_manager_class(notebook)`.

1. Sockets are files in a private folder, not ports: nothing to clash over and nothing that others can read. Kernels
   of other languages keep their ports.
2. A kernelspec that names a provisioner of its own keeps it.
3. An idle kernel is not interrupted before it is shut down; one that does not go is, and is ended after that.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager
from traitlets import DottedObjectName, Type, default

from victor_nb.errors import nearest
from victor_nb.pipelines.kernels.client import BatchKernelClient, quick_context
from victor_nb.pipelines.kernels.errors import KernelDied, UnknownKernels
from victor_nb.pipelines.kernels.exits import KernelExit
from victor_nb.pipelines.kernels.guardian import remove_folder
from victor_nb.pipelines.kernels.pool import PoolProvisioner
from victor_nb.pipelines.kernels.provisioner import ColdProvisioner, ForkProvisioner, python_kernel
from victor_nb.pipelines.kernels.static_imports import Import, notebook_imports

Kernels = Literal["warm", "cold"]

POLITE_S = 0.25  # an idle kernel is gone by then; a busy one needs the interrupt
LONGEST_SOCKET_PATH = 100  # the system's limit is 104 to 108 characters


class BatchKernelManager(AsyncKernelManager):
    """Starts kernels that run a notebook from its top to its end with nobody watching."""

    provisioner_class: ClassVar[type[ColdProvisioner]] = ColdProvisioner
    imports: ClassVar[tuple[Import, ...]] = ()
    starts_with: ClassVar[Mapping[str, Any]] = {}
    started: ClassVar[list[BatchKernelManager] | None] = None

    client_class = DottedObjectName("victor_nb.pipelines.kernels.client.BatchKernelClient", config=True)
    client_factory = Type(BatchKernelClient, klass="jupyter_client.client.KernelClient", config=True)
    scratch = ""

    @property
    def exit(self) -> KernelExit | None:
        """How the kernel ended; None while it lives, and where nobody watched its process."""
        return getattr(self.provisioner, "exit", None)

    @property
    def how(self) -> str:
        """How the kernel was started: "forked", "pool", "cold" or "unguarded"."""
        return str(getattr(self.provisioner, "how", "unguarded"))

    @property
    def fallback(self) -> str:
        """Why the kernel did not start as fast as it could have; the empty string if it did."""
        return str(getattr(self.provisioner, "fallback", ""))

    def death(self, where: str = "") -> KernelDied:
        """Return the error to raise for a kernel that died; `where` names notebook and cell."""
        return KernelDied.unknown(where) if self.exit is None else KernelDied.because(self.exit, where)

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return quick_context()

    async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:
        kw = {**self.starts_with, **kw}
        if self.started is not None:
            self.started.append(self)
        self._prepare_sockets()
        if self.provisioner is None and not _has_own_provisioner(self.kernel_spec):
            self.kernel_id = self.kernel_id or str(kw.pop("kernel_id", None) or _new_id())
            self.provisioner = self.provisioner_class(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel

    def _prepare_sockets(self) -> None:
        if self.scratch:
            Path(self.scratch).mkdir(mode=0o700, exist_ok=True)  # a restart: the guardian removed it
        elif _speaks_over_files(self.kernel_spec):
            self.scratch = tempfile.mkdtemp(prefix="victor-kernel-")
            if len(self.scratch) > LONGEST_SOCKET_PATH - len("/kernel-ipc-0"):
                remove_folder(self.scratch)
                self.scratch = ""
                return
            self.transport = "ipc"
            self.connection_file = str(Path(self.scratch, "kernel.json"))
            self.ip = str(Path(self.scratch, "kernel-ipc"))

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    interrupt_kernel = _async_interrupt_kernel

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        if self.provisioner is not None and self.has_kernel:
            await self.provisioner.wait()

    async def _async_finish_shutdown(
        self, waittime: float | None = None, pollinterval: float = 0.1, restart: bool = False
    ) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._async_wait(), POLITE_S)
        if self.has_kernel:
            await self._async_signal_kernel(signal.SIGINT)
            await super()._async_finish_shutdown(waittime, pollinterval, restart)

    finish_shutdown = _async_finish_shutdown

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self.scratch and not restart:
            remove_folder(self.scratch)

    cleanup_resources = _async_cleanup_resources


def kernel_manager_class(
    notebook: Mapping[str, object] | None = None,
    *,
    kernels: Kernels = "warm",
    starts_with: Mapping[str, object] | None = None,
    started: list[BatchKernelManager] | None = None,
) -> type[BatchKernelManager]:
    """Return the class to give to papermill or nbclient as `kernel_manager_class`.

    Args:
        notebook: as nbformat or JSON gives it; what it imports is imported ahead. None imports nothing ahead.
        kernels: "warm" forks kernels on Linux and keeps one started ahead elsewhere; "cold" starts each anew.
        starts_with: arguments for `start_kernel` (env, cwd) where whoever calls it gives none.
        started: managers of this class are added to it when they start a kernel.

    Raises: UnknownKernels for another word.
    """
    if kernels not in get_args(Kernels):
        raise UnknownKernels(
            f"there are no kernels {kernels!r}.{nearest(str(kernels), get_args(Kernels))}",
            hint="kernels is 'warm' or 'cold'",
        )
    imports = notebook_imports(notebook) if notebook is not None and kernels == "warm" else ()
    own = {
        "provisioner_class": _provisioner(kernels),
        "imports": imports,
        "starts_with": dict(starts_with or {}),
        "started": started,
    }
    return type("BatchKernelManager", (BatchKernelManager,), own)


def _provisioner(kernels: Kernels) -> type[ColdProvisioner]:
    if kernels == "cold":
        return ColdProvisioner
    return ForkProvisioner if sys.platform == "linux" else PoolProvisioner


def _has_own_provisioner(spec: Any) -> bool:
    return bool(spec is not None and spec.metadata.get("kernel_provisioner"))


def _speaks_over_files(spec: Any) -> bool:
    if sys.platform == "win32" or spec is None or _has_own_provisioner(spec):
        return False
    command = [sys.executable if spec.argv[0].startswith("python") else spec.argv[0], *spec.argv[1:]]
    return python_kernel(command) is not None


def _new_id() -> str:
    import uuid

    return str(uuid.uuid4())
