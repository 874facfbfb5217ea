"""Running a workflow under the face's display, or going on with it."""

from __future__ import annotations

from typing import Any

from victor_nb.commands.session import Session
from victor_nb.commands.watching import watched
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.config import Settings
from victor_nb.workflows import Workflow


async def watched_workflow(
    session: Session, settings: Settings, workflow: Workflow, given: Any, options: dict[str, Any]
) -> WorkflowAnswer:
    """Give the answer of a run; `options` are those of `Workflow.run`, and their journal is named."""
    result = await watched(
        session,
        settings,
        options["journal"],
        lambda show: workflow.run(given, **options, on_event=show),
        lambda run_id, show: workflow.run(None, **{**options, "run_id": run_id, "on_event": show}),
    )
    return WorkflowAnswer(result)
