"""`victor docs lessons`: what accepted and rejected passages taught: shown, exported, imported, forgotten."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.errors import UsageError
from victor_nb.views import TableView, TextView

if TYPE_CHECKING:
    from victor_nb.assist import Lesson


@click.command("lessons", cls=VerbCommand)
@click.option("--export", "target", metavar="FILE", help="Write them as JSON.")
@click.option("--import", "origin", metavar="FILE", help="Add those of a file that was exported.")
@click.option("--reset", is_flag=True, help="Forget them all.")
@click.option("--local", is_flag=True, help="Those of the project alone.")
@click.pass_obj
def lessons(session: Session, target: str | None, origin: str | None, reset: bool, local: bool) -> TableView | TextView:
    """Show which passages were accepted and rejected, for which questions.

    Example: victor docs lessons --export lessons.json
    """
    from victor_nb.assist import assistant_of

    if sum((target is not None, origin is not None, reset)) > 1:
        raise UsageError("only one of --export, --import and --reset at a time", "victor docs lessons")
    feedback = assistant_of(session.settings(), local=local).feedback
    known = feedback.lessons()
    if target is not None:
        _write(Path(target), json.dumps([asdict(each) for each in known], indent=2, ensure_ascii=False))
        return TextView(f"wrote {len(known)} lessons to {target}")
    if origin is not None:
        return TextView(f"{feedback.restore(_read(Path(origin)))} lessons were added")
    if reset:
        return TextView(f"{feedback.reset()} lessons are forgotten")
    rows = [{"question": one.question, "verdict": one.verdict, "passage": one.name} for one in reversed(known)]
    return table("Lessons", rows, ("question", "verdict", "passage"), empty="nothing was accepted or rejected yet")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            f"cannot write {str(file)!r}: {problem.strerror}", "--export", "name another file"
        ) from problem


def _read(file: Path) -> list[Lesson]:
    from victor_nb.assist import Lesson

    try:
        given = json.loads(file.read_text("utf-8"))
    except OSError as problem:
        raise UsageError(f"cannot read {str(file)!r}: {problem.strerror}", "--import", "name another file") from problem
    except ValueError as problem:
        raise UsageError(f"{str(file)!r} is no JSON: {problem}", "--import", "export writes such files") from problem
    names = {each.name for each in fields(Lesson)}
    wrong = UsageError(f"{str(file)!r} holds no lessons", "--import", "victor docs lessons --export writes them")
    if not isinstance(given, list):
        raise wrong
    for each in given:
        if not isinstance(each, dict) or set(each) != names or each["verdict"] not in ("accepted", "rejected"):
            raise wrong
        if not isinstance(each["time"], int | float) or not all(
            isinstance(each[name], str) for name in names - {"time"}
        ):
            raise wrong
    return [Lesson(**each) for each in given]
