"""A kernel client that knows when the kernel is ready, instead of waiting for silence.

jupyter_client waits until nothing has come for 0.2 s. The kernel says more: each request is followed by its own "idle"
on the output channel, and nothing older can come after it.
"""

from __future__ import annotations

import asyncio
import time
from queue import Empty

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

RECONNECT_MS = 5  # zmq's own 100 ms would be the longest part of a start
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 1.0


def quick_context() -> zmq.asyncio.Context:
    """Return a context whose sockets connect at once and take whatever comes."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    # A kernel drops outputs when a thousand of them wait to be received: with us, none wait.
    context.setsockopt(zmq.RCVHWM, 0)
    return context


class BatchKernelClient(AsyncKernelClient):
    """Connects without blind waits, and without a heartbeat: the kernel's process is watched itself."""

    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return quick_context()

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = False, control: bool = True
    ) -> None:
        """Connect; the heartbeat, a thread of its own, only when asked for."""
        super().start_channels(shell=shell, iopub=iopub, stdin=stdin, hb=hb, control=control)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel answers and its output is received, nothing older than this call among it.

        Raises: RuntimeError, as jupyter_client does, if the kernel ends or does not answer within `timeout` seconds.
        """
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        pause = FIRST_PAUSE_S
        while True:
            request = self.kernel_info()
            reply = await self._answer(request, deadline)
            if await self._is_idle_after(request, pause):
                self._handle_kernel_info_reply(reply)
                return
            pause = min(pause * 2, LONGEST_PAUSE_S)  # the output channel was not connected yet: ask again

    wait_for_ready = _async_wait_for_ready

    async def _answer(self, request: str, deadline: float) -> dict[str, object]:
        while True:
            waiting = asyncio.ensure_future(self.get_shell_msg(timeout=LONGEST_PAUSE_S))
            try:
                reply: dict[str, object] = await waiting
            except Empty:
                pass
            else:
                if _request_of(reply) == request:
                    return reply
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError("Kernel didn't respond in time")

    async def _is_idle_after(self, request: str, pause_s: float) -> bool:
        while True:
            try:
                message = await self.get_iopub_msg(timeout=pause_s)
            except Empty:
                return False
            if message["content"].get("execution_state") == "idle" and _request_of(message) == request:
                return True


def _request_of(message: dict[str, object]) -> object:
    parent = message["parent_header"]
    return parent.get("msg_id") if isinstance(parent, dict) else None
