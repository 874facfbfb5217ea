"""What a clearance did, or would do: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Group:
    """Runs of one kind and name that went, or would go.

    Attributes:
        bytes: of their events.
    """

    kind: str
    name: str
    runs: int
    events: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Clearance:
    """What went, or would go.

    Attributes:
        is_done: whether it happened; otherwise it was only looked at.
        groups: the runs, most bytes first.
        run_ids: their ids, the longest unchanged first.
        blobs, blob_bytes: long values that no run needs any more.
        left_bytes: what a clearance that was killed had left of runs that were gone already.
        notebooks: folders of executed notebooks of these runs; `notebook_bytes` is what they hold.
        stays: why how many runs stay that fit the policy.
        size_bytes: what the journal takes, afterwards where it was done.
        freed_bytes: what was given back to the file system.
        free_bytes: what is free inside the journal, for what is written next.
        needs_rewrite: whether the journal has to be written anew before free room can be given back.
        max_bytes: the journal's budget; None if it has none.
    """

    is_done: bool
    groups: tuple[Group, ...] = ()
    run_ids: tuple[str, ...] = ()
    blobs: int = 0
    blob_bytes: int = 0
    left_bytes: int = 0
    notebooks: int = 0
    notebook_bytes: int = 0
    stays: Mapping[str, int] = field(default_factory=dict)
    size_bytes: int = 0
    freed_bytes: int = 0
    free_bytes: int = 0
    needs_rewrite: bool = False
    max_bytes: int | None = None

    @property
    def runs(self) -> int:
        """How many runs."""
        return sum(group.runs for group in self.groups)

    @property
    def events(self) -> int:
        """How many events they had."""
        return sum(group.events for group in self.groups)

    @property
    def bytes(self) -> int:
        """Everything that went, or would go."""
        of_runs = sum(group.bytes for group in self.groups)
        return of_runs + self.blob_bytes + self.left_bytes + self.notebook_bytes
