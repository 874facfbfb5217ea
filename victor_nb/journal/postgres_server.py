"""The one way to a journal's PostgreSQL server: a few connections, made again when they are lost.

1. Everything that is asked is harmless to ask twice, so a lost connection is answered by asking again on a new one.
2. Everything is one statement, which is its own transaction: no network stands between its beginning and its end, so
   a machine that vanishes leaves no lock behind.
3. A server that goes away is waited for, once; who asks after that is told at once until it is back.
4. A forked child makes connections of its own.
"""

from __future__ import annotations

import os
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

from victor_nb.journal.errors import JournalError, JournalUnavailable
from victor_nb.journal.forks import renew_in_children
from victor_nb.journal.postgres_errors import is_gone, may_pass, refused, translated, unreachable, was_taken_back
from victor_nb.journal.postgres_sql import CLOCK
from victor_nb.journal.postgres_url import Address

MOST_CONNECTIONS: Final = 8
"""How many connections one process opens at most, besides the one that listens."""

RECONNECT_S: Final = 20.0
LONGEST_NAP_S: Final = 0.5
LOCK_TIMEOUT: Final = "30s"

Result = TypeVar("Result")
Work = Callable[[Cursor[Any]], Result]

_SET_UP: Final = f"""
    SELECT current_setting('synchronous_commit'), {CLOCK},
        set_config('search_path', quote_ident(%b), false), set_config('lock_timeout', %b, false)
"""
_LOOK: Final = """
    SELECT current_setting('server_version'), pg_is_in_recovery(), coalesce(sum(pg_total_relation_size(oid)), 0)::float8
    FROM pg_class WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %b)
"""
_SYNC_LATER: Final = "SELECT set_config('synchronous_commit', 'off', false)"
_ONLY_READ: Final = "SELECT set_config('default_transaction_read_only', 'on', false)"


class Lost(Exception):
    """The connection broke, or could not be made for a reason that passes; the cause says which."""


class PostgresServer:
    """A server that holds a journal.

    Args:
        reconnect_s: how long a server that went away is waited for, in seconds.
        clock: this machine's, in seconds since the epoch.

    Attributes:
        clock_offset_s: how far the server's clock is ahead of this machine's, in seconds.
        durable: the `synchronous_commit` of a statement that must survive the server's own fall.
        generation: how many connections were made so far; who sees another number may be talking to a server that
            has fallen and come back meanwhile.

    Raises:
        JournalError: the server cannot be reached, or refuses us.
    """

    def __init__(
        self, address: Address, *, reconnect_s: float = RECONNECT_S, clock: Callable[[], float] = time.time
    ) -> None:
        self.address, self.reconnect_s, self._clock = address, reconnect_s, clock
        self.clock_offset_s, self.durable, self.generation = 0.0, "on", 0
        self._waits = {"lock_waits": 0.0, "lock_wait_s": 0.0, "worst_lock_wait_s": 0.0}
        self._is_away = True  # at first: who opens a journal is told at once that nobody is there
        self._inherited: list[Connection[Any]] = []
        self._idle: deque[Connection[Any]] = deque()
        self.after_fork()
        self.retried(lambda cursor: cursor.execute("SELECT 1"))
        renew_in_children(self)

    # -- connections -----------------------------------------------------------------------------------------------

    def connect(self) -> Connection[Any]:
        """Make a connection that belongs to the caller.

        Raises:
            JournalError: the server refuses it.
        """
        try:
            # Statements are prepared when they come first: there are few, and a run sends them thousands of times.
            connection = psycopg.connect(**dict(self.address.conninfo), autocommit=True, prepare_threshold=0)  # type: ignore[arg-type]
        except psycopg.Error as failure:
            problem = refused(failure, self.address.shown)
            problem.__cause__ = failure
            if may_pass(failure):
                raise Lost from problem
            raise problem from failure
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        with self._guard:
            self.generation += 1
        return connection

    def _set_up(self, connection: Connection[Any]) -> None:
        ((setting, server_time, *_),) = connection.execute(_SET_UP, (self.address.schema, LOCK_TIMEOUT)).fetchall()
        self.set_clock(server_time)
        self.durable = "on" if setting == "off" else setting
        if "synchronous_commit" not in self.address.conninfo.get("options", ""):
            # A killed process of ours loses nothing by that, and what a server's fall forgets is sent again.
            connection.execute(_SYNC_LATER)
        if self.address.read_only:
            connection.execute(_ONLY_READ)

    def set_clock(self, server_time: float) -> None:
        """Learn what the server's clock shows now, in seconds since the epoch."""
        self.clock_offset_s = server_time - self._clock()

    @contextmanager
    def _borrowed(self) -> Iterator[Connection[Any]]:
        """A connection for one question; one that broke, or was left in the middle, is not kept."""
        self._enter()
        connection: Connection[Any] | None = None
        try:
            connection = self._taken()
            yield connection
        except psycopg.Error as failure:
            if is_gone(failure) or connection is None or connection.broken:
                self._drop_idle()  # they are of the same server, and as dead
                raise Lost from failure
            raise
        finally:
            if connection is not None:
                self._put_back(connection)
            self._slots.release()

    def _enter(self) -> None:
        if self._slots.acquire(blocking=False):
            return
        began = time.monotonic()
        self._slots.acquire()
        waited_s = time.monotonic() - began
        with self._guard:
            self._waits["lock_waits"] += 1
            self._waits["lock_wait_s"] += waited_s
            self._waits["worst_lock_wait_s"] = max(self._waits["worst_lock_wait_s"], waited_s)

    def _taken(self) -> Connection[Any]:
        if self._closing.is_set():
            raise JournalUnavailable("the journal has been closed", self.address.shown, "open it again")
        try:
            return self._idle.pop()
        except IndexError:
            return self.connect()

    def _put_back(self, connection: Connection[Any]) -> None:
        if connection.info.transaction_status == TransactionStatus.IDLE and not self._closing.is_set():
            self._idle.append(connection)
        else:
            connection.close()

    def _drop_idle(self) -> None:
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    # -- using -----------------------------------------------------------------------------------------------------

    def retried(self, work: Work[Result]) -> Result:
        """Do `work`, and do it again where the connection was lost or others got in the way.

        Raises:
            JournalUnreachable: the server is gone and did not come back; whether `work` was done is not known.
            VictorError: what the server's error means.
        """
        began, losses = time.monotonic(), 0
        while True:
            try:
                with self._borrowed() as connection, connection.cursor(binary=True) as cursor:
                    result = work(cursor)
            except Lost as lost:
                self._wait_for_server(lost, time.monotonic() - began, losses)
                losses += 1
            except psycopg.Error as failure:
                if not was_taken_back(failure) or time.monotonic() - began > self.reconnect_s:
                    raise translated(failure, self.address.shown) from failure
                self._closing.wait(random.uniform(0, 0.01))
            else:
                self._is_away = False
                return result

    def _wait_for_server(self, lost: Lost, waited_s: float, losses: int) -> None:
        """Let a moment pass, none after the first loss: it may be only our connection; raise where it is no use."""
        cause = lost.__cause__
        if isinstance(cause, JournalError) and not self.generation:
            raise cause  # nobody has ever been there
        is_hopeless = self._is_away and isinstance(cause, JournalError)
        if self._closing.is_set() or waited_s > self.reconnect_s or is_hopeless:
            self._is_away = True
            raise unreachable(cause or lost, self.address.shown, waited_s) from cause
        if losses:
            self._closing.wait(random.uniform(0.5, 1.0) * min(0.01 * 2**losses, LONGEST_NAP_S))

    def facts(self) -> dict[str, str]:
        """Return what a person who looks for the reason of a slow or strange journal wants to know."""
        began = time.perf_counter()
        self.retried(lambda cursor: cursor.execute("SELECT 1"))
        round_trip_ms = (time.perf_counter() - began) * 1000
        row = self.retried(lambda cursor: cursor.execute(_LOOK, (self.address.schema,)).fetchone())
        version, is_standby, size = row or ("", False, 0)
        return {
            "server": f"PostgreSQL {version}{', a standby: it can only be read' if is_standby else ''}",
            "round trip": f"{round_trip_ms:.1f} ms; a step that is not pure takes two",
            "server clock": f"{self.clock_offset_s:+.3f} s from this machine's; leases count in the server's time",
            "size": f"{size / 1e6:.1f} MB in schema {self.address.schema}",
        }

    def waits(self) -> dict[str, float]:
        """Return lock_waits, lock_wait_s and worst_lock_wait_s: how long threads waited for a free connection."""
        with self._guard:
            return dict(self._waits)

    # -- the end ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close every connection; using the server afterwards is an error."""
        self._closing.set()
        self._drop_idle()

    def after_fork(self) -> None:
        """Keep the parent's connections without ever touching them: closing them here would end the parent's."""
        self._inherited += self._idle
        self._idle = deque()
        weakref.finalize(self, _close_all, self._idle, os.getpid())
        self._slots, self._guard = threading.BoundedSemaphore(MOST_CONNECTIONS), threading.Lock()
        self._closing = threading.Event()


def _close_all(idle: deque[Connection[Any]], pid: int) -> None:
    """Say goodbye for a journal that was forgotten, or at the end of the process; never for a parent."""
    while idle and os.getpid() == pid:
        idle.pop().close()
