"""The child process of `kill_and_resume`: runs a program on a journal that kills it at the chosen moment.

Started as `python -m victor_nb.testing.stage PLAN`; the plan is the JSON that `killing` writes.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

from victor_nb.journal import RunInfo, Status, open_journal
from victor_nb.journal.rows import Row
from victor_nb.journal.store import Store
from victor_nb.testing.killing import MARKS, KillPoint, Program


class Executioner:
    """Counts what happens, and ends this process at the kill point.

    Args:
        note: a file that is made just before, so that the parent can tell this kill from any other end.
    """

    def __init__(self, point: KillPoint | None, note: Path) -> None:
        self._point, self._note, self._seen = point, note, 0

    def sees(self, moment: str, what: str, name: str = "") -> None:
        """Something happens now; this may be the last thing that this process does."""
        point = self._point
        if point is None or (moment, what) != (point.moment, point.what) or point.name not in ("", name):
            return
        self._seen += 1
        if self._seen == point.nth:
            self._note.touch()
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows both end it at once


class WatchedStore:
    """A store that tells an executioner before and after each event that it keeps."""

    def __init__(self, store: Store, executioner: Executioner) -> None:
        self._store, self._executioner = store, executioner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        """Make the run, watched."""
        self._tell("before", rows)
        self._store.create_run(info, key, rows, blobs)
        self._tell("after", rows)

    def append(
        self,
        run_id: str,
        rows: Sequence[Row],
        blobs: Mapping[str, bytes],
        *,
        status: Status | None = None,
        power_safe: bool = False,
    ) -> None:
        """Add events, watched."""
        self._tell("before", rows)
        self._store.append(run_id, rows, blobs, status=status, power_safe=power_safe)
        self._tell("after", rows)

    def _tell(self, moment: str, rows: Sequence[Row]) -> None:
        for row in rows:
            self._executioner.sees(moment, row.type, json.loads(row.raw).get("name", ""))


_executioner: Executioner | None = None


def mark_left(mark: str) -> None:
    """Write a mark down, then see whether it was the last."""
    with open(os.environ[MARKS], "a", encoding="utf-8") as marks:
        marks.write(f"{json.dumps(mark)}\n")
    if _executioner is not None:
        _executioner.sees("mark", mark)


def main(plan: Mapping[str, Any]) -> None:
    """Run the program of the plan, on the plan's journal, up to the plan's kill point."""
    global _executioner
    point = KillPoint(plan["moment"], plan["what"], plan["name"], plan["nth"]) if "moment" in plan else None
    _executioner = Executioner(point, Path(plan["kill_note"]))
    with open_journal(plan["url"]) as journal:
        journal.store = WatchedStore(journal.store, _executioner)
        ends = _program(plan)(journal, plan["run_id"] or None)
        if inspect.isawaitable(ends):
            asyncio.run(_awaited(ends))


def _program(plan: Mapping[str, Any]) -> Program:
    if "file" in plan:
        found: Program = runpy.run_path(plan["file"])["main"]
    else:
        found = attrgetter(plan["function"])(import_module(plan["module"]))
    return found


async def _awaited(work: Any) -> None:
    await work


if __name__ == "__main__":
    from victor_nb.testing import stage  # the module that `leave_mark` finds is not this one, `__main__`

    stage.main(json.loads(sys.argv[1]))
