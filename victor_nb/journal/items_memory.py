"""Items that live and die with their process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from threading import RLock

from victor_nb.journal.items import FOREVER, Change, ItemRow, Removal, end_of, is_over, last_of, start_of


class MemoryItems:
    """Items in a dictionary behind one lock, in the order in which they were last written."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._rows: dict[tuple[str, str], ItemRow] = {}

    def write(self, changes: Sequence[Change], now: float) -> None:
        with self._lock:
            for change in last_of(changes):
                old = self._rows.pop((change.place, change.name), None)
                if isinstance(change, Removal):
                    continue
                kept = old is not None and not is_over(old, now)
                row = change._replace(created=old.created) if old is not None and kept else change
                self._rows[change.place, change.name] = row

    def swap(self, row: ItemRow, expected: str, now: float) -> bool:
        with self._lock:
            found = self.get(row.place, row.name, now)
            if (found.version if found is not None else "") != expected:
                return False
            self.write([row], now)
            return True

    def get(self, place: str, name: str, now: float) -> ItemRow | None:
        with self._lock:
            row = self._rows.get((place, name))
        return None if row is None or is_over(row, now) else row

    def below(self, place: str, now: float, *, limit: int | None, offset: int) -> list[ItemRow]:
        with self._lock:
            return list(islice(self._alive(place, now), offset, None if limit is None else offset + limit))

    def with_words(self, place: str, words: Sequence[str], now: float, limit: int) -> list[ItemRow]:
        wanted = set(words)
        with self._lock:
            fitting = (row for row in self._alive(place, now) if not wanted.isdisjoint(row.words.split(" ")))
            return list(islice(fitting, limit))

    def places(self, now: float) -> list[str]:
        with self._lock:
            return sorted({row.place for row in self._rows.values() if not is_over(row, now)})

    def prolong(self, rows: Sequence[ItemRow], now: float) -> None:
        with self._lock:
            for row in rows:
                found = self._rows.get((row.place, row.name))
                if found is not None and found.expires != FOREVER and found.version == row.version:
                    self._rows[row.place, row.name] = found._replace(expires=now + found.ttl_s)

    def describe(self, rows: Sequence[ItemRow]) -> None:
        with self._lock:
            for row in rows:
                found = self._rows.get((row.place, row.name))
                if found is not None and found.version == row.version:
                    self._rows[row.place, row.name] = found._replace(vector=row.vector, embedder=row.embedder)

    def sweep(self, now: float) -> int:
        with self._lock:
            over = [key for key, row in self._rows.items() if is_over(row, now)]
            for key in over:
                del self._rows[key]
        return len(over)

    def _alive(self, place: str, now: float) -> Iterator[ItemRow]:
        """Items at or below a place, the last written first."""
        first, end = start_of(place), end_of(place)
        return (row for row in reversed(self._rows.values()) if first <= row.place < end and not is_over(row, now))
