"""The flags of the verbs that run agents, once; and what they mean as settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from victor_nb.commands.data_files import loaded, named_files
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

_LIMITS: Final = (
    click.option("--model", metavar="MODEL", help="The model that answers; see victor models."),
    click.option("--max-steps", type=click.IntRange(1), metavar="N", help="Model requests and tool calls."),
    click.option("--max-tokens", type=click.IntRange(1), metavar="N", help="Input and output tokens together."),
    click.option("--max-cost", type=click.FloatRange(0, min_open=True), metavar="USD", help="US dollars."),
    click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Working time."),
    click.option(
        "--approve",
        type=click.Choice(["ask", "never", "allowlist"]),
        help="What happens to a tool call that needs approval.",
    ),
    click.option("--with", "variables", default="", metavar="NAMES", help="Variables that the agent may look at: a,b"),
    click.option(
        "--data", multiple=True, metavar="NAME=FILE", help="Load a csv, parquet, json or xlsx file as a variable."
    ),
)


def running(command: Command) -> Command:
    """Add the flags that every verb has which runs an agent."""
    for option in reversed(_LIMITS):
        command = option(command)
    return command


def as_settings(flags: Mapping[str, Any]) -> dict[str, object]:
    """Return what the flags say as settings, by dotted name; None where a flag was not given."""
    names = {
        "model": "model",
        "max_steps": "budget.steps",
        "max_tokens": "budget.tokens",
        "max_cost": "budget.cost_usd",
        "timeout": "budget.seconds",
        "approve": "approve",
        "replay": "replay",
        "on_doubt": "on_doubt",
    }
    return {setting: flags[flag] for flag, setting in names.items() if flag in flags}


def split_names(text: str) -> list[str]:
    """Split `a,b` into names; spaces and empty parts do not count."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read_variables(session: Session, names: str, files: tuple[str, ...]) -> dict[str, Any]:
    """Return the variables that the flags name: from files, and from the namespace.

    Raises: UsageError for a name that neither has.
    """
    from_files = loaded(named_files(files))
    wanted = split_names(names)
    if twice := sorted(set(wanted) & from_files.keys()):
        raise UsageError(f"{twice[0]!r} is named by --with and by --data", "--with", "name the file differently")
    return from_files | session.variables(wanted)
