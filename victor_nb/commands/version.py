"""`victor version`: the version, and nothing heavy imported to say it."""

from __future__ import annotations

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.version import __version__
from victor_nb.views import TextView


@click.command("version", cls=VerbCommand)
def command() -> TextView:
    """Print the version.

    Example: victor version
    """
    return TextView(__version__)
