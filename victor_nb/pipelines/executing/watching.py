"""A kernel seen from outside while it works: processor, memory, silence.

1. What is seen is told to whoever watches live, once a second at most, and kept nowhere but the peak.
2. Nothing here ends anything: a silent cell may be training a model.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from victor_nb.pipelines.executing.recorder import Recorder

PAUSE_S: Final = 1.0


class Watcher:
    """Looks at a kernel once a second.

    Args:
        pid: of the kernel's process; None where it is not on this machine.
        quiet_s: a cell that has shown nothing for so long is told of, and again each time that long has passed.
    """

    def __init__(self, recorder: Recorder, pid: int | None, quiet_s: float | None) -> None:
        self.peak_bytes = 0
        self._recorder, self._quiet_s = recorder, quiet_s
        self._seen = _Processes(pid) if pid is not None else None
        self._told_at = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            if self._seen is not None:
                self._sample(*await asyncio.to_thread(self._seen.sample))
            self._listen()
            await asyncio.to_thread(self._recorder.file.sync)
            self._recorder.save()

    def _sample(self, cpu_percent: float, memory_bytes: int, processes: int) -> None:
        if processes:
            self.peak_bytes = max(self.peak_bytes, memory_bytes)
            self._recorder.tell(
                "kernel.sample", {"cpu_percent": cpu_percent, "memory_bytes": memory_bytes, "processes": processes}
            )

    def _listen(self) -> None:
        cell, last = self._recorder.running, max(self._recorder.last_output_at, self._told_at)
        if cell is None or self._quiet_s is None or time.monotonic() - last < self._quiet_s:
            return
        self._told_at = time.monotonic()
        silence = self._told_at - self._recorder.last_output_at
        self._recorder.tell("cell.quiet", self._recorder.about(cell, seconds=silence))


class _Processes:
    """A process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._pid = pid

    def sample(self) -> tuple[float, int, int]:
        """Return processor time since the last sample in percent of one processor, memory, and how many they are."""
        cpu, memory, count = 0.0, 0, 0
        for process in self._family():
            try:
                cpu += process.cpu_percent()
                memory += process.memory_info().rss
                count += 1
            except psutil.Error:
                self._known.pop(process.pid, None)
        return round(cpu, 1), memory, count

    def _family(self) -> list[psutil.Process]:
        try:
            first = self._known.setdefault(self._pid, psutil.Process(self._pid))
            return [first, *(self._known.setdefault(child.pid, child) for child in first.children(recursive=True))]
        except psutil.Error:
            return []
