"""Clearing away what a plan names, in steps that are whole each: killed between any two, the next clearance goes on.

1. Runs go first, a few at a time, each few in one transaction with the numbers that are remembered of them.
2. Then their events, which nobody finds any more, then blobs that nothing refers to, then free room.
3. No step holds up a writer for longer than a few hundred rows take.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from victor_nb.insight.history import merged, read, written
from victor_nb.insight.projection import LOOK_BACK, Projection
from victor_nb.journal import Journal
from victor_nb.journal.rows import Head
from victor_nb.retention import notebooks
from victor_nb.retention.marking import References
from victor_nb.retention.planning import Plan, family

RUNS_AT_ONCE: Final = 50
EVENTS_AT_ONCE: Final = 500
BLOBS_AT_ONCE: Final = 100
HOURLY_FOR_S: Final = 90 * 86_400
"""What is remembered is kept by the hour for so long, and by the day after that."""
MOST_REWRITTEN_BYTES: Final = 256_000_000
"""A journal of which no more is left is written anew, which takes a second or two."""
LONGEST_GIVING_S: Final = 20.0
LEFT_FREE_BYTES: Final = 1_000_000
_TRIES: Final = 3


class Freed(NamedTuple):
    """What was cleared away, in numbers and bytes; see `Clearance`."""

    run_ids: tuple[str, ...]
    event_bytes: int
    blobs: int
    blob_bytes: int
    notebooks: int
    notebook_bytes: int
    freed_bytes: int
    needs_rewrite: bool


def collect(journal: Journal, plan: Plan, *, root: Path | None, rewrite: bool) -> Freed:
    """Clear away what a plan names, and whatever earlier clearances left.

    Args:
        root: of the project whose executed notebooks go with their runs; None for none.
        rewrite: write the whole journal anew at the end, which holds up writers meanwhile.
    """
    run_ids = [run_id for batch in _batches(plan) for run_id in _remove(journal, batch, root)]
    of_notebooks = notebooks.remove_left(root, journal.store)
    event_bytes = _clear_events(journal)
    blobs = _clear_blobs(journal)
    _merge(journal)
    freed, is_stuck = _give_back(journal, rewrite)
    return Freed(tuple(run_ids), event_bytes, *blobs, *of_notebooks, freed, is_stuck)


# -- runs ------------------------------------------------------------------------------------------------------------


def _batches(plan: Plan) -> Iterator[list[Head]]:
    """Portions of a plan; a run comes after those that are built on it, or together with them."""
    by_id = {head.run_id: head for head in plan.heads}
    done: set[str] = set()
    batch: list[Head] = []
    for head in plan.heads:
        own = [one for one in family(head, by_id, plan.children) if one.run_id not in done]
        done.update(one.run_id for one in own)
        batch += own
        if len(batch) >= RUNS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _remove(journal: Journal, batch: Sequence[Head], root: Path | None) -> list[str]:
    """Remove runs but those that changed since they were looked at; return the ids of the removed."""
    heads = sorted(batch)
    folders = notebooks.folders_of(root, (head.run_id for head in heads))
    notebooks.mark(folders, journal.store)
    while heads:
        history = Projection(journal).history(heads)
        stay = journal.store.disposal.remove(heads, written(history))
        if not stay:
            return [head.run_id for head in heads]
        heads = [head for head in heads if head.number not in stay]
    return []


def _clear_events(journal: Journal) -> int:
    disposal, freed = journal.store.disposal, 0
    for number in disposal.orphans():
        while bytes := disposal.clear(number, EVENTS_AT_ONCE):
            freed += bytes
    return freed


# -- blobs -----------------------------------------------------------------------------------------------------------


def _clear_blobs(journal: Journal) -> tuple[int, int]:
    """Delete what nothing refers to; return how many blobs, and their bytes."""
    count = size = 0
    for _ in range(_TRIES):
        is_done, *found = _sweep_blobs(journal)
        count, size = count + found[0], size + found[1]
        if is_done:
            break
    return count, size


def _sweep_blobs(journal: Journal) -> tuple[bool, int, int]:
    """Look for references once, and delete until somebody has written one that was not seen."""
    store = journal.store
    heads = store.heads(0)
    # What is written from here on is looked at again, in each transaction that deletes.
    newest = heads[-1].number if heads else 0
    first = max(0, newest - LOOK_BACK)
    seen = {head.number: head.newest for head in heads if head.status != "finished" and head.number <= first}
    names = sorted(References(store, heads).unneeded(()))
    count = size = 0
    for start in range(0, len(names), BLOBS_AT_ONCE):
        dropped = store.disposal.drop_blobs(names[start : start + BLOBS_AT_ONCE], first, seen)
        if dropped is None:
            return False, count, size
        count, size = count + dropped[0], size + dropped[1]
    return True, count, size


# -- what is remembered, and room -------------------------------------------------------------------------------------


def _merge(journal: Journal) -> None:
    """Make one summary of several; the old parts of it go into days."""
    disposal, now = journal.store.disposal, journal.clock()
    remains = disposal.remains(-1)
    if remains is None or not remains.summaries:
        return
    histories = [read(summary.content, journal.url) for summary in remains.summaries]
    content = written(merged(histories, days_before=now - HOURLY_FOR_S))
    if len(histories) > 1 or content != remains.summaries[0].content:
        disposal.merge([summary.number for summary in remains.summaries], content)


def _give_back(journal: Journal, rewrite: bool) -> tuple[int, bool]:
    """Give free room back; return how many bytes that was, and whether the rest needs the journal to be written anew.

    Page by page costs the more the more is free, so it ends after a while; where little is left, writing that anew is
    a matter of a moment.
    """
    store, disposal = journal.store, journal.store.disposal
    free = disposal.free_bytes()
    in_use = store.size_bytes() - free
    if rewrite or (free > in_use and in_use <= MOST_REWRITTEN_BYTES):
        return disposal.rewrite() or 0, False
    freed, end = 0, time.monotonic() + LONGEST_GIVING_S
    while (given := disposal.give_back()) and time.monotonic() < end:
        freed += given
    return freed + (given or 0), disposal.free_bytes() > LEFT_FREE_BYTES
