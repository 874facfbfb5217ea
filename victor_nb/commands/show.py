"""`victor show`: one run from its record."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from victor_nb.agents.prompts import SentRequest, sent_messages
from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.errors import UsageError
from victor_nb.journal import Event, Journal
from victor_nb.views import GraphReport, RunReport, TableView, TextView
from victor_nb.views.wording import preview
from victor_nb.workflows.graphs import inherited_graphs

if TYPE_CHECKING:
    from victor_nb.commands.pipeline_result import PipelineAnswer


@click.command("show", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.option("--prompt", is_flag=True, help="Show the exact text that was sent to the model.")
@click.option("--events", is_flag=True, help="List the stored events.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="With --events: only the last N.")
@click.pass_obj
def command(
    session: Session, run: str, prompt: bool, events: bool, last: int | None
) -> RunReport | GraphReport | PipelineAnswer | TableView | TextView:
    """Show one run: what was asked, what was done, what was answered.

    RUN is an id, the beginning of one, or "last" (the default).

    Example: victor show last --prompt
    """
    if prompt and events:
        raise UsageError("--prompt and --events are two different views; ask for one", "victor show", "leave one out")
    journal = session.journal()
    info = journal.find(run)
    if events:
        return _events(journal.events(info.run_id, last=last))
    if prompt:
        return prompts(journal, info.run_id)
    if info.kind == "workflow":
        graphs = inherited_graphs(journal, info.run_id)
        return GraphReport.of([*graphs, *journal.history(info.run_id)], journal.load)
    if info.kind == "pipeline":
        from victor_nb.commands.pipeline_result import EVERYTHING, PipelineAnswer
        from victor_nb.pipelines.record import result_of

        return PipelineAnswer(result_of(journal, info.run_id), EVERYTHING)
    return RunReport.of(journal.history(info.run_id), journal.load)


def _events(found: list[Event]) -> TableView:
    columns = ("seq", "time", "type", "step", "data")
    start = found[0].time if found else 0.0
    rows = [
        {
            "seq": event.seq,
            "time": f"+{event.time - start:.3f} s",
            "type": event.type,
            "step": event.step_id,
            "data": preview(event.data),
        }
        for event in found
    ]
    return table("Events", rows, columns, empty="the run has no events of its own")


def prompts(journal: Journal, run_id: str) -> TextView:
    """Return what each model request of a run sent: the first whole, of the others what they added to it."""
    requests = sent_messages(journal, run_id)
    if not requests:
        return TextView("no model was asked in this run", data=[])
    texts = [_request_text(number, request, requests[0]) for number, request in enumerate(requests, start=1)]
    return TextView("\n\n".join(texts), data=[asdict(request) for request in requests])


def _request_text(number: int, request: SentRequest, first: SentRequest) -> str:
    head = f"── request {number} to {request.model}"
    if number == 1 or request.new == len(request.messages):
        return f"{head} ──\n{request.text}"
    instructions = "" if request.instructions == first.instructions else request.instructions
    added = replace(request, messages=request.messages[-request.new :], instructions=instructions, tools={})
    return f"{head}: all of the above, the answer, and ──\n{added.text}"
