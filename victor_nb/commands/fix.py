"""`victor fix`: explain the last error, with its place and ranked proposals; nothing is changed or run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from victor_nb.commands.failure import Failure, failure_in, failure_of
from victor_nb.commands.group import VerbCommand
from victor_nb.commands.remedies import Remedy, changed, remedies
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError
from victor_nb.views import TextView


@click.command("fix", cls=VerbCommand)
@click.argument("file", default="", metavar="[FILE]")
@click.pass_obj
def command(session: Session, file: str) -> TextView:
    """Explain the last error and propose what to do.

    In a notebook: the last cell that failed. In a terminal: the traceback in FILE, "-" for standard input.

    Example: python study.py 2>&1 | victor fix -
    """
    return explained(_failure(session, file))


def explained(failure: Failure) -> TextView:
    """Return the view of a failure: what, where, and the proposals with their differences."""
    found = remedies(failure)
    head = f"**{failure.type}**: {failure.message}" if failure.message else f"**{failure.type}**"
    parts = [head]
    if failure.where:
        parts.append(f"in {failure.where}" + (f"\n\n```python\n{failure.text}\n```" if failure.text else ""))
    parts += [_proposal(number, remedy, failure) for number, remedy in enumerate(found, start=1)]
    if not found:
        parts.append("No rule knows this error. An agent with a language model may: `victor models` lists them.")
    return TextView("\n\n".join(parts), _as_json(failure, found), markdown=True)


def _failure(session: Session, file: str) -> Failure:
    if file == "-":
        return failure_in(sys.stdin.read())
    if file:
        try:
            return failure_in(Path(file).read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise UsageError(f"cannot read {file!r}: {error.strerror}", "victor fix") from error
    last = session.last_failure()
    if last is None:
        raise UsageError("no cell has failed yet", "victor fix", "in a terminal: python study.py 2>&1 | victor fix -")
    return failure_of(*last)


def _proposal(number: int, remedy: Remedy, failure: Failure) -> str:
    difference = changed(failure.source, failure, remedy)
    return f"{number}. {remedy.says}" + (f"\n\n```diff\n{difference}\n```" if difference else "")


def _as_json(failure: Failure, found: list[Remedy]) -> dict[str, Any]:
    return {
        "type": failure.type,
        "message": failure.message,
        "file": failure.file,
        "line": failure.line,
        "text": failure.text,
        "remedies": [
            {"score": remedy.score, "says": remedy.says, "diff": changed(failure.source, failure, remedy)}
            for remedy in found
        ],
    }
