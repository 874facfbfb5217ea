"""The leases that this process holds: taken, renewed by one thread a journal, given back.

1. Taking a lease is one compare-and-swap in the store: of two that try, one gets it.
2. The thread that renews never ends by an error and never keeps a forgotten journal alive.
3. A forked child holds none of its parent's leases, and gives none of them back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final
from weakref import ReferenceType, ref

from msgspec.structs import replace

from victor_nb.journal.errors import JournalError, RunInUse
from victor_nb.journal.events import RunInfo, Status
from victor_nb.journal.forks import renew_in_children
from victor_nb.journal.lease import LEASE_S, Owner
from victor_nb.journal.rows import Head
from victor_nb.journal.store import Store

BEAT_S: Final = LEASE_S / 3


class Leases:
    """What one journal of this process executes.

    Args:
        clock: seconds since the epoch.
        beat_s: how often leases are renewed, in seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float], beat_s: float = BEAT_S) -> None:
        self._store, self._clock, self._beat_s = store, clock, beat_s
        self.after_fork()
        renew_in_children(self)

    def after_fork(self) -> None:
        """Begin with nothing: what was held is the parent's."""
        self._held: dict[str, str] = {}
        self._given_up: dict[str, str] = {}  # released, and the store could not be told yet
        self._told: set[str] = set()
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._heart: threading.Thread | None = None

    def new(self, info: RunInfo) -> RunInfo:
        """Return the info of a run that is about to be made, with this process as its owner."""
        return replace(info, owner=Owner.here().written(), lease_until=self._clock() + LEASE_S)

    def take_over(self, info: RunInfo) -> RunInfo:
        """Become the owner of a run that nobody executes any more.

        Raises:
            RunInUse: somebody does.
        """
        now = self._clock()
        if not is_free(info, now) and self._given_up.get(info.run_id) != info.owner:
            raise _in_use(info)
        mine = self.new(info)
        if not self._store.swap_owner(info.run_id, info.owner, mine.owner, mine.lease_until, now):
            raise _in_use(self._store.run(info.run_id) or info)
        self.hold(mine)
        return replace(mine, status=Status.RUNNING)

    def hold(self, info: RunInfo) -> None:
        """Keep the lease alive until it is released."""
        with self._guard:
            self._held[info.run_id] = info.owner
            if self._heart is None:
                beating = (ref(self), self._closing, self._beat_s)
                self._heart = threading.Thread(target=_beat, args=beating, name="victor-journal-lease", daemon=True)
                self._heart.start()

    def holds(self, run_id: str) -> bool:
        """Whether the run is executed here."""
        return run_id in self._held

    def release(self, run_id: str) -> None:
        """Give the lease back, if it is held here; where the store cannot be told now, it is told later."""
        with self._guard:
            owner = self._held.pop(run_id, None)
            if owner is not None:
                self._given_up[run_id] = owner
        self._give_back()

    def _give_back(self) -> None:
        for run_id, owner in list(self._given_up.items()):
            try:
                self._store.swap_owner(run_id, owner, "", 0.0, self._clock())
            except JournalError:
                if run_id not in self._told:
                    self._told.add(run_id)
                    logging.getLogger(__name__).warning("the lease of run %s could not be given back yet", run_id)
            else:
                self._given_up.pop(run_id, None)

    def renew(self) -> None:
        """Extend every lease that is held."""
        self._give_back()
        with self._guard:
            held = dict(self._held)
        if held:
            now = self._clock()
            self._store.renew(held, now + LEASE_S, now)

    def close(self) -> None:
        """Give back every lease and end the thread."""
        self._closing.set()
        heart, self._heart = self._heart, None
        if heart is not None and heart is not threading.current_thread():
            heart.join()
        with self._guard:
            held = list(self._held)
        for run_id in held:
            self.release(run_id)


def is_free(info: RunInfo | Head, now: float) -> bool:
    """Whether nobody executes the run now."""
    return not info.owner or Owner.read(info.owner).is_gone(info.lease_until, now)


def _beat(leases: ReferenceType[Leases], closing: threading.Event, beat_s: float) -> None:
    is_told = False
    while not closing.wait(beat_s):
        ours = leases()
        if ours is None:
            return
        try:
            ours.renew()
        except Exception as failure:  # the next step of the run meets it too, and there it can be told
            if not is_told:
                known = isinstance(failure, JournalError)
                words = "leases could not be renewed; they are tried again: %s"
                logging.getLogger(__name__).warning(words, getattr(failure, "what", failure), exc_info=not known)
            is_told = True
        else:
            is_told = False
        del ours  # while waiting, nothing here keeps the journal alive


def _in_use(info: RunInfo) -> RunInUse:
    return RunInUse(
        f"run {info.run_id} is being executed by {Owner.read(info.owner) if info.owner else 'another process'}",
        hint=f"watch it: victor attach {info.run_id}; end it: victor stop {info.run_id}",
    )
