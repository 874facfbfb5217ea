"""Events and runs as plain frozen data; nothing here touches a store, a clock or a file.

1. `seq` counts a run's stored events from 1 without gaps; `seq == 0` marks an event that was only shown live.
2. An event's body stays encoded until somebody asks for `data`: listing a run decodes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

LIVE_ONLY: Final = 0


class Status(StrEnum):
    """Where a run stands. Only a finished run cannot be resumed."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


STATUS_AFTER: Final = {
    "run.started": Status.RUNNING,
    "run.resumed": Status.RUNNING,
    "run.finished": Status.FINISHED,
    "run.failed": Status.FAILED,
    "run.stopped": Status.STOPPED,
}
FINAL_TYPES: Final = frozenset({"run.finished", "run.failed", "run.stopped"})

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Event(msgspec.Struct, frozen=True, gc=False):
    """One immutable fact about a run.

    Attributes:
        run_id: the run that it belongs to.
        seq: its number in that run, from 1; 0 for one that was only shown live.
        time: seconds since the Unix epoch.
        type: what happened, such as "step.finished"; the reference lists all.
        step_id: the step that the event is about; empty for the run itself.
        parent_id: the step inside which that step ran; empty at the top.
        raw: the body as JSON; empty where only an outline was read.
        replayed: True when a reader is shown the past rather than the present.
    """

    run_id: str
    seq: int
    time: float
    type: str
    step_id: str = ""
    parent_id: str = ""
    raw: bytes = b""
    replayed: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """The decoded body: JSON values, with blobs still as references (see `Journal.load`)."""
        return _decode(self.raw) if self.raw else {}

    @classmethod
    def of(
        cls,
        run_id: str,
        seq: int,
        time: float,
        type: str,
        *,
        step_id: str = "",
        parent_id: str = "",
        data: Mapping[str, object] | None = None,
        replayed: bool = False,
    ) -> Event:
        """Build an event from a body of JSON values."""
        raw = _encode(data) if data else b"{}"
        return cls(run_id, seq, time, type, step_id, parent_id, raw, replayed)

    def as_replayed(self, now: float | None = None) -> Event:
        """The same event, marked as part of the past; with `now`, as one that a replay shows at that time."""
        return msgspec.structs.replace(self, replayed=True, time=self.time if now is None else now)


class RunInfo(msgspec.Struct, frozen=True):
    """What the journal knows of a run without reading its events.

    Attributes:
        run_id: sorts by time.
        kind: "agent", "workflow", …
        name: which agent or workflow.
        created, updated: seconds since the Unix epoch; `updated` moves with status changes and heartbeats.
        parent: the run whose record this one was built on (replay or fork); empty for a first run.
        through: the last event of `parent` that belongs to this run's past; 0 without a parent.
        owner: who executes the run now, as `lease.Owner` writes it; empty when nobody does.
        lease_until: seconds since the Unix epoch; the owner extends it while it lives.
        raw_request: what was asked for, as JSON; equal requests find each other's recordings.
    """

    run_id: str
    kind: str
    name: str
    status: Status
    created: float
    updated: float
    parent: str = ""
    through: int = 0
    owner: str = ""
    lease_until: float = 0.0
    raw_request: bytes = b"{}"

    @property
    def request(self) -> dict[str, Any]:
        """The decoded request; long fields stand in it as references, which `Journal.request` reads."""
        return _decode(self.raw_request)

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end, so that it can only be replayed."""
        return self.status is Status.FINISHED
