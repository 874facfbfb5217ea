"""A store that lives and dies with its process: for tests and for runs nobody wants to keep."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock

from msgspec.structs import replace

from .errors import LeaseLost, RunNotFound
from .events import Event, RunInfo, Status
from .items import Items
from .items_memory import MemoryItems
from .store import Head, Row, Swept


class MemoryStore:
    """Keeps everything in dictionaries behind one lock."""

    def __init__(self) -> None:
        self.url = "memory:"
        self._lock = RLock()
        self._runs: dict[str, RunInfo] = {}
        self._keys: dict[str, str] = {}
        self._events: defaultdict[str, list[Event]] = defaultdict(list)
        self._blobs: dict[str, bytes] = {}
        self._mail: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self._appends = 0
        self.items: Items = MemoryItems()

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        with self._lock:
            self._runs[info.run_id], self._keys[info.run_id] = info, key
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
        with self._lock:
            if run_id not in self._runs:
                raise RunNotFound(f"there is no run {run_id!r}", self.url, "list them: victor runs")
            stored = self._events[run_id]
            if rows and rows[0].seq != len(stored) + 1:
                raise LeaseLost.to_another(run_id)
            for row in rows:
                stored.append(Event(run_id, *row))
            if blobs:
                self._blobs.update(blobs)
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
        with self._lock:
            found = self._events[run_id][after:through]
        if types is not None:
            wanted = frozenset(types)
            found = [event for event in found if event.type in wanted]
        if last is not None:
            found = found[-last:] if last else []
        return found if bodies else [replace(event, raw=b"") for event in found]

    def results(self, run_id: str, *, after: int, through: int | None) -> dict[str, bytes]:
        with self._lock:
            return {e.step_id: e.raw for e in self._events[run_id][after:through] if e.type == "step.finished"}

    def run(self, run_id: str) -> RunInfo | None:
        with self._lock:
            return self._runs.get(run_id)

    def runs_with_prefix(self, prefix: str, limit: int) -> list[RunInfo]:
        with self._lock:
            ids = sorted(self._runs)
            found = [run_id for run_id in ids[: bisect_right(ids, prefix + "\uffff")] if run_id.startswith(prefix)]
            return [self._runs[run_id] for run_id in reversed(found[-limit:])]

    def runs(
        self, *, kind: str | None, name: str | None, status: Status | None, key: str | None, limit: int
    ) -> list[RunInfo]:
        with self._lock:
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
        with self._lock:
            return [
                Head(
                    *(number, one.run_id, one.kind, one.name, one.status.value, one.created, one.updated),
                    *(one.owner, one.lease_until, len(self._events[one.run_id])),
                )
                for number, one in enumerate(self._runs.values(), start=1)
                if number > after or number in known
            ]

    def sweep(self, first: int, last: int, types: Sequence[str], *, after: int, through: int) -> list[Swept]:
        with self._lock:
            numbered = list(enumerate(self._runs, start=1))[first - 1 : last]
            found = [_swept(number, self._events[run_id][after:through], types) for number, run_id in numbered]
        return [swept for swept in found if swept.times or swept.others]

    def size_bytes(self) -> int:
        with self._lock:
            stored = sum(len(event.raw) for events in self._events.values() for event in events)
            return stored + sum(map(len, self._blobs.values()))

    def blob(self, name: str) -> bytes | None:
        with self._lock:
            return self._blobs.get(name)

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        with self._lock:
            info = self._runs[run_id]
            if info.owner != expected:
                return False
            self._runs[run_id] = replace(info, owner=owner, lease_until=lease_until, updated=now)
            return True

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        with self._lock:
            for run_id, owner in leases.items():
                self.swap_owner(run_id, owner, owner, lease_until, now)

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        with self._lock:
            self._mail[run_id].append((name, raw))

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        with self._lock:
            return self._mail.pop(run_id, [])

    def drop_mail(self, run_id: str, name: str) -> None:
        with self._lock:
            self._mail[run_id] = [mail for mail in self._mail[run_id] if mail[0] != name]

    def newest_seq(self, run_id: str) -> int:
        with self._lock:
            return len(self._events[run_id])

    def watch(self, run_id: str, wake: Callable[[], None]) -> None:
        """There are no others: every event of this process is heard at once."""

    def stats(self) -> dict[str, float]:
        with self._lock:
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
