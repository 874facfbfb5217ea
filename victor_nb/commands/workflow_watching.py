"""Running a workflow under the face's display.

Its agents ask the person that the face offers, and its questions can be answered where the display is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from victor_nb.agents.approvals import STANDING
from victor_nb.commands.asking import approver_for
from victor_nb.commands.session import EventSink, Session
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.config import Settings
from victor_nb.workflows import Workflow, WorkflowResult


async def watched(
    session: Session, settings: Settings, workflow: Workflow, given: Any, options: Mapping[str, Any]
) -> WorkflowAnswer:
    """Run a workflow, or go on with it; `options` are those of `Workflow.run`.

    If it waits for an answer in the end, the display stays as long as somebody can give one there.
    """
    with session.watch() as watch:
        result = await _run(session, settings, workflow, given, {**options, "on_event": watch})
        if result.status == "waiting":

            async def go_on(watch: EventSink) -> bool:
                onward = {**options, "run_id": result.run_id, "on_event": watch}
                with ended_with(session):
                    return (await _run(session, settings, workflow, None, onward)).status == "waiting"

            await session.keep_open(go_on)
    session.run_ids.append(result.run_id)
    return WorkflowAnswer(result)


async def _run(
    session: Session, settings: Settings, workflow: Workflow, given: Any, options: Mapping[str, Any]
) -> WorkflowResult[Any]:
    with asking_the_person_of(session, settings):
        return await workflow.run(given, **options)


@contextmanager
def ended_with(session: Session) -> Iterator[None]:
    """Have the work at hand be ended when the session ends."""
    tasks = {task for task in (asyncio.current_task(),) if task is not None}
    session.tasks |= tasks
    try:
        yield
    finally:
        session.tasks -= tasks


@contextmanager
def asking_the_person_of(session: Session, settings: Settings) -> Iterator[None]:
    """Have agents inside ask whoever the face offers."""
    token = STANDING.set(approver_for(session, settings))
    try:
        yield
    finally:
        STANDING.reset(token)
