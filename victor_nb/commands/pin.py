"""`victor pin` and `victor unpin`: runs that stay, however old the rest has to be to go."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.journal import RunNotFound
from victor_nb.views import TextView


@click.command("pin", cls=VerbCommand)
@click.argument("runs", nargs=-1, required=True, metavar="RUN …")
@click.pass_obj
def pin(session: Session, runs: tuple[str, ...]) -> TextView:
    """Keep runs: `victor gc` never removes them.

    RUN is an id, the beginning of one, or "last".

    Example: victor pin last
    """
    journal = session.journal()
    found = [journal.find(run).run_id for run in runs]
    for run_id in found:
        if not journal.store.disposal.pin(run_id, journal.clock()):
            raise RunNotFound.removed(run_id, journal.url)
    return TextView(f"pinned {', '.join(found)}", data={"pinned": found})


@click.command("unpin", cls=VerbCommand)
@click.argument("runs", nargs=-1, required=True, metavar="RUN …")
@click.pass_obj
def unpin(session: Session, runs: tuple[str, ...]) -> TextView:
    """Let runs go again when they are old.

    Example: victor unpin last
    """
    journal = session.journal()
    found = [journal.find(run).run_id for run in runs]
    freed = [run_id for run_id in found if journal.store.disposal.unpin(run_id)]
    return TextView(f"unpinned {', '.join(freed)}" if freed else "none of them was pinned", data={"unpinned": freed})


commands = {"pin": pin, "unpin": unpin}
