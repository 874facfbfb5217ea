"""Snapshots of a notebook's variables at cell ends: where a later attempt begins, instead of at the top.

1. A snapshot counts only for the same beginning: every cell before it, injected parameters included, reads as it did.
2. Taking them costs a tenth of the time at most; what is done since the last one is done again.
3. Where variables cannot be kept, the cells run again, and it is said why.

Snapshots are pickles. They are read by later attempts at the same notebook only, from the folder beside its output.
"""

from __future__ import annotations

import ast
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from papermill.execute import remove_error_markers

from victor_nb.pipelines.executing.notebook_files import InvalidNotebook, write_whole
from victor_nb.pipelines.executing.recorder import is_executed
from victor_nb.pipelines.executing.saving import recovered

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from victor_nb.pipelines.executing.batch_kernel import BatchKernel

SHARE: Final = 10
"""Snapshots may take one part in so many of the time that cells take."""

SHORTEST_S: Final = 0.5
"""Cells that take less than this together are quicker run again."""

NONE_KEPT: Final = "there is no snapshot of its variables"

_INDEX: Final = "snapshot.json"
_MODULE: Final = "__import__('victor_nb.pipelines.executing.namespace', fromlist=['keep'])"
_EARLIER_OUTPUT: Final = re.compile(r"Out|In|_{1,3}|_i*\d+")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where to begin.

    Attributes:
        cells: so many cells need not be run.
        count: the execution count of the last of them.
        file: holds the variables.
        earlier: the notebook of the attempt that ran them.
    """

    cells: int
    count: int
    file: Path
    earlier: NotebookNode


class Snapshots:
    """Takes snapshots while a notebook runs.

    Args:
        folder: beside the executed notebook.
    """

    def __init__(self, folder: Path, notebook: NotebookNode, kernel: str) -> None:
        self.refused = ""
        self._folder, self._notebook, self._kernel = folder, notebook, kernel
        self._since_s = self._took_s = 0.0

    def find(self, output: str) -> Snapshot | str:
        """Return the snapshot that an earlier attempt left, or why there is none to begin at."""
        try:
            index = json.loads((self._folder / _INDEX).read_text(encoding="utf-8"))
            file = self._folder / index["file"]
            earlier = recovered(output)
            earlier = remove_error_markers(earlier) if earlier is not None else None
        except (OSError, ValueError, KeyError, InvalidNotebook):
            return NONE_KEPT
        if earlier is None or not file.exists():
            return NONE_KEPT
        cells = int(index["cells"])
        if index["kernel"] != self._kernel:
            return f"its kernel was {index['kernel']!r}"
        for number, (then, now) in enumerate(zip(index["keys"], self._keys(cells), strict=False), 1):
            if then != now:
                return f"cell {number} was another one"
        if cells >= len(self._notebook.cells):
            return "its cells are fewer than they were"
        if used := self._earlier_output_used_after(cells):
            return f"cell {used} uses what earlier cells showed (_, In or Out)"
        return Snapshot(cells, int(index["count"]), file, earlier)

    async def restore(self, snapshot: Snapshot, kernel: BatchKernel) -> str:
        """Bring the variables back into a kernel; return why that did not work, "" if it did."""
        reply = await kernel.run_silently(f"{_MODULE}.bring_back({str(snapshot.file)!r}, {snapshot.count})")
        content = reply["content"]
        return "" if content["status"] == "ok" else f"{content.get('ename')}: {content.get('evalue')}"

    async def keep_if_due(self, kernel: BatchKernel, index: int, seconds: float) -> None:
        """Take a snapshot after a cell that took `seconds`, if that is worth it by now."""
        self._since_s += seconds
        if self._since_s < max(SHORTEST_S, SHARE * self._took_s):
            return
        began = time.monotonic()
        file = self._folder / f"snapshot-{index + 1}.pickle"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.refused = await self._keep(kernel, file)
        if not self.refused:
            self._point_at(file, index)
        self._took_s, self._since_s = time.monotonic() - began, 0.0

    def remove(self) -> None:
        """Remove all snapshots."""
        for file in self._folder.glob("snapshot*"):
            file.unlink(missing_ok=True)

    async def _keep(self, kernel: BatchKernel, file: Path) -> str:
        reply = await kernel.run_silently("", {"why": f"{_MODULE}.keep({str(file)!r})"})
        why: dict[str, Any] = reply["content"].get("user_expressions", {}).get("why", {"status": "error"})
        if why["status"] != "ok":
            return f"{why.get('ename', 'the kernel')}: {why.get('evalue', 'does not answer')}"
        text: str = why["data"]["text/plain"]
        return text.strip("'\"")

    def _point_at(self, file: Path, index: int) -> None:
        count = max(cell.get("execution_count") or 0 for cell in self._notebook.cells[: index + 1])
        about = {
            "file": file.name,
            "cells": index + 1,
            "count": count,
            "kernel": self._kernel,
            "keys": self._keys(index + 1),
        }
        with suppress(OSError):  # the disk is full: the last snapshot stays
            write_whole(self._folder / _INDEX, [json.dumps(about).encode()])
            for older in self._folder.glob("snapshot-*.pickle"):
                if older != file:
                    older.unlink(missing_ok=True)

    def _keys(self, cells: int) -> list[str]:
        return [_key(cell) for cell in self._notebook.cells[:cells]]

    def _earlier_output_used_after(self, cells: int) -> int | None:
        for number, cell in enumerate(self._notebook.cells[cells:], cells + 1):
            if is_executed(cell) and _uses_earlier_output(cell.source):
                return number
        return None


def _uses_earlier_output(source: str) -> bool:
    try:
        names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    except SyntaxError:  # magics: whether they do is not known, and most do not
        return False
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return any(_EARLIER_OUTPUT.fullmatch(name.id) for name in names if name.id not in bound)


def _key(cell: NotebookNode) -> str:
    # Only what is executed counts: a word of Markdown changes no variable.
    text = cell.source if is_executed(cell) else ""
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
