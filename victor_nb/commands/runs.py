"""`victor runs`: the runs of this journal."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import age, table
from victor_nb.journal import Journal, RunInfo, Status
from victor_nb.views import TableView

COLUMNS = ("run", "kind", "name", "status", "age", "asked")
_ASKED_LENGTH = 60


@click.command("runs", cls=VerbCommand)
@click.option("--kind", metavar="KIND", help="Only runs of this kind, such as agent.")
@click.option("--name", metavar="AGENT", help="Only runs of this agent.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most this many.")
@click.pass_obj
def command(session: Session, kind: str | None, name: str | None, status: str | None, limit: int) -> TableView:
    """List runs, newest first.

    Example: victor runs --status stopped
    """
    journal = session.journal()
    wanted = Status(status) if status else None
    found = journal.runs(kind=kind, name=name, status=wanted, limit=limit)
    return table(
        "Runs",
        [row(info, journal) for info in found],
        COLUMNS,
        note="victor show RUN tells more",
        empty='no runs yet; start one with: victor ask "…"',
    )


def row(info: RunInfo, journal: Journal) -> dict[str, object]:
    """Describe one run in a line; a run whose process died is called so."""
    return {
        "run": info.run_id,
        "kind": info.kind,
        "name": info.name,
        "status": state(info, journal),
        "age": age(info.updated),
        "asked": asked(info, journal),
    }


def state(info: RunInfo, journal: Journal) -> str:
    """Return the run's status, "interrupted" if it claims to run and nobody does."""
    if info.status is Status.RUNNING and not journal.is_live(info):
        return "interrupted"
    return str(info.status)


def asked(info: RunInfo, journal: Journal) -> str:
    """Return the beginning of what the run was asked."""
    prompt = " ".join(str(journal.request(info).get("prompt", "")).split())
    return prompt if len(prompt) <= _ASKED_LENGTH else f"{prompt[: _ASKED_LENGTH - 1]}…"
