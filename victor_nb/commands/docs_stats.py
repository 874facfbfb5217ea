"""`victor docs stats` and `status`: how the assistant has done, and what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import record, table
from victor_nb.views import RecordView, TableView

_BEST = 5
_LOCAL = click.option("--local", is_flag=True, help="Of the index in the project.")


@click.command("stats", cls=VerbCommand)
@_LOCAL
@click.pass_obj
def stats(session: Session, local: bool) -> RecordView:
    """Tell how many questions were asked, how often a suggestion was accepted, how fast answers are, and what is known.

    Example: victor docs stats --json
    """
    from victor_nb.assist import assistant_of

    assistant = assistant_of(session.settings(), local=local)
    counts, known = assistant.feedback.counts(), assistant.library.known()
    verdicts = counts.accepted + counts.rejected
    fields: dict[str, object] = {
        "questions": counts.questions,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "acceptance rate": f"{counts.accepted / verdicts:.0%} of {verdicts} verdicts"
        if verdicts
        else "no verdicts yet",
        "questions that were helped": f"{counts.helped} of {counts.judged} judged",
        "latency p50": _ms(counts.answered_ms, 0.50),
        "latency p99": _ms(counts.answered_ms, 0.99),
        "best passages": [f"{name} ({times} times)" for name, times in counts.best[:_BEST]],
        "passages": sum(one.passages for one in known.values()),
        "index": f"{assistant.library.bytes() / 1e6:.1f} MB in {assistant.places.packages}",
        "packages": [f"{key} ({one.passages:,} passages)" for key, one in sorted(known.items())],
    }
    if assistant.places.note:
        fields["note"] = assistant.places.note
    return record("Documentation assistant", fields)


@click.command("status", cls=VerbCommand)
@_LOCAL
@click.pass_obj
def status(session: Session, local: bool) -> TableView:
    """List the packages that were read, with their versions, and say where.

    Example: victor docs status
    """
    from victor_nb.assist import assistant_of

    assistant = assistant_of(session.settings(), local=local)
    rows = [
        {"package": one.name, "version": one.version, "passages": one.passages, "read in": f"{one.read_s:.1f} s"}
        for _, one in sorted(assistant.library.known().items())
    ]
    if assistant.project is not None:
        refused, passages = assistant.project.update()
        where = refused or Path(assistant.project.root).name
        rows.append({"package": f"this project ({where})", "version": "", "passages": passages, "read in": ""})
    note = assistant.places.note or f"in {assistant.places.packages}"
    return table("Documentation that was read", rows, ("package", "version", "passages", "read in"), note=note)


def _ms(times: Sequence[float], part: float) -> str:
    if not times:
        return "no questions yet"
    ordered = sorted(times)
    return f"{ordered[min(len(ordered) - 1, int(part * len(ordered)))]:.0f} ms"
