"""Going on with a workflow's run: what `victor resume` does where the run is no agent's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.commands.run_answers import answer_of
from victor_nb.commands.session import Session
from victor_nb.commands.workflow_finding import of_run
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.commands.workflow_watching import watched_workflow
from victor_nb.config import Settings
from victor_nb.journal import RunInfo
from victor_nb.workflows import WorkflowRun


async def resumed(session: Session, settings: Settings, info: RunInfo, flags: Mapping[str, Any]) -> WorkflowAnswer:
    """Go on with an unfinished run.

    Raises:
        UsageError: its workflow is not here, or it waits and no answer was given.
        GraphChanged: its graph is another one now.
    """
    journal = session.journal(settings)
    workflow = of_run(session, journal, info.run_id, flags["workflow"])
    options: dict[str, Any] = {"journal": journal, "run_id": info.run_id, "on_doubt": settings.on_doubt}
    if flags["accept_changes"]:
        options["accept_changes"] = True
    if flags["max_steps"] is not None:
        options["max_steps"] = flags["max_steps"]
    answer = answer_of(WorkflowRun(journal, info.run_id, workflow).interrupts, info.run_id, flags["answer"])
    return await watched_workflow(session, settings, workflow, answer, options)
