"""The seam under the journal: what a database must be able to keep.

1. A store knows rows, bytes and owners; it decodes nothing and decides nothing.
2. `append` is atomic: all of its rows, blobs and the new status are there, or none is.
3. Two rows of one run cannot have one number, whoever writes them: that fences a lost owner.
4. Every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from victor_nb.journal.disposal import Disposal
from victor_nb.journal.events import Event, RunInfo, Status
from victor_nb.journal.items import Items
from victor_nb.journal.rows import Head, Row, Swept


class Watch(Protocol):
    """A reader's wish to hear of one run.

    Attributes:
        is_live: whether the reader will be told of the next event; if not, it has to ask.
    """

    is_live: bool

    def close(self) -> None:
        """Hear no more."""


class Store(Protocol):
    """A place for runs, their events, blobs and mail, and for what outlives them; see the module's rules."""

    url: str
    items: Items
    disposal: Disposal

    def create_run(self, info: RunInfo, key: str, rows: Sequence[Row], blobs: Mapping[str, bytes]) -> None:
        """Add a run with its first events. `key` is the hash of kind, name and request."""

    def append(
        self,
        run_id: str,
        rows: Sequence[Row],
        blobs: Mapping[str, bytes],
        *,
        status: Status | None = None,
        power_safe: bool = False,
    ) -> None:
        """Add events, oldest first. With `power_safe` they survive a power cut, not only a killed process.

        Raises:
            LeaseLost: one of the numbers is taken.
            RunNotFound: there is no such run.
        """

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
        """Return events with `after < seq <= through`, oldest first; with `last`, only that many at the end."""

    def results(self, run_id: str, *, after: int, through: int | None) -> dict[str, bytes]:
        """Return the bodies of `step.finished` by step; the one query that a resumed run waits for."""

    def run(self, run_id: str) -> RunInfo | None: ...

    def runs_with_prefix(self, prefix: str, limit: int) -> list[RunInfo]:
        """Return the newest runs whose id starts with `prefix`."""

    def runs(
        self, *, kind: str | None, name: str | None, status: Status | None, key: str | None, limit: int
    ) -> list[RunInfo]:
        """Return runs, newest first."""

    def heads(self, after: int, numbers: Iterable[int] = ()) -> list[Head]:
        """Return the runs whose number is greater than `after`, and those with one of `numbers`, by number."""

    def sweep(self, first: int, last: int, types: Sequence[str], *, after: int, through: int) -> list[Swept]:
        """Return finished steps and events of `types` of the runs `first` to `last`, with `after < seq <= through`.

        Each run's are in their order; a run that has none is left out.
        """

    def size_bytes(self) -> int:
        """Return how much room the journal takes."""

    def blob(self, name: str) -> bytes | None: ...

    def swap_owner(self, run_id: str, expected: str, owner: str, lease_until: float, now: float) -> bool:
        """Make `owner` the owner if `expected` still is; return whether that happened."""

    def renew(self, leases: Mapping[str, str], lease_until: float, now: float) -> None:
        """Extend leases, by run the owner that must still hold it."""

    def send(self, run_id: str, name: str, raw: bytes, now: float) -> None:
        """Leave mail for whoever executes the run."""

    def take_mail(self, run_id: str) -> list[tuple[str, bytes]]:
        """Return and remove the run's mail, oldest first."""

    def drop_mail(self, run_id: str, name: str) -> None:
        """Remove the run's mail of that name."""

    def newest_seq(self, run_id: str) -> int:
        """Return the number of the run's last event; 0 if there is none."""

    def watch(self, run_id: str, wake: Callable[[], None]) -> Watch | None:
        """Have `wake` called, on any thread, soon after others added events; None where only asking tells."""

    def stats(self) -> dict[str, float]:
        """Return counters: appends, rows, lock_waits, lock_wait_s, worst_lock_wait_s."""

    def close(self) -> None: ...
