"""What a projection counts: the words for it, and their numbers."""

from __future__ import annotations

from typing import Final

STATUSES: Final = ("running", "finished", "failed", "stopped")
FAMILIES: Final = ("model", "tool", "other")
"""Steps are kept apart by what is asked of them: requests to models, calls of tools, and everything else."""

MARKS: Final = {
    "run.finished": "finished",
    "run.failed": "failed",
    "run.stopped": "stopped",
    "run.resumed": "restore",
    "run.forked": "restore",
    "notebook.restored": "restore",
    "state.snapshot": "save",
    "state.edited": "transition",
    "state.updated": "transition",
    "node.retried": "retry",
    "node.why": "miss",
    "approval.requested": "asked",
    "interrupt.requested": "asked",
}
"""Events that are counted by themselves, and as what."""

MARK_NAMES: Final = tuple(dict.fromkeys(MARKS.values()))

_FAMILY: Final = {"model": "model", "tool": "tool"}


class Numbering(dict[tuple[str, str], int]):
    """Gives each pair of words the next number when it is first asked for."""

    def __missing__(self, words: tuple[str, str]) -> int:
        self[words] = len(self)
        return self[words]


def family_of(kind: str) -> str:
    """Return the family of a step's kind."""
    return _FAMILY.get(kind, "other")
