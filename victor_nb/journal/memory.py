"""A store that lives and dies with its process: for tests and for runs nobody wants to keep."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock

from msgspec.structs import replace

from victor_nb.journal.disposal import Disposal
from victor_nb.journal.disposal_memory import MemoryDisposal
from victor_nb.journal.errors import LeaseLost, RunNotFound
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.items import Items
from victor_nb.journal.items_memory import MemoryItems
from victor_nb.journal.rows import Head, Row, Swept


class MemoryStore:
    """Keeps everything in dictionaries behind one lock."""

    def __init__(self) -> None:
        self.url = "memory:"
        self.lock = RLock()
        self._runs: dict[str, RunInfo] = {}
        self.numbers: dict[str, int] = {}
        self._newest = 0
        self._keys: dict[str, str] = {}
        self._events: defaultdict[str, list[Event]] = defaultdict(list)
        self.blobs: dict[str, bytes] = {}
        self._mail: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self._appends = 0
        self.items: Items = MemoryItems()
        self.disposal: Disposal = MemoryDisposal(self)

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        with self.lock:
            if info.parent and info.parent not in self._runs:
                raise RunNotFound.removed(info.parent, self.url)
            self._runs[info.run_id], self._keys[info.run_id] = info, key
            self._newest += 1
            self.numbers[info.run_id] = self._newest
            self.append(info.run_id, rows, blobs)

    def append(
        self,
        run_id: str,
        rows: Sequence[Row],
        blobs: Mapping[str, bytes],
        *,
        status: Status | None = None,
        power_safe: bool = False,
    ) -> None:
        with self.lock:
            if run_id not in self._runs:
                raise RunNotFound(f"there is no run {run_id!r}", self.url, "list them: victor runs")
            stored = self._events[run_id]
            if rows and rows[0].seq != len(stored) + 1:
                raise LeaseLost.to_another(run_id)
            for row in rows:
                stored.append(Event(run_id, *row))
            if blobs:
                self.blobs.update(blobs)
            self._appends += 1
            if status is not None:
                self._runs[run_id] = replace(self._runs[run_id], status=status, updated=rows[-1].time)

    def events(
        self,
        run_id: str,
        *,
        after: int,
        through: int | None,
        types: Iterable[str] | None,
        last: int | None,
        bodies: bool,
    ) -> list[Event]:
        with self.lock:
            found = self._events[run_id][after:through]
        if types is not None:
            wanted = frozenset(types)
            found = [event for event in found if event.type in wanted]
        if last is not None:
            found = found[-last:] if last else []
        return found if bodies else [replace(event, raw=b"") for event in found]

    def results(self, run_id: str, *, after: int, through: int | None) -> dict[str, bytes]:
        with self.lock:
            return {e.step_id: e.raw for e in self._events[run_id][after:through] if e.type == "step.finished"}

    def run(self, run_id: str) -> RunInfo | None:
        with self.lock:
            return self._runs.get(run_id)

    def runs_with_prefix(self, prefix: str, limit: int) -> list[RunInfo]:
        with self.lock:
            ids = sorted(self._runs)
            found = [run_id for run_id in ids[: bisect_right(ids, prefix + "\uffff")] if run_id.startswith(prefix)]
            return [self._runs[run_id] for run_id in reversed(found[-limit:])]

    def runs(
        self, *, kind: str | None, name: str | None, status: Status | None, key: str | None, limit: int
    ) -> list[RunInfo]:
        with self.lock:
            newest_first = [self._runs[run_id] for run_id in sorted(self._runs, reverse=True)]
            return [
                info
                for info in newest_first
                if kind in (None, info.kind)
                and name in (None, info.name)
                and status in (None, info.status)
                and key in (None, self._keys[info.run_id])
            ][:limit]

    def heads(self, after: int, numbers: Iterable[int] = ()) -> list[Head]:
        known = frozenset(numbers)
        with self.lock:
            return [
                Head(
                    *(number, one.run_id, one.kind, one.name, one.status.value, one.created, one.updated),
                    *(one.owner, one.lease_until, len(self._events[one.run_id])),
                )
                for one in self._runs.values()
                if (number := self.numbers[one.run_id]) > after or number in known
            ]

    def sweep(self, first: int, last: int, types: Sequence[str], *, after: int, through: int) -> list[Swept]:
        with self.lock:
            numbered = [(number, run_id) for run_id, number in self.numbers.items() if first <= number <= last]
            found = [_swept(number, self._events[run_id][after:through], types) for number, run_id in numbered]
        return [swept for swept in found if swept.times or swept.others]

    def size_bytes(self) -> int:
        with self.lock:
            stored = sum(len(event.raw) for events in self._events.values() for event in events)
            return stored + sum(map(len, self.blobs.values()))

    def blob(self, name: str) -> bytes | None:
        with self.lock:
            return self.blobs.get(name)

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        with self.lock:
            info = self._runs[run_id]
            if info.owner != expected:
                return False
            self._runs[run_id] = replace(info, owner=owner, lease_until=lease_until, updated=now)
            return True

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        with self.lock:
            for run_id, owner in leases.items():
                self.swap_owner(run_id, owner, owner, lease_until, now)

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        with self.lock:
            self._mail[run_id].append((name, raw))

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        with self.lock:
            return self._mail.pop(run_id, [])

    def drop_mail(self, run_id: str, name: str) -> None:
        with self.lock:
            self._mail[run_id] = [mail for mail in self._mail[run_id] if mail[0] != name]

    def newest_seq(self, run_id: str) -> int:
        with self.lock:
            return len(self._events[run_id])

    def watch(self, run_id: str, wake: Callable[[], None]) -> None:
        """There are no others: every event of this process is heard at once."""

    # -- for its disposal ------------------------------------------------------------------------------------------

    def all_runs(self) -> list[RunInfo]:
        """Return every run, in the order of their numbers."""
        return list(self._runs.values())

    def events_of(self, run_id: str) -> list[Event]:
        """Return a run's events with their bodies."""
        return self._events[run_id]

    def bodies_of(self, run_id: str) -> list[bytes]:
        """Return what was asked of a run, and then the body of each event."""
        return [self._runs[run_id].raw_request, *(event.raw for event in self._events[run_id])]

    def forget(self, run_ids: Iterable[str]) -> None:
        """Drop runs with all that belongs to them."""
        for run_id in run_ids:
            for kept in (self._runs, self._keys, self._events, self._mail, self.numbers):
                kept.pop(run_id, None)

    def stats(self) -> dict[str, float]:
        with self.lock:
            rows = sum(map(len, self._events.values()))
        return {
            "appends": self._appends,
            "rows": rows,
            "lock_waits": 0,
            "lock_wait_s": 0.0,
            "worst_lock_wait_s": 0.0,
        }

    def close(self) -> None:
        """Nothing to release: the journal is gone when nobody refers to it."""


def _swept(number: int, events: list[Event], types: Sequence[str]) -> Swept:
    finished = [event for event in events if event.type == "step.finished"]
    others = [(event.time, event.type, event.raw) for event in events if event.type in types]
    return Swept(number, [event.time for event in finished], b",".join(event.raw for event in finished), others)
