"""Going on with a workflow's run: what `victor resume` does where the run is no agent's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from victor_nb.commands.session import Session
from victor_nb.commands.workflow_finding import of_run
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.commands.workflow_values import value
from victor_nb.commands.workflow_watching import watched
from victor_nb.config import Settings
from victor_nb.errors import UsageError
from victor_nb.journal import RunInfo
from victor_nb.workflows import Command, WorkflowRun


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
    answer = _answer(WorkflowRun(journal, info.run_id, workflow), flags["answer"])
    return await watched(session, settings, workflow, answer, options)


def _answer(run: WorkflowRun, given: tuple[str, ...]) -> Command | None:
    """What is answered: one value, or `ID=VALUE` for each question."""
    asked = {one.id: one for one in run.interrupts if one.when == "inside"}
    if not given:
        if asked:
            told = "; ".join(f"{one.node} asks {one.value!r}" for one in asked.values())
            raise UsageError(f"the run waits for an answer: {told}", f"run {run.id}", "--answer VALUE")
        return None
    if not asked:
        raise UsageError(
            "the run asks nothing now", f"run {run.id}", f"victor resume {run.id} goes on without an answer"
        )
    if len(given) == 1 and given[0].partition("=")[0] not in asked:
        return Command(resume=value(given[0]))
    answers = {}
    for word in given:
        key, equals, written = word.partition("=")
        if not equals or key not in asked:
            raise UsageError(
                f"{word!r} answers no question", "--answer", f"the questions are: {', '.join(asked) or 'none'}"
            )
        answers[key] = value(written)
    return Command(resume=answers)
