"""`victor stop`: ask whoever executes a run to end it."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.runs import state
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError
from victor_nb.views import TextView


@click.command("stop", cls=VerbCommand)
@click.argument("run", default="last", metavar="[RUN]")
@click.option("--reason", default="stopped by a person", metavar="TEXT", help="Kept in the record.")
@click.pass_obj
def command(session: Session, run: str, reason: str) -> TextView:
    """Stop a run, in this process or another; it can be resumed.

    RUN is an id, the beginning of one, or "last" (the default).

    Example: victor stop 1k9x2
    """
    journal = session.journal()
    info = journal.find(run)
    if not journal.is_live(info):
        raise UsageError(
            f"run {info.run_id} is not running; it is {state(info, journal)}",
            hint="victor runs --status running",
        )
    journal.signal(info.run_id, "stop", {"reason": reason})
    return TextView(f"asked run {info.run_id} to stop; go on later with: victor resume {info.run_id}")
