"""What the seams of a store hand over, as plain data: rows on their way in, and what is read of many runs at once."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """An event on its way into the store."""

    seq: int
    time: float
    type: str
    step_id: str
    parent_id: str
    raw: bytes


class Head(NamedTuple):
    """Where a run stands, for who reads the whole journal.

    Attributes:
        number: the store's own; later runs have greater ones.
        newest: the number of its last event; 0 if it has none.
    """

    number: int
    run_id: str
    kind: str
    name: str
    status: str
    created: float
    updated: float
    owner: str
    lease_until: float
    newest: int


class Swept(NamedTuple):
    """What one run holds of the events that a sweep asked for.

    Attributes:
        number: the run's, as in its `Head`.
        times: when its steps were finished, in seconds since the epoch, to the millisecond.
        results: the bodies of those events, joined by commas: a million are decoded at once.
        others: time, type and body of each event of another type.
    """

    number: int
    times: list[float]
    results: bytes
    others: list[tuple[float, str, bytes]]
