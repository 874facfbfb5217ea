"""What a clearance of the journal did, or would do: a row for each sort of run, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from victor_nb.views.tables import TableView
from victor_nb.views.wording import plural

if TYPE_CHECKING:
    from victor_nb.retention import Clearance

_COLUMNS: Final = ("kind", "name", "runs", "events", "size")


@dataclass(frozen=True)
class ClearanceView(TableView):
    """A table of what goes; `told` has all numbers."""

    told: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> object:
        """Every number, with the ids of the runs."""
        return dict(self.told)


def clearance_view(clearance: Clearance, *, again: str) -> ClearanceView:
    """Build the view.

    Args:
        again: the command that does what was only looked at.
    """
    rows = [[one.kind, one.name, one.runs, one.events, bytes_told(one.bytes)] for one in clearance.groups]
    lines = _done(clearance) if clearance.is_done else _would(clearance, again)
    foot = "\n".join(line for line in (*lines, *_stays(clearance)) if line)
    title = "Removed" if clearance.is_done else "Would be removed"
    empty = "\n".join(("no run fits", foot))
    told = {**asdict(clearance), "runs": clearance.runs, "events": clearance.events, "bytes": clearance.bytes}
    return ClearanceView(_COLUMNS, rows, title=title, empty=empty, foot=foot if rows else "", told=told)


def bytes_told(number: int) -> str:
    """Write a number of bytes as a person reads it: "1.2 GB"."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"


def _would(clearance: Clearance, again: str) -> tuple[str, ...]:
    notebooks = f", {plural(clearance.notebooks, 'folder')} of executed notebooks" if clearance.notebooks else ""
    needed = f" ({bytes_told(clearance.blob_bytes)}) that nothing else needs"
    blobs = f", {plural(clearance.blobs, 'long value')}{needed}" if clearance.blobs else ""
    size = f"the journal takes {bytes_told(clearance.size_bytes)}"
    over = clearance.max_bytes is not None and clearance.size_bytes - clearance.free_bytes > clearance.max_bytes
    budget = f", its budget is {bytes_told(clearance.max_bytes or 0)}" if over else ""
    return (
        f"{plural(clearance.runs, 'run')}{blobs}{notebooks}: {bytes_told(clearance.bytes)} in all; {size}{budget}",
        f"nothing was changed; to do it: {again}" if clearance.bytes else "",
    )


def _done(clearance: Clearance) -> tuple[str, ...]:
    left = f", {bytes_told(clearance.left_bytes)} that was left before" if clearance.left_bytes else ""
    blobs = f", {plural(clearance.blobs, 'long value')} ({bytes_told(clearance.blob_bytes)})" if clearance.blobs else ""
    room = f"{bytes_told(clearance.freed_bytes)} given back to the file system"
    free = f", {bytes_told(clearance.free_bytes)} free inside for what comes next" if clearance.free_bytes else ""
    anew = "; --rewrite gives that back too, and holds up writers meanwhile" if clearance.needs_rewrite else ""
    return (
        f"{plural(clearance.runs, 'run')}{blobs}{left}; what they did stays in the metrics",
        f"{room}{free}{anew}; the journal takes {bytes_told(clearance.size_bytes)}",
    )


def _stays(clearance: Clearance) -> list[str]:
    return [f"{plural(number, 'run')} that would fit stay: {why}" for why, number in clearance.stays.items()]
