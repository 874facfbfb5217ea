"""A cache in Python that forgets what was used longest ago, and what is too old."""

from __future__ import annotations

import time
from collections import OrderedDict


class Cache:
    """At most `capacity` values by key, each for `ttl_s` seconds since it was put.

    Times are in seconds by the caller's clock; without one the cache has its own.
    """

    def __init__(self, capacity: int, ttl_s: float) -> None:
        self._capacity, self._ttl_s = capacity, ttl_s
        self._entries: OrderedDict[str, tuple[object, float]] = OrderedDict()
        self.hits = self.misses = 0

    def get(self, key: str, now: float | None = None) -> object | None:
        """Return the value of a key if it is there and not too old, else None; it is the newest then."""
        now = time.monotonic() if now is None else now
        entry = self._entries.get(key)
        if entry is not None and entry[1] > now:
            self.hits += 1
            self._entries.move_to_end(key)
            return entry[0]
        self.misses += 1
        self._entries.pop(key, None)
        return None

    def put(self, key: str, value: object, now: float | None = None) -> None:
        """Put a value, in the place of the one that was used longest ago if there is no room."""
        now = time.monotonic() if now is None else now
        self._entries[key] = (value, now + self._ttl_s)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def pop(self, key: str) -> object | None:
        """Forget a key and return its value."""
        entry = self._entries.pop(key, None)
        return None if entry is None else entry[0]

    def clear(self) -> None:
        """Forget everything but the counts."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
