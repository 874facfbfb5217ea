"""`victor gc`: take old runs out of the journal; what they did stays in the metrics."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

import click

from victor_nb.commands.flags import split_names
from victor_nb.commands.group import VerbCommand, words_of
from victor_nb.commands.session import Session

if TYPE_CHECKING:
    from victor_nb.views.clearance_view import ClearanceView

_STATES: Final = "finished"
_ALL_STATES: Final = "finished,failed,stopped,interrupted"


@click.command("gc", cls=VerbCommand)
@click.option("--older-than", metavar="AGE", help="Runs not changed for so long: 30d, 12h; or before a date.")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="The newest N of each kind and name stay.")
@click.option("--kind", default="", metavar="KINDS", help="Only agent, workflow, pipeline, …")
@click.option("--name", default="", metavar="NAMES", help="Only of these agents, workflows or pipelines.")
@click.option(
    "--state", default=_STATES, show_default=True, metavar="STATES", help="finished,failed,stopped,interrupted"
)
@click.option("--run", "runs", multiple=True, metavar="RUN", help="This run, in whatever state; may be repeated.")
@click.option("--to-budget", is_flag=True, help="Only as many, the oldest first, as retention.max_bytes asks for.")
@click.option("--yes", is_flag=True, help="Do it; without it nothing is changed.")
@click.option("--rewrite", is_flag=True, help="Write the journal anew at the end; nobody can write meanwhile.")
@click.pass_context
def command(
    context: click.Context,
    older_than: str | None,
    keep: int | None,
    kind: str,
    name: str,
    state: str,
    runs: tuple[str, ...],
    to_budget: bool,
    yes: bool,
    rewrite: bool,
) -> ClearanceView:
    """Show which old runs may go and how much room that makes; with --yes, remove them.

    A run goes when it fits every flag. Runs that go on, that are pinned, on which others are built, or that a thread
    goes on from, always stay; those that can be resumed stay unless --state or --run asks for them.

    Example: victor gc --older-than 30d --keep 20 --yes
    """
    from victor_nb.retention import gc
    from victor_nb.views.clearance_view import clearance_view

    session: Session = context.obj
    settings = session.settings()
    cleared = gc(
        older_than,
        keep=keep,
        kinds=split_names(kind),
        names=split_names(name),
        states=split_names(state),
        runs=runs,
        to_budget=to_budget,
        yes=yes,
        rewrite=rewrite,
        journal=session.journal(settings),
        settings=settings,
    )
    words = [word for word in words_of(context) if word != "--json"]
    return clearance_view(cleared, again=f"victor {shlex.join([*words, '--yes'])}")
