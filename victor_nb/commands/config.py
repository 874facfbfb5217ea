"""`victor config`: write, check and explain the settings."""

from __future__ import annotations

from pathlib import Path

import click

from victor_nb.commands.group import VerbGroup
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.errors import UsageError
from victor_nb.views import TableView, TextView


@click.group("config", cls=VerbGroup)
def command() -> None:
    """Write, check and explain the settings.

    Example: victor config show
    """


@command.command("init")
@click.option("--model", default="", metavar="MODEL", help="Write this model into the file.")
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@click.pass_obj
def init(session: Session, model: str, force: bool) -> TextView:
    """Write a commented victor.toml into the working folder.

    Example: victor config init --model openai:gpt-5
    """
    from victor_nb.config import PROJECT_FILE, project_template

    path = (session.start or Path.cwd()) / PROJECT_FILE
    if path.exists() and not force:
        raise UsageError(f"{PROJECT_FILE} exists already", str(path), "victor config init --force overwrites it")
    path.write_text(project_template(model), encoding="utf-8")
    return TextView(f"wrote {path}")


@command.command("check")
@click.pass_obj
def check(session: Session) -> TextView:
    """Validate the settings from all sources.

    Example: victor config check
    """
    changed = [origin for origin in session.settings().explain() if origin.source not in ("default", "argument")]
    return TextView(f"the settings are valid; {len(changed)} differ from the defaults")


@command.command("show")
@click.option("--changed", is_flag=True, help="Leave out what has its default value.")
@click.pass_obj
def show(session: Session, changed: bool) -> TableView:
    """Show every setting, its value and where it came from.

    Example: victor config show --changed
    """
    from victor_nb.config import user_file

    rows = [
        {"setting": origin.name, "value": origin.value, "source": origin.source}
        for origin in session.settings().explain()
        if not (changed and origin.source == "default")
    ]
    return table("Settings", rows, ("setting", "value", "source"), note=f"your own file: {user_file()}")
