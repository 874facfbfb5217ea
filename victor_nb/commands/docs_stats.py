"""`victor docs stats` and `status`: how the assistant has done, and what it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from victor_nb.commands.group import VerbCommand
from victor_nb.commands.session import Session
from victor_nb.commands.showing import table
from victor_nb.views import RecordView, TableView

_BEST = 5
_LOCAL = click.option("--local", is_flag=True, help="Of the index in the project.")


@dataclass(frozen=True)
class Statistics(RecordView):
    """Words for a person, and numbers for a program.

    Attributes:
        numbers: what `--json` gives.
    """

    numbers: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> object:
        """The numbers."""
        return dict(self.numbers)


@click.command("stats", cls=VerbCommand)
@_LOCAL
@click.pass_obj
def stats(session: Session, local: bool) -> Statistics:
    """Tell how many questions were asked, how often a suggestion was accepted, how fast answers are, and what is known.

    Example: victor docs stats --json
    """
    from victor_nb.assist import assistant_of

    assistant = assistant_of(session.settings(), local=local)
    counts, known = assistant.feedback.counts(), sorted(assistant.library.known().items())
    verdicts = counts.accepted + counts.rejected
    middle, slowest = _at(counts.answered_ms, 0.50), _at(counts.answered_ms, 0.99)
    size, passages = assistant.library.bytes(), sum(one.passages for _, one in known)
    fields = {
        "questions": str(counts.questions),
        "verdicts": f"{counts.accepted} accepted, {counts.rejected} rejected",
        "acceptance rate": f"{counts.accepted / verdicts:.0%}" if verdicts else "no verdicts yet",
        "questions that were helped": f"{counts.helped} of {counts.judged} judged",
        "latency": f"p50 {middle:.0f} ms, p99 {slowest:.0f} ms" if counts.answered_ms else "no questions yet",
        "best passages": "\n".join(f"{name}, {times} times" for name, times in counts.best[:_BEST]) or "none yet",
        "index": f"{passages:,} passages, {size / 1e6:.1f} MB in {assistant.places.packages}",
        "packages": "\n".join(f"{key}, {one.passages:,} passages" for key, one in known) or "none yet",
        **({"note": assistant.places.note} if assistant.places.note else {}),
    }
    numbers = {
        "questions": counts.questions,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "acceptance_rate": counts.accepted / verdicts if verdicts else None,
        "questions_judged": counts.judged,
        "questions_helped": counts.helped,
        "latency_p50_ms": middle,
        "latency_p99_ms": slowest,
        "best_passages": [{"name": name, "accepted": times} for name, times in counts.best],
        "passages": passages,
        "index_bytes": size,
        "index_folder": str(assistant.places.packages),
        "packages": [{"name": one.name, "version": one.version, "passages": one.passages} for _, one in known],
        "note": assistant.places.note,
    }
    return Statistics(fields, "Documentation assistant", numbers)


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


def _at(times: Sequence[float], part: float) -> float | None:
    """Return the time that this part of the answers did not take longer than, in milliseconds."""
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3) if ordered else None
