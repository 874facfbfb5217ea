"""Time travel: the history of a run, its state at any point, forks and differences."""

from __future__ import annotations

from ..journal import Journal


class WorkflowRun:
    """A run of a workflow as its journal tells it; needs no code of the workflow."""

    def __init__(self, journal: Journal, run_id: str) -> None:
        self.journal, self.id = journal, run_id
