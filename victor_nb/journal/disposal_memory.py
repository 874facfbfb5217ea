"""Runs that leave a store in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from victor_nb.journal.disposal import REFERENCES, Remains, Summary, may_nest, names_in
from victor_nb.journal.rows import Head

if TYPE_CHECKING:
    from victor_nb.journal.memory import MemoryStore


class MemoryDisposal:
    """Works on the dictionaries of a `MemoryStore`, behind its lock."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._generation, self._last = 0, 0
        self._summaries: dict[int, bytes] = {}
        self._pins: set[str] = set()

    def remains(self, generation: int) -> Remains | None:
        with self._store.lock:
            if generation == self._generation:
                return None
            kept = tuple(Summary(*one) for one in self._summaries.items())
            return Remains(self._generation, frozenset(self._store.numbers.values()), kept)

    def remove(self, heads: Sequence[Head], summary: bytes) -> list[int]:
        leaving = {head.run_id for head in heads}
        with self._store.lock:
            now = {head.number: head for head in self._store.heads(0)}
            children = self.children()
            stay = [
                head.number
                for head in heads
                if now.get(head.number) != head
                or head.run_id in self._pins
                or children.get(head.run_id, frozenset()) - leaving
            ]
            if not stay:
                self._store.forget(leaving)
                self._remember(summary)
            return stay

    def _remember(self, summary: bytes) -> None:
        self._last += 1
        self._generation += 1
        self._summaries[self._last] = summary

    def merge(self, old: Collection[int], new: bytes) -> bool:
        with self._store.lock:
            if not self._summaries.keys() >= set(old):
                return False
            for number in old:
                del self._summaries[number]
            self._remember(new)
            return True

    def children(self) -> dict[str, frozenset[str]]:
        found = defaultdict(set)
        with self._store.lock:
            for info in self._store.all_runs():
                if info.parent:
                    found[info.parent].add(info.run_id)
        return {parent: frozenset(built) for parent, built in found.items()}

    def weights(self, first: int, last: int) -> dict[int, int]:
        with self._store.lock:
            return {
                number: sum(len(event.raw) for event in self._store.events_of(run_id))
                for run_id, number in self._store.numbers.items()
                if first <= number <= last
            }

    def orphans(self) -> list[int]:
        return []

    def clear(self, number: int, most: int) -> int:
        return 0

    def referring(self, first: int, last: int, *, after: int, through: int) -> Iterator[tuple[int, bytes]]:
        with self._store.lock:
            found = [
                (number, raw)
                for run_id, number in self._store.numbers.items()
                if first <= number <= last
                for raw in self._store.bodies_of(run_id)[after and after + 1 : through + 1]
                if any(word in raw for word in REFERENCES)
            ]
        yield from found

    def blobs(self) -> dict[str, int]:
        with self._store.lock:
            return {name: len(content) for name, content in self._store.blobs.items()}

    def nesting(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        with self._store.lock:
            found = [(name, self._store.blobs.get(name, b"")) for name in names]
        yield from (
            (name, content)
            for name, content in found
            if may_nest(content) and any(word in content for word in REFERENCES)
        )

    def drop_blobs(self, names: Sequence[str], first: int, seen: dict[int, int]) -> tuple[int, int] | None:
        with self._store.lock:
            grown = [
                raw
                for run_id, number in self._store.numbers.items()
                if number > first or number in seen
                for raw in self._store.bodies_of(run_id)[1 + seen.get(number, -1) :]
            ]
            if any(not names_in(raw).isdisjoint(names) for raw in grown):
                return None
            sizes = [len(self._store.blobs.pop(name)) for name in names if name in self._store.blobs]
            return len(sizes), sum(sizes)

    def pin(self, run_id: str, now: float) -> bool:
        with self._store.lock:
            if self._store.run(run_id) is None:
                return False
            self._pins.add(run_id)
            return True

    def unpin(self, run_id: str) -> bool:
        with self._store.lock:
            was_pinned = run_id in self._pins
            self._pins.discard(run_id)
            return was_pinned

    def pinned(self) -> frozenset[str]:
        with self._store.lock:
            return frozenset(self._pins)

    def give_back(self) -> int:
        return 0

    def rewrite(self) -> int:
        return 0

    def free_bytes(self) -> int:
        return 0
