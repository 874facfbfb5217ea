"""`victor resume`: go on with a run where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from victor_nb.commands import asking, workflow_resuming
from victor_nb.commands.answer import Answer
from victor_nb.commands.ask import started
from victor_nb.commands.flags import as_settings, running
from victor_nb.commands.group import VerbCommand, words_of
from victor_nb.commands.rebuilding import rebuilt
from victor_nb.commands.session import Session
from victor_nb.commands.workflow_result import WorkflowAnswer
from victor_nb.journal import RunFinished
from victor_nb.views import RecordView

if TYPE_CHECKING:
    from victor_nb.commands.pipeline_result import PipelineAnswer


@click.command("resume", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.option("--out", "-o", default="", metavar="NAME", help="Bind the answer to this variable.")
@click.option(
    "--on-doubt",
    type=click.Choice(["ask", "retry", "skip"]),
    help="A tool call that may or may not have had its effect: ask, do it again, or leave it.",
)
@click.option("--answer", multiple=True, metavar="VALUE", help="What the run waits for; ID=VALUE if several.")
@click.option("--accept-changes", is_flag=True, help="Go on although the workflow's graph has changed.")
@click.option(
    "--workflow", default="", metavar="WORKFLOW", help="The workflow or pipeline, if it is not found by itself."
)
@click.option(
    "-p",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A secret of a pipeline, which was not kept.",
)
@click.option("--within", is_flag=True, help="A pipeline's notebooks go on at the cell where they were.")
@click.option("--background", is_flag=True, help="Return at once; victor attach shows the run again.")
@running
@click.pass_context
async def command(
    context: click.Context, /, run: str, **flags: Any
) -> Answer | WorkflowAnswer | PipelineAnswer | RecordView:
    """Go on with a run that was stopped, failed or killed, or that waits for an answer.

    What was done answers from the journal. The variables that the agent looked at are read again by their names;
    in a terminal, give their files as before.

    Example: victor resume last --max-cost 1.50
    """
    session: Session = context.obj
    if flags["background"] and session.detach is not None:
        return started(session.detach([word for word in words_of(context) if word != "--background"]))
    settings = session.settings(as_settings(flags))
    if flags["out"]:
        session.check_bindable(flags["out"])
    info = session.journal(settings).find(run)
    if info.is_finished:
        raise RunFinished(f"run {info.run_id} is finished", hint=f"replay it for free: victor replay {info.run_id}")
    if info.kind == "workflow":
        return await workflow_resuming.resumed(session, settings, info, flags)
    if info.kind == "pipeline":
        from victor_nb.commands import pipeline_resuming

        return await pipeline_resuming.resumed(session, settings, info, flags)
    work = rebuilt(session, settings, info, as_settings(flags), flags)
    if flags["background"]:
        return started(await asking.begun(session, work))
    return await asking.answered(session, work)
