"""`victor fix`: explain the last error, with its place and ranked proposals; nothing is changed or run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from victor_nb.commands.failure import Failure, failure_in, failure_of
from victor_nb.commands.group import VerbCommand
from victor_nb.commands.remedies import Remedy, changed, remedies
from victor_nb.commands.session import Session
from victor_nb.errors import UsageError
from victor_nb.views import html
from victor_nb.views.markdown import escaped
from victor_nb.views.view import TERMINAL_WIDTH, Shown

_NO_RULE = (
    "No rule knows this error; victor docs looks it up in the documentation, and an agent with a language model may "
    "know it (victor models lists them)."
)


@click.command("fix", cls=VerbCommand)
@click.argument("file", default="", metavar="[FILE]")
@click.pass_obj
def command(session: Session, file: str) -> Explanation:
    """Explain the last error and propose what to do.

    In a notebook: the last cell that failed. In a terminal: the traceback in FILE, "-" for standard input.

    Example: python study.py 2>&1 | victor fix -
    """
    return explained(_failure(session, file))


@dataclass(frozen=True)
class Explanation(Shown):
    """A failure with what may help against it, best first."""

    failure: Failure
    remedies: list[Remedy]

    def to_text(self, width: int = TERMINAL_WIDTH) -> str:
        """What, where, and the numbered proposals."""
        failure = self.failure
        lines = [f"{failure.type}: {failure.message}" if failure.message else failure.type]
        if failure.where:
            lines.append(f"in {failure.where}" + (f":  {failure.text.strip()}" if failure.text else ""))
        lines += [f"\n{number}. {remedy.says}{self._indented(remedy)}" for number, remedy in self._numbered()]
        return "\n".join(lines) + ("" if self.remedies else f"\n\n{_NO_RULE}")

    def to_markdown(self) -> str:
        """The same with code in fences."""
        failure = self.failure
        parts = [f"**{escaped(failure.type)}**: {escaped(failure.message)}"]
        if failure.where:
            parts.append(f"in {escaped(failure.where)}")
        if failure.text:
            parts.append(_fenced(failure.text, "python"))
        for number, remedy in self._numbered():
            parts.append(f"{number}. {escaped(remedy.says)}")
            if difference := changed(failure.source, failure, remedy):
                parts.append(_fenced(difference, "diff"))
        return "\n\n".join(parts if self.remedies else [*parts, escaped(_NO_RULE)])

    def to_html(self) -> str:
        """The Markdown as prose."""
        return html.prose(self.to_markdown())

    def to_json(self) -> object:
        """The facts, and each proposal with its difference."""
        failure = self.failure
        return {
            "type": failure.type,
            "message": failure.message,
            "file": failure.file,
            "line": failure.line,
            "text": failure.text,
            "remedies": [
                {"score": one.score, "says": one.says, "diff": changed(failure.source, failure, one)}
                for one in self.remedies
            ],
        }

    def _numbered(self) -> Iterator[tuple[int, Remedy]]:
        return iter(enumerate(self.remedies, start=1))

    def _indented(self, remedy: Remedy) -> str:
        difference = changed(self.failure.source, self.failure, remedy)
        return "".join(f"\n     {line}" for line in difference.splitlines()[2:])


def explained(failure: Failure) -> Explanation:
    """Return the view of a failure with its proposals."""
    return Explanation(failure, remedies(failure))


def _failure(session: Session, file: str) -> Failure:
    if file == "-":
        return failure_in(sys.stdin.read())
    if file:
        try:
            return failure_in(Path(file).read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise UsageError(
                f"cannot read {file!r}: {error.strerror}", "victor fix", 'name a file with a traceback, or "-"'
            ) from error
    last = session.last_failure()
    if last is None:
        raise UsageError("no cell has failed yet", "victor fix", "in a terminal: python study.py 2>&1 | victor fix -")
    return failure_of(*last)


def _fenced(text: str, language: str) -> str:
    # A fence longer than any run of backticks inside cannot be closed by what it holds.
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
