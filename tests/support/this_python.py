"""A kernel of the interpreter that runs the tests, whatever kernels are installed."""

from __future__ import annotations

import sys

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


class ThisPython(AsyncKernelManager):
    """Starts kernels of this very interpreter."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The one kernel that it knows."""
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
