"""Conversations: runs of one thread, each of which goes on with the state that the one before it left.

Which run was the thread's last is kept in the journal's long-term store; the state itself is only in the runs.
"""

from __future__ import annotations

from typing import Final

from ..journal import Journal
from .memory import Memory

ROOM: Final = "threads"


def last_of_thread(journal: Journal, workflow: str, thread: str) -> str:
    """Return the id of the run that a thread's next run goes on with; "" for its first."""
    found = Memory(journal, room=ROOM).get((workflow,), thread)
    return str(found.value["run"]) if found is not None else ""


def note_end_of_thread(journal: Journal, workflow: str, thread: str, run_id: str) -> None:
    """Have the thread's next run go on with this one."""
    Memory(journal, room=ROOM).put((workflow,), thread, {"run": run_id}, index=False)
