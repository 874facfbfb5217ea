"""`victor models`: what can answer, and what it would take."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.views import TableView


@click.command("models", cls=VerbCommand)
@click.option("--search", default="", metavar="WORD", help="Only names with this word in them.")
@click.option("--available", is_flag=True, help="Only those that can answer here and now.")
@click.pass_obj
def command(session: Session, search: str, available: bool) -> TableView:
    """List the models that can answer.

    Providers serve more models than are listed: write provider:model. An OpenAI-compatible server is named by its
    URL, with #model behind it. The one in use is marked.

    Example: victor models --available
    """
    from victor_nb.models import catalogue

    settings = session.settings()
    rows = []
    for info in catalogue():
        has_own_key = bool(settings.key_for(info.provider))
        is_ready = info.is_available or (has_own_key and not info.needs.startswith("pip"))
        if search.lower() in info.name.lower() and (is_ready or not available):
            rows.append(
                {
                    "model": info.name,
                    "ready": "yes" if is_ready else "no",
                    "needs": "" if is_ready else info.needs,
                    "note": "in use" if info.name == settings.model else info.note,
                }
            )
    return table("Models", rows, ("model", "ready", "needs", "note"), note="set one: victor config init --model MODEL")
