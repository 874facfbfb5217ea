"""`victor show`: one run from its record."""

from __future__ import annotations

import json
from typing import Any

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.errors import UsageError
from victor_nb.journal import Event, Journal
from victor_nb.views import RunReport, TableView, TextView
from victor_nb.views.wording import preview


@click.command("show", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.option("--prompt", is_flag=True, help="Show the exact text that was sent to the model.")
@click.option("--events", is_flag=True, help="List the stored events.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="With --events: only the last N.")
@click.pass_obj
def command(
    session: Session, run: str, prompt: bool, events: bool, last: int | None
) -> RunReport | TableView | TextView:
    """Show one run: what was asked, what was done, what was answered.

    RUN is an id, the beginning of one, or "last" (the default).

    Example: victor show last --prompt
    """
    if prompt and events:
        raise UsageError("--prompt and --events are two different views; ask for one", "victor show")
    journal = session.journal()
    info = journal.find(run)
    if events:
        return _events(journal.events(info.run_id, last=last))
    if prompt:
        return prompts(journal, info.run_id)
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
    """Return what each model request of a run sent, in order; the parts are told as the journal keeps them."""
    requests = [
        journal.load(event.data.get("inputs"))
        for event in journal.history(run_id, types=("step.started", "step.finished"))
        if event.data.get("kind") == "model" and event.data.get("inputs")
    ]
    if not requests:
        return TextView("no model was asked in this run", data=[])
    texts = [_request_text(number, request) for number, request in enumerate(requests, start=1)]
    return TextView("\n\n".join(texts), data=requests)


def _request_text(number: int, request: Any) -> str:
    if not isinstance(request, dict):
        return f"── request {number} ──\n{request}"
    lines = [f"── request {number} to {request.get('model', 'the model')} ──"]
    if request.get("instructions"):
        lines.append(f"[instructions]\n{request['instructions']}")
    lines += [f"[{kind}]\n{text}" for part in request.get("messages", ()) for kind, text in _part(part)]
    return "\n".join(lines)


def _part(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [(kind, _text(value)) for kind, value in part.items() if kind != "call_id"]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
