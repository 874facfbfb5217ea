"""Spans: which stretches of which runs make up a run's past, oldest first.

A run that was built on another (a fork, a replay that added something) has the other's events as its past, up to the
event where it branched off. An engine that keeps snapshots needs only what came after the newest of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from victor_nb.journal.errors import JournalCorrupt
from victor_nb.journal.events import Event, RunInfo
from victor_nb.journal.store import Store


class Span(NamedTuple):
    """The events of one run with `after < seq <= through`; no end where `through` is None."""

    run_id: str
    after: int = 0
    through: int | None = None


def spans_of(store: Store, info: RunInfo, through: int | None = None) -> list[Span]:
    """Return the past of a run: its ancestors' spans, then its own up to `through`."""
    spans = [Span(info.run_id, 0, through)]
    while info.parent:
        parent = store.run(info.parent)
        if parent is None:
            raise JournalCorrupt(
                f"run {info.run_id} is built on run {info.parent}, which is gone",
                store.url,
                "restore the journal from a backup",
            )
        spans.append(Span(parent.run_id, 0, info.through))
        info = parent
    return spans[::-1]


def since_last(store: Store, spans: Sequence[Span], type: str) -> tuple[Event | None, list[Span]]:
    """Return the newest event of a type and the spans after it; None and all spans if there is no such event."""
    for place in range(len(spans) - 1, -1, -1):
        span = spans[place]
        found = store.events(span.run_id, after=span.after, through=span.through, types=(type,), last=1, bodies=True)
        if found:
            return found[0], [span._replace(after=found[0].seq), *spans[place + 1 :]]
    return None, list(spans)


def events_in(store: Store, spans: Iterable[Span], types: Iterable[str] | None = None) -> list[Event]:
    """Return the events of some spans, oldest first."""
    wanted = None if types is None else tuple(types)
    return [
        event
        for run_id, after, through in spans
        for event in store.events(run_id, after=after, through=through, types=wanted, last=None, bodies=True)
    ]
