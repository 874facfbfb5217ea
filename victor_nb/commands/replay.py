"""`victor replay`: run again from the record; carry recordings to and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from victor_nb.commands import asking
from victor_nb.commands.answer import Answer
from victor_nb.commands.flags import as_settings, running
from victor_nb.commands.group import VerbGroup
from victor_nb.commands.rebuilding import rebuilt
from victor_nb.commands.session import Session
from victor_nb.commands.showing import record, table
from victor_nb.journal import Journal, RunInfo
from victor_nb.journal.recording import exported, imported
from victor_nb.views import RecordView, TableView


class RunOrVerb(VerbGroup):
    """A group whose first word may be a run: `victor replay last` is `victor replay run last`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Read a word that is no verb as the run to replay."""
        if args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


@click.group("replay", cls=RunOrVerb)
def command() -> None:
    """Run again from the record: no model, no tool, no cost.

    victor replay RUN replays a run; export and import carry recordings to and from small text files that can be
    committed beside a notebook.

    Example: victor replay last
    """


@command.command("run")
@click.argument("run", default="last", metavar="[RUN]")
@click.option(
    "--mode",
    type=click.Choice(["strict", "auto"]),
    default="strict",
    show_default=True,
    help="strict: only from the record. auto: run what is missing.",
)
@click.option("--out", "-o", default="", metavar="NAME", help="Bind the answer to this variable.")
@running
@click.pass_obj
async def run_again(session: Session, /, run: str, mode: Any, **flags: Any) -> Answer:
    """Replay a finished run.

    The variables that the agent looked at are read again by their names, and must be as they were.

    Example: victor replay last --mode strict
    """
    arguments = as_settings(flags)
    settings = session.settings(arguments)
    if flags["out"]:
        session.check_bindable(flags["out"])
    info = session.journal(settings).find(run)
    return await asking.answered(session, rebuilt(session, settings, info, arguments, flags, mode))


@command.command("export")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Default: RUN.jsonl")
@click.pass_obj
def export(session: Session, runs: tuple[str, ...], out: Path | None) -> RecordView:
    """Write runs to a recording.

    Without RUN: every run of this notebook's session; in a terminal, the newest run.

    Example: victor replay export last -o recordings/notebook.jsonl
    """
    settings = session.settings()
    journal = session.journal(settings)
    found = _chosen(session, journal, runs)
    path = out or Path(f"{found[-1].run_id}.jsonl")
    text = exported(journal, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return record("exported", {"file": str(path), "runs": len(found), "bytes": len(text.encode())})


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def import_(session: Session, file: Path) -> TableView:
    """Bring the runs of a recording into the journal, so that they can be replayed.

    Example: victor replay import recordings/notebook.jsonl
    """
    rows = [
        {"run": info.run_id, "name": info.name, "state": "imported" if is_new else "was here"}
        for info, is_new in imported(session.journal(), file)
    ]
    return table("Recording", rows, ("run", "name", "state"), empty="the recording holds no run")


def _chosen(session: Session, journal: Journal, runs: tuple[str, ...]) -> list[RunInfo]:
    """Return the runs to export, oldest first, each once."""
    names = runs or tuple(session.run_ids) or ("last",)
    found = {info.run_id: info for info in map(journal.find, names)}
    return [found[run_id] for run_id in sorted(found)]
