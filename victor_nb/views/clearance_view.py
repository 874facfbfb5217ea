"""What a clearance of the journal did, or would do: a row for each sort of run, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from victor_nb.views.byte_size import byte_size
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
    rows = [[one.kind, one.name, one.runs, one.events, byte_size(one.bytes)] for one in clearance.groups]
    lines = _done(clearance) if clearance.is_done else _would(clearance, again)
    foot = "\n".join(line for line in (*lines, *_stays(clearance)) if line)
    title = "Removed" if clearance.is_done else "Would be removed"
    empty = "\n".join(("no run fits", foot))
    told = {**asdict(clearance), "runs": clearance.runs, "events": clearance.events, "bytes": clearance.bytes}
    return ClearanceView(_COLUMNS, rows, title=title, empty=empty, foot=foot if rows else "", told=told)


def _would(clearance: Clearance, again: str) -> tuple[str, ...]:
    notebooks = f", {plural(clearance.notebooks, 'folder')} of executed notebooks" if clearance.notebooks else ""
    needed = f" ({byte_size(clearance.blob_bytes)}) that nothing else needs"
    blobs = f", {plural(clearance.blobs, 'long value')}{needed}" if clearance.blobs else ""
    size = f"the journal takes {byte_size(clearance.size_bytes)}"
    over = clearance.max_bytes is not None and clearance.size_bytes - clearance.free_bytes > clearance.max_bytes
    budget = f", its budget is {byte_size(clearance.max_bytes or 0)}" if over else ""
    if not clearance.bytes:
        return (f"{size}{budget}",)
    return (
        f"{plural(clearance.runs, 'run')}{blobs}{notebooks}: {byte_size(clearance.bytes)} in all; {size}{budget}",
        f"nothing was changed; to do it: {again}",
    )


def _done(clearance: Clearance) -> tuple[str, ...]:
    left = f", {byte_size(clearance.left_bytes)} that was left before" if clearance.left_bytes else ""
    blobs = f", {plural(clearance.blobs, 'long value')} ({byte_size(clearance.blob_bytes)})" if clearance.blobs else ""
    room = f"{byte_size(clearance.freed_bytes)} given back to the file system"
    free = f", {byte_size(clearance.free_bytes)} free inside for what comes next" if clearance.free_bytes else ""
    anew = "; --rewrite gives that back too, and holds up writers meanwhile" if clearance.needs_rewrite else ""
    return (
        f"{plural(clearance.runs, 'run')}{blobs}{left}; what they did stays in the metrics",
        f"{room}{free}{anew}; the journal takes {byte_size(clearance.size_bytes)}",
    )


def _stays(clearance: Clearance) -> list[str]:
    return [f"{plural(number, 'run')} that would fit stay: {why}" for why, number in clearance.stays.items()]
