"""`victor docs`: ask the documentation, accept and reject what it says, and look at what is known."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from victor_nb.commands.docs_lessons import lessons
from victor_nb.commands.docs_stats import stats, status
from victor_nb.commands.failure import failure_in, failure_of
from victor_nb.commands.flags import split_names
from victor_nb.commands.group import VerbCommand, VerbGroup
from victor_nb.commands.session import Session
from victor_nb.commands.showing import record
from victor_nb.errors import UsageError, VictorError
from victor_nb.views import RecordView, TextView

if TYPE_CHECKING:
    from victor_nb.assist import Assistant, Surroundings
    from victor_nb.assist.reading import Progress
    from victor_nb.assist.teaching import Verdict

_LOCAL = click.option("--local", is_flag=True, help="Keep what is read in the project, not on the machine.")
_PACKAGES = click.argument("packages", nargs=-1, metavar="[PACKAGE]...")


class DocsOrVerb(VerbGroup):
    """A group whose words may be a question: `victor docs X` is `victor docs suggest X`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave all words to the verb, the flags among them."""
        if args and args[0] in ("--help", "-h"):
            return super().parse_args(ctx, args)
        ctx.args = list(args) if args and args[0] in self.commands else ["suggest", *args]
        return []


@click.group("docs", cls=DocsOrVerb)
def command() -> None:
    """Search the documentation of packages, the project and its notebooks; offline, and learning from you.

    Example: victor docs "how do I pivot a frame"
    """


@command.command("suggest", cls=VerbCommand)
@click.argument("question", nargs=-1, metavar="[QUESTION]")
@click.option("-k", type=click.IntRange(1, 50), default=5, show_default=True, help="At most this many suggestions.")
@click.option("--package", "packages", multiple=True, metavar="NAME", help="Only this package; several: a,b")
@click.option("--notebook", metavar="FILE", help="Take the imports from this notebook or Python file.")
@click.option("--accept", type=click.IntRange(1), metavar="N", help="Accept suggestion N: it rises for such questions.")
@click.option("--reject", type=click.IntRange(1), metavar="N", help="Reject suggestion N: it falls for such questions.")
@_LOCAL
@click.pass_obj
def suggest(
    session: Session,
    question: tuple[str, ...],
    k: int,
    packages: tuple[str, ...],
    notebook: str | None,
    accept: int | None,
    reject: int | None,
    local: bool,
) -> Any:
    """Suggest passages with code that can be run, best first.

    Without a question the last error of the notebook is looked up; "-" reads a traceback from standard input.
    Installed packages are read once for each version: those that the work imports, and the usual ones.

    Example: victor docs suggest "merge two frames on a key" -k 3
    """
    assistant = _assistant(session, local)
    words = " ".join(question)
    around = _around(session, words, notebook)
    answer = assistant.ask(
        "" if words == "-" else words,
        k=k,
        packages=[name for given in packages for name in split_names(given)],
        around=around,
        progress=_told(session),
    )
    if accept is not None:
        answer.accept(accept)
    if reject is not None:
        answer.reject(reject)
    if session.namespace is None:
        return answer
    from victor_nb.views import SuggestionsView

    return SuggestionsView(answer)


@command.command("accept")
@click.argument("number", type=click.IntRange(1), default=1, metavar="[N]")
@_LOCAL
@click.pass_obj
def accept(session: Session, number: int, local: bool) -> TextView:
    """Accept suggestion N of the last answer and give its code: in a notebook as the next cell.

    Example: victor docs accept 2
    """
    passage = _assistant(session, local).judge_last(number, "accepted")
    if session.next_cell is not None and passage.code:
        session.next_cell(passage.code)
        return TextView(f"accepted {passage.name}", data=passage.to_json())
    return TextView(passage.code or f"accepted {passage.name}", data=passage.to_json())


@command.command("reject")
@click.argument("number", type=click.IntRange(1), default=1, metavar="[N]")
@_LOCAL
@click.pass_obj
def reject(session: Session, number: int, local: bool) -> TextView:
    """Reject suggestion N of the last answer: in questions like that one it falls.

    Example: victor docs reject 1
    """
    verdict: Verdict = "rejected"
    passage = _assistant(session, local).judge_last(number, verdict)
    return TextView(f"rejected {passage.name}", data=passage.to_json())


@command.command("index")
@_PACKAGES
@click.option("--anew", is_flag=True, help="Read them again, even if this version was read.")
@_LOCAL
@click.pass_obj
def index(session: Session, packages: tuple[str, ...], anew: bool, local: bool) -> RecordView:
    """Read packages now, so that the first question need not wait; without names those that a question would read.

    Example: victor docs index pandas scikit-learn
    """
    from victor_nb.assist.installed import wanted_if_there

    assistant = _assistant(session, local)
    imports: Sequence[str] = ()
    fields: dict[str, object] = {}
    if assistant.project is not None and not packages:
        refused, passages = assistant.project.update()
        fields["project"] = refused or f"{passages:,} passages"
        with assistant.project.opened() as project:
            imports = sorted(project.imports)
    chosen = assistant.chosen(packages, _around(session, "", None), imports)
    known = assistant.library.read(chosen, _told(session), anew=anew)
    wanted = {each.key for each in wanted_if_there([each.name for each in chosen])}
    fields |= {key: f"{one.passages:,} passages in {one.read_s:.1f} s" for key, one in known.items() if key in wanted}
    return record("Documentation that was read", fields or {"packages": "none is installed"})


@command.command("forget")
@_PACKAGES
@click.option("--all", "everything", is_flag=True, help="Forget every package.")
@_LOCAL
@click.pass_obj
def forget(session: Session, packages: tuple[str, ...], everything: bool, local: bool) -> TextView:
    """Take what was read of packages from the disk; a question that needs it reads it again.

    Example: victor docs forget pandas
    """
    assistant = _assistant(session, local)
    if everything:
        assistant.library.clear()
        return TextView("everything that was read of packages is forgotten")
    if not packages:
        raise UsageError("no package was named", "victor docs forget", "name some, or say --all")
    known = sorted({one.name for one in assistant.library.known().values()})
    for name in packages:
        if name not in known:
            raise UsageError(f"nothing was read of {name!r}", hint=f"known: {', '.join(known) or 'none'}")
    return TextView(f"{assistant.library.forget(packages):,} passages are forgotten")


for each in (stats, status, lessons):
    command.add_command(each)


def _assistant(session: Session, local: bool) -> Assistant:
    from victor_nb.assist import assistant_of

    return assistant_of(session.settings(), local=local)


def _around(session: Session, words: str, notebook: str | None) -> Surroundings:
    """What is known of the work: the kernel's names and its last error, a file's imports, a traceback in words."""
    from victor_nb.assist.surroundings import NOTHING, Surroundings, error_in_words, of_namespace, of_source, seen_error

    around = of_namespace(session.namespace) if session.namespace is not None else NOTHING
    if notebook is not None:
        around = of_source(_source(notebook))
    if words == "-":
        told = failure_in(sys.stdin.read())
        return Surroundings(around.imports, around.types, error_in_words(told.type, told.message, told.text, around))
    last = session.last_failure()
    if last is None or isinstance(last[0], VictorError):  # an error of ours says itself what to do
        return around
    return Surroundings(around.imports, around.types, seen_error(last[0], failure_of(*last).text, around))


def _source(file: str) -> str:
    from victor_nb.retrieval.sources.notebook_cells import NoNotebook, pieces_of_notebook

    try:
        text = Path(file).read_text("utf-8", errors="replace")
    except OSError as problem:
        raise UsageError(f"cannot read {file!r}: {problem.strerror}", "--notebook", "name a notebook") from problem
    if not file.endswith(".ipynb"):
        return text
    try:
        return "\n\n".join(piece.text for piece in pieces_of_notebook(text)[1] if piece.kind == "code")
    except NoNotebook as problem:
        raise UsageError(f"{file!r} is no notebook", "--notebook", "name a notebook or a Python file") from problem


def _told(session: Session) -> Progress:
    """Say what is read, once it begins and half-way."""

    def tell(name: str, done: int, of: int) -> None:
        if done == 0:
            session.display(TextView(f"reading the documentation of {name}: {of} files, once for this version"))
        elif of > 100 and done == of // 2:
            session.display(TextView(f"reading the documentation of {name}: half of it is done"))

    return tell
