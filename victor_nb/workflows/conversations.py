"""Conversations: runs of one thread, each of which goes on with the state that the one before it left.

Which run was the thread's last is kept in the journal's long-term store; the state itself is only in the runs.
"""

from __future__ import annotations

from typing import Final

from victor_nb.journal import Journal
from victor_nb.workflows.memory import Memory

ROOM: Final = "threads"
_AT_ONCE: Final = 500


def last_of_thread(journal: Journal, workflow: str, thread: str) -> str:
    """Return the id of the run that a thread's next run goes on with; "" for its first."""
    found = Memory(journal, room=ROOM).get((workflow,), thread)
    return str(found.value["run"]) if found is not None else ""


def note_end_of_thread(journal: Journal, workflow: str, thread: str, run_id: str) -> None:
    """Have the thread's next run go on with this one."""
    Memory(journal, room=ROOM).put((workflow,), thread, {"run": run_id}, index=False)


def ends_of_threads(journal: Journal) -> list[str]:
    """Return the ids of all runs that the next run of a thread goes on with."""
    memory, found = Memory(journal, room=ROOM), list[str]()
    while items := memory.search((), limit=_AT_ONCE, offset=len(found)):
        found += [str(item.value["run"]) for item in items]
    return found
