"""A kernel that runs the cells of one notebook, watched: it answers, dies, or is interrupted, and each is told apart.

1. nbclient does what it is good at: display ids, widgets, the notebook's metadata. Waiting is ours: nbclient looks
   once a second whether the kernel lives, and takes a cancelled task for a dead kernel.
2. Nothing is decided here about a cell that takes too long or that somebody stops: whoever waits for it decides, and
   calls `interrupt`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty
from typing import Any, Final, Protocol, cast

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

from victor_nb.pipelines.kernels.exits import KernelExit
from victor_nb.pipelines.kernels.manager import BatchKernelManager

OUTPUT_SILENCE_S: Final = 10.0
"""A cell that has been answered and whose output has been silent for so long, its end missing, has ended."""

LAST_WORDS_S: Final = 0.05
"""What a kernel sent before it died has come when nothing has come for so long."""


class KernelGone(Exception):
    """The kernel's process has ended."""


class Outputs(Protocol):
    """Where the outputs of cells go."""

    def take(self, cell: int, output: Mapping[str, Any]) -> int | None:
        """Take an output of a cell; return its place, None if it has none."""

    def replace(self, cell: int, place: int, output: Mapping[str, Any]) -> None:
        """Replace an output of any cell."""

    def clear(self, cell: int) -> None:
        """Drop the outputs of a cell."""


class BatchKernel(NotebookClient):
    """Starts a kernel and runs cells in it.

    Args:
        outputs: gets what the cells show; the notebook's own lists are not touched.
    """

    manager: BatchKernelManager

    def __init__(self, notebook: NotebookNode, outputs: Outputs, **options: Any) -> None:
        super().__init__(notebook, **options)
        self._taker = outputs
        # Kept, because nbclient forgets its own when the kernel has ended.
        self.manager = cast(BatchKernelManager, self.create_kernel_manager())
        self._death: asyncio.Task[Any] | None = None
        self._cell_to_clear: int | None = None

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start the kernel and wait until it answers.

        Raises: RuntimeError or OSError, as jupyter_client does, if it does not.
        """
        await self.async_start_new_kernel(env=dict(environment))
        await self.async_start_new_kernel_client()
        assert self.kc is not None
        assert self.manager.provisioner is not None
        self._death = asyncio.ensure_future(self.manager.provisioner.wait())
        reply = await self._reply(self.kc.kernel_info())
        self.nb.metadata["language_info"] = reply["content"]["language_info"]

    @property
    def exit(self) -> KernelExit | None:
        """How the kernel's process ended, where somebody watched it and it has."""
        return self.manager.exit

    @property
    def pid(self) -> int | None:
        """The kernel's process, if it is on this machine."""
        return getattr(self.manager.provisioner, "pid", None)

    async def run_silently(self, code: str, expressions: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Run code, and evaluate expressions, without a trace in the notebook; return the kernel's reply.

        Raises:
            KernelGone: the kernel's process ended.
        """
        assert self.kc is not None
        message = self.kc.execute(
            code,
            silent=True,
            store_history=False,
            stop_on_error=False,
            user_expressions=dict(expressions or {}),
        )
        return await self._or_gone(self._reply(message))

    async def run_cell(self, cell: NotebookNode, index: int) -> dict[str, Any]:
        """Run a cell and return the content of the kernel's reply when all its output has come.

        Raises:
            KernelGone: the kernel's process ended; what it sent before has been taken.
        """
        assert self.kc is not None
        self._cell_to_clear = None
        cell.metadata["execution"] = {}
        message = self.kc.execute(cell.source, stop_on_error=not self.allows_errors(cell))
        reply = asyncio.ensure_future(self._reply(message))
        shown = asyncio.ensure_future(self._take_all(message, cell, index))
        try:
            answer = await self._or_gone(self._answered(reply, shown))
        except KernelGone:
            await self._take_last_words(message, cell, index, shown)
            raise
        finally:
            for task in (reply, shown):
                task.cancel()
        content: dict[str, Any] = answer["content"]
        return content

    def allows_errors(self, cell: NotebookNode) -> bool:
        """Whether a cell may raise, as its tags say."""
        return "raises-exception" in cell.metadata.get("tags", [])

    async def interrupt(self) -> None:
        """Interrupt the cell that runs, as Jupyter's button does."""
        with suppress(RuntimeError):  # it has died
            await self.manager.interrupt_kernel()

    async def close(self, *, at_once: bool = False) -> None:
        """End the kernel; `at_once` where it would not go when asked. May be called at any time, also again."""
        if self._death is not None:
            self._death.cancel()
        if self.km is None:
            return
        self.shutdown_kernel = "immediate" if at_once else "graceful"
        await self._async_cleanup_kernel()
        self.km = None

    # -- messages ------------------------------------------------------------------------------------------------------

    async def _or_gone(self, work: Any) -> dict[str, Any]:
        assert self._death is not None
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self._death), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise KernelGone
            result: dict[str, Any] = task.result()
            return result
        finally:
            task.cancel()

    async def _reply(self, message: str) -> dict[str, Any]:
        assert self.kc is not None
        while True:
            reply: dict[str, Any] = await self.kc.shell_channel.get_msg(timeout=None)
            if reply["parent_header"].get("msg_id") == message:
                return reply

    async def _answered(self, reply: asyncio.Future[dict[str, Any]], shown: asyncio.Future[None]) -> dict[str, Any]:
        answer = await reply
        # The end of the output comes over another socket, and may be lost where too much came over it.
        while not shown.done():
            before = self._received
            await asyncio.wait((shown,), timeout=OUTPUT_SILENCE_S)
            if self._received == before and not shown.done():
                self.log.warning("The end of a cell's output did not come")
                break
        else:
            shown.result()
        return answer

    _received = 0

    async def _take_all(self, message: str, cell: NotebookNode, index: int) -> None:
        assert self.kc is not None
        while True:
            if self._is_end(await self.kc.iopub_channel.get_msg(timeout=None), message, cell, index):
                return

    async def _take_last_words(self, message: str, cell: NotebookNode, index: int, shown: asyncio.Future[None]) -> None:
        shown.cancel()
        assert self.kc is not None
        with suppress(Empty):
            while True:
                self._is_end(await self.kc.iopub_channel.get_msg(timeout=LAST_WORDS_S), message, cell, index)

    def _is_end(self, message: dict[str, Any], request: str, cell: NotebookNode, index: int) -> bool:
        self._received += 1
        if message["parent_header"].get("msg_id") != request:
            return False
        try:
            self.process_message(message, cell, index)
        except CellExecutionComplete:
            return True
        return False

    # -- nbclient's hooks for outputs ----------------------------------------------------------------------------------

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Hand an output on, unless a widget takes it."""
        if self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            super().output(outs, msg, display_id, cell_index)
            return None
        if self._cell_to_clear == cell_index:
            self._cell_to_clear = None
            self._clear(cell_index)
        try:
            output: NotebookNode = output_from_msg(msg)
        except ValueError:
            return None
        place = self._taker.take(cell_index, output)
        if display_id and place is not None:
            self._display_id_map.setdefault(display_id, {}).setdefault(cell_index, []).append(place)
        return output

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Clear a cell's outputs, at once or before the next."""
        if self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            super().clear_output(outs, msg, cell_index)
        elif msg["content"].get("wait"):
            self._cell_to_clear = cell_index
        else:
            self._clear(cell_index)

    def _clear(self, cell_index: int) -> None:
        self._taker.clear(cell_index)
        self.clear_display_id_mapping(cell_index)

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        if display_id not in self._display_id_map:
            return
        shown = {"data": msg["content"]["data"], "metadata": msg["content"]["metadata"]}
        for cell_index, places in self._display_id_map[display_id].items():
            for place in places:
                self._taker.replace(cell_index, place, shown)
