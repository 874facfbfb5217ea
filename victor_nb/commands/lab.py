"""`victor lab`: JupyterLab on a copy of the tutorial."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.tutorials import tutorial_folder
from victor_nb.errors import MissingExtra, VictorError
from victor_nb.views import TextView

FOLDER = "victor-tutorial"


@click.command("lab", cls=VerbCommand)
@click.argument("folder", default=FOLDER, type=click.Path(path_type=Path, file_okay=False), metavar="[FOLDER]")
@click.option("--no-browser", is_flag=True, help="Start the server and open no browser.")
@click.option("--copy-only", is_flag=True, help="Copy the tutorial and start nothing.")
@click.argument("more", nargs=-1, metavar="[-- ARGUMENTS OF JUPYTER LAB]")
@click.pass_obj
def command(session: Session, folder: Path, no_browser: bool, copy_only: bool, more: tuple[str, ...]) -> TextView:
    """Open JupyterLab on a working copy of the tutorial.

    Notebooks that are in FOLDER already, with your changes, are left as they are.

    Example: victor lab
    """
    if str(folder).startswith("-"):  # nothing tells click that what follows "--" is not the folder
        folder, more = Path(FOLDER), (str(folder), *more)
    if not copy_only and find_spec("jupyterlab") is None:
        raise MissingExtra.named("lab", needed_for="victor lab")
    place = ((session.start or Path.cwd()) / folder).absolute()
    copied = copy_tutorial(place)
    said = f"the tutorial is in {place} ({copied} notebooks copied)"
    if copy_only:
        return TextView(said)
    session.display(TextView(said))
    words = [sys.executable, "-m", "jupyterlab", str(place), *(["--no-browser"] if no_browser else []), *more]
    code = subprocess.run(words, check=False).returncode
    if code:
        raise VictorError(f"JupyterLab ended with exit code {code}", " ".join(words))
    return TextView("JupyterLab has ended")


def copy_tutorial(place: Path) -> int:
    """Copy the tutorial's notebooks that are not there yet; return how many."""
    place.mkdir(parents=True, exist_ok=True)
    missing = [path for path in sorted(tutorial_folder().glob("*.ipynb")) if not (place / path.name).exists()]
    for path in missing:
        shutil.copyfile(path, place / path.name)
    return len(missing)
