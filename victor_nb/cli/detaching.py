"""`--background` in a terminal: the same words in a process of its own, which outlives this one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from victor_nb.errors import VictorError

_RUN = re.compile(r"^run (\S+)$", re.MULTILINE)
_POLL_S = 0.05
LONGEST_START_S = 60.0


class NotStarted(VictorError):
    """The process in the background ended, or hung, before its run had an id."""


def detached(words: Sequence[str], folder: Path, longest_s: float = LONGEST_START_S) -> str:
    """Start `victor` with these words in the background and return its run's id.

    What it prints goes to a file in `folder`. Nobody can be asked there: calls that need approval wait for
    `victor approve`, or follow the policy.

    Raises: NotStarted with what it had printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "victor_nb.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            **_on_its_own(),
        )
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        if found := _RUN.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(_POLL_S)
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    process.poll()
    found = _RUN.search(said)
    if found:
        return found[1]
    raise NotStarted(f"the run in the background did not start: {said[-500:] or 'it said nothing'}", str(log))


def _on_its_own() -> dict[str, Any]:
    """Return what keeps the child alive when this terminal closes."""
    if os.name == "nt":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
    return {"start_new_session": True}
