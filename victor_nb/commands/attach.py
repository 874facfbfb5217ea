"""`victor attach`: watch a run that goes on elsewhere."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.runs import state
from victor_nb.commands.session import Session
from victor_nb.commands.showing import record
from victor_nb.views import RecordView
from victor_nb.workflows.graphs import inherited_graphs


@click.command("attach", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.pass_obj
async def command(session: Session, run: str) -> RecordView:
    """Watch a run from its beginning to its end, whichever process executes it.

    Leaving (interrupt, Ctrl-C) leaves the run alone. A run that nobody executes is shown as far as it came.

    Example: victor attach last
    """
    journal = session.journal()
    info = journal.find(run)
    with session.watch(journal) as show:
        for event in inherited_graphs(journal, info.run_id):
            show(event)
        if journal.is_live(info):
            with journal.subscribe(info.run_id) as events:
                async for event in events:
                    show(event)
        else:
            for event in journal.history(info.run_id):
                show(event)
    info = journal.find(info.run_id)
    return record("", {"run": info.run_id, "status": state(info, journal)})
