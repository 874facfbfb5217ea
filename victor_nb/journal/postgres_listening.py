"""Hears which runs got events from other processes: one thread and one connection for all who watch.

1. Hearing is only a reason to look: what was missed while the connection was down, readers find by asking.
2. A run that nobody watches costs its writer nothing; see `postgres_sql`.
3. Where a server cannot notify (a standby), no watch is ever live, and readers go on asking.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

import psycopg
from psycopg import Connection, sql
from psycopg.types.numeric import Int8

from victor_nb.journal.errors import JournalError
from victor_nb.journal.forks import renew_in_children
from victor_nb.journal.postgres_server import Lost, PostgresServer
from victor_nb.journal.postgres_sql import CHANNEL

TRY_AGAIN_S: Final = 1.0
LOOK_AROUND_S: Final = 5.0
"""How often a connection that says nothing is looked at, in seconds."""

Wake = Callable[[], None]


def lock_of(schema: str, run: int) -> int:
    """The advisory lock that stands for watching a run; other programs of the database use other numbers."""
    digest = blake2b(f"victor_nb run {run} of {schema}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


class RunWatch:
    """One reader's wish to hear of one run.

    Attributes:
        is_live: whether the server will tell of the next event.
    """

    def __init__(self, lock: int, wake: Wake, forget: Callable[[RunWatch], None]) -> None:
        self.lock, self.wake, self._forget = lock, wake, forget
        self.is_live = False

    def close(self) -> None:
        """Hear no more."""
        self._forget(self)


class Listening:
    """What one process hears from the server; nothing is connected while nobody watches."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.after_fork()
        renew_in_children(self)

    def after_fork(self) -> None:
        """Begin with nobody who watches."""
        self._watches: defaultdict[int, list[RunWatch]] = defaultdict(list)
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._bell: tuple[socket.socket, socket.socket] | None = None

    def watch(self, run: int, wake: Wake) -> RunWatch:
        """Have `wake` called, on another thread, whenever others may have added events to the run of that number."""
        watch = RunWatch(lock_of(self._server.address.schema, run), wake, self._forget)
        with self._guard:
            self._watches[watch.lock].append(watch)
            if self._thread is None and not self._closing.is_set():
                self._bell = socket.socketpair()
                self._thread = threading.Thread(target=self._listen, name="victor-journal-listen", daemon=True)
                self._thread.start()
            self._ring()
        return watch

    def _forget(self, watch: RunWatch) -> None:
        with self._guard:
            left = [other for other in self._watches.pop(watch.lock, ()) if other is not watch]
            if left:
                self._watches[watch.lock] = left
            self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell[1].send(b".")

    def close(self) -> None:
        """End the thread and its connection."""
        self._closing.set()
        with self._guard:
            thread = self._thread
            self._ring()
        if thread is not None:
            thread.join()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while self._is_wanted():
            try:
                with self._server.connect() as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self._hear(connection)
            except (psycopg.Error, JournalError, Lost):
                self._calm()
                self._closing.wait(TRY_AGAIN_S)

    def _is_wanted(self) -> bool:
        """Whether anybody watches; if not, this thread ends."""
        with self._guard:
            if self._watches and not self._closing.is_set():
                return True
            self._thread, bell, self._bell = None, self._bell, None
        for end in bell or ():
            end.close()
        return False

    def _calm(self) -> None:
        with self._guard:
            for watch in (watch for watches in self._watches.values() for watch in watches):
                watch.is_live = False

    def _hear(self, connection: Connection[Any]) -> None:
        held: set[int] = set()
        while not self._closing.is_set():
            with self._guard:
                wanted, bell = set(self._watches), self._bell
            if not wanted or bell is None:
                return
            for lock in held - wanted:
                connection.execute("SELECT pg_advisory_unlock_shared(%b)", (Int8(lock),))
            for lock in wanted - held:
                connection.execute("SELECT pg_advisory_lock_shared(%b)", (Int8(lock),))
            held = wanted
            self._enliven(held)
            if _first_ready(connection, bell[0]) is bell[0]:
                bell[0].recv(4096)
            for notice in connection.notifies(timeout=0):
                self._tell(int(notice.payload))

    def _enliven(self, held: set[int]) -> None:
        """Tell those who are new that they are heard for; something may have come just before."""
        with self._guard:
            new = [watch for lock in held for watch in self._watches.get(lock, ()) if not watch.is_live]
        for watch in new:
            watch.is_live = True
            watch.wake()

    def _tell(self, lock: int) -> None:
        with self._guard:
            watches = list(self._watches.get(lock, ()))
        for watch in watches:
            watch.wake()


def _first_ready(connection: Connection[Any], bell: socket.socket) -> object:
    """Wait until one of them has something to say; None if that takes too long."""
    with selectors.DefaultSelector() as either:
        either.register(bell, selectors.EVENT_READ)
        either.register(connection, selectors.EVENT_READ)
        ready = either.select(LOOK_AROUND_S)
    found = [key.fileobj for key, _ in ready]
    return bell if bell in found else next(iter(found), None)
