"""`victor tools learner`: what earlier runs taught about tools, to look at, to carry elsewhere and to forget."""

from __future__ import annotations

from pathlib import Path

import click

from victor_nb.commands.group import VerbGroup
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.errors import UsageError
from victor_nb.views import TableView, TextView

_OFF = 'nothing is learned: write active_learners = ["tools"] into victor.toml'


@click.group("learner", cls=VerbGroup)
def command() -> None:
    """Show, carry and forget what runs taught about tools.

    Runs teach only where the settings declare it: active_learners = ["tools"]. What was learned lies in the journal.

    Example: victor tools learner show
    """


@command.command("show")
@click.pass_obj
def show(session: Session) -> TableView:
    """Show how often each tool was shown to a model, used and failed.

    Example: victor tools learner show
    """
    from victor_nb.agents.selecting import learner_of

    learner, is_on = learner_of(session.journal()), "tools" in session.settings().active_learners
    rows = [
        {"tool": one.tool, "shown": one.offered, "used": one.used, "failed": one.failed} for one in learner.inspect()
    ]
    note = f"from {learner.seen} runs" + ("" if is_on else f"; {_OFF}")
    empty = "no run has taught anything yet" if is_on else _OFF
    return table("What runs taught", rows, ("tool", "shown", "used", "failed"), note=note, empty=empty)


@command.command("reset")
@click.pass_obj
def reset(session: Session) -> TextView:
    """Forget everything that runs taught about tools; the runs stay.

    Example: victor tools learner reset
    """
    from victor_nb.agents.selecting import forget_learned

    forgotten = forget_learned(session.journal())
    return TextView(f"forgot what {forgotten} runs taught", data={"forgotten": forgotten})


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.pass_obj
def export(session: Session, file: Path, force: bool) -> TextView:
    """Write what runs taught to a text file, one run a line.

    It holds requests as they were asked, without the secrets that the journal knows.

    Example: victor tools learner export taught.jsonl
    """
    from victor_nb.retrieval.selecting.outcomes import ToolOutcomes, exported

    place = _place(session, file)
    if place.exists() and not force:
        raise UsageError(f"{file.name} is there already", str(place.parent), "--force replaces it")
    outcomes = ToolOutcomes(session.journal()).all()
    part = place.with_name(f".{place.name}.part")
    try:
        part.write_bytes(exported(outcomes))
        part.replace(place)
    except OSError as problem:
        raise UsageError(f"cannot write {file}: {problem.strerror}", str(place), "name another file") from problem
    return TextView(f"wrote what {len(outcomes)} runs taught to {file}", data={"runs": len(outcomes)})


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def bring(session: Session, file: Path) -> TextView:
    """Add what an export holds; a run that is known already is learned once.

    Example: victor tools learner import taught.jsonl
    """
    from victor_nb.agents.selecting import teach
    from victor_nb.retrieval.selecting.outcomes import imported

    place = _place(session, file)
    try:
        text = place.read_bytes()
    except OSError as problem:
        raise UsageError(f"cannot read {file}: {problem.strerror}", str(place), "name an exported file") from problem
    outcomes = imported(text, str(file))
    teach(session.journal(), outcomes)
    return TextView(f"learned what {len(outcomes)} runs taught", data={"runs": len(outcomes)})


def _place(session: Session, file: Path) -> Path:
    return (session.start or Path.cwd()) / file.expanduser()
