"""Nodes on a Dask cluster: `executor="dask://host:port"`, or a `distributed.Client`.

1. A worker that is lost does not end a run: Dask gives its nodes to other workers, and what the scheduler itself
   forgets is submitted again.
2. A node with an effect begins once. It takes a ticket before it begins, and there is one: where that worker is lost,
   nobody knows what it did, so the step stays in doubt and a person decides.
3. Large values travel once: they are put on the cluster when a node first needs them, and later nodes refer to them.
"""

from __future__ import annotations

import asyncio
import functools
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from dask.sizeof import sizeof
from distributed import Client, Future, KilledWorker, Queue
from distributed.cfexecutor import ClientExecutor
from distributed.client import FutureCancelledError

from victor_nb.errors import UsageError, VictorError, nearest
from victor_nb.journal import Effect, current_step
from victor_nb.workflows.errors import ExecutorLost
from victor_nb.workflows.executors import Opened, cannot_move

T = TypeVar("T")

BY_REFERENCE_FROM: Final = 1_000_000
"""Values of at least so many bytes are put on the cluster once instead of being sent with each node."""

MOST_REFERENCES: Final = 64
ATTEMPTS: Final = 4
CONNECT_S: Final = 10.0
PUT_S: Final = 2.0
LOOK_S: Final = 5.0
WITHOUT_WORKERS_S: Final = 300.0
TICKET_S: Final = 1.0


class _BegunBefore(Exception):
    """A node with an effect came to a second worker."""


class _Forgotten(Exception):
    """The cluster no longer knows what it was given to do."""


def open_executor(url: str) -> Opened:
    """Connect to the scheduler at `dask://host:port`; `?without_workers_s=…` says how long a run waits for workers.

    Raises:
        UsageError: the URL names no scheduler.
        ExecutorLost: nobody answers there.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    without_workers_s = options.pop("without_workers_s", str(WITHOUT_WORKERS_S))
    hint = "dask://host:port, for example dask://127.0.0.1:8786"
    if options:
        known = nearest(next(iter(options)), ["without_workers_s"])
        raise UsageError(f"the executor's URL {url!r} has an unknown option {next(iter(options))!r}.{known}", hint=hint)
    if not parts.netloc.rpartition(":")[2].isdigit() or not without_workers_s.replace(".", "", 1).isdigit():
        raise UsageError(f"the executor's URL {url!r} names no host and port", hint=hint)
    try:
        client = Client(f"tcp://{parts.netloc}", timeout=CONNECT_S, set_as_default=False, name="victor-nb")
    except OSError as failure:
        raise ExecutorLost(
            f"no Dask scheduler answers: {failure}", url, "check that it runs (dask scheduler) and can be reached"
        ) from failure
    return DaskExecutor(client, without_workers_s=float(without_workers_s)), client.close


def adopted(given: object) -> DaskExecutor | None:
    """Return the executor for somebody's own client, or for what its `get_executor()` returned; None for others."""
    if isinstance(given, ClientExecutor):
        given = given._client
    if not isinstance(given, Client):
        return None
    if given.asynchronous:
        raise UsageError("this Dask client belongs to one event loop", hint="give Client(…) without asynchronous=True")
    return DaskExecutor(given)


class DaskExecutor:
    """A cluster as a `NodeExecutor`.

    Args:
        client: connected; it stays the caller's to close.
        without_workers_s: how long a node waits while the cluster has no worker at all, in seconds.
    """

    def __init__(self, client: Client, *, without_workers_s: float = WITHOUT_WORKERS_S) -> None:
        self._client, self._without_workers_s = client, without_workers_s
        self._kept: OrderedDict[int, tuple[Any, asyncio.Task[Future[Any]]]] = OrderedDict()
        self._looked = self._had_workers = time.monotonic()

    async def submit(self, call: Callable[..., T], /, *args: object) -> T:
        step = current_step()
        where = f"run {step.run_id}, step {step.id}" if step is not None else ""
        name = f"{getattr(call, '__name__', 'node')}-{step.id if step is not None else ''}-{uuid.uuid4().hex[:12]}"
        ticket: Queue | None = None
        if step is not None and step.effect is Effect.EFFECT:
            ticket = await asyncio.to_thread(self._ticket, name, where)
            call = functools.partial(_once, name, call)
        try:
            for attempt in range(ATTEMPTS):
                try:
                    return await self._result(f"{name}-{attempt}", call, args, where)
                except _Forgotten:
                    self._kept.clear()
                    await self._until_connected(where)
        finally:
            if ticket is not None and self._client.status == "running":
                ticket.close()
        raise ExecutorLost(f"the cluster forgot this node {ATTEMPTS} times", where, _again(where))

    async def _result(self, key: str, call: Callable[..., T], args: tuple[object, ...], where: str) -> T:
        given = [await self._referring(one) for one in args]
        try:
            future: Future[T] = self._client.submit(call, *given, key=key, pure=False)
        except Exception as failure:
            raise self._refused(failure, call, where) from failure
        try:
            await self._finished(future, where)
            return await asyncio.to_thread(future.result)
        except FutureCancelledError as failure:
            raise _Forgotten from failure
        except _BegunBefore as failure:
            raise ExecutorLost(
                "the worker that did this node is gone; whether it had its effect is not known",
                where,
                f"look, then: {_again(where)} --on-doubt retry (do it again) or --on-doubt skip (leave it)",
            ) from failure
        except KilledWorker as failure:
            raise ExecutorLost(
                f"every worker that tried this node died of it: {failure}",
                where,
                f"most often they lacked memory; give workers more, then: {_again(where)}",
            ) from failure
        finally:
            future.release()  # one that waits for a worker is taken back; one that runs is left to itself

    async def _finished(self, future: Future[Any], where: str) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def tell(_: Future[Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)

        future.add_done_callback(tell)
        while not done.is_set():
            try:
                await asyncio.wait_for(done.wait(), LOOK_S)
            except TimeoutError:
                await self._look_for_workers(where)

    # -- trouble ---------------------------------------------------------------------------------------------------

    async def _look_for_workers(self, where: str) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return  # another node has just looked
        self._looked = now
        if self._client.status == "running" and await asyncio.to_thread(self._client.nthreads):
            self._had_workers = now
        elif now - self._had_workers > self._without_workers_s:
            raise ExecutorLost(
                f"the cluster has had no worker for {now - self._had_workers:.0f} s", where, _again(where)
            )

    async def _until_connected(self, where: str) -> None:
        """Wait for the client, which looks for its scheduler by itself for a while."""
        while self._client.status == "connecting":
            await asyncio.sleep(0.05)
        if self._client.status != "running":
            raise self._gone(where)

    def _gone(self, where: str) -> ExecutorLost:
        return ExecutorLost(
            "the connection to the Dask scheduler was lost, and it did not come back", where, _again(where)
        )

    def _refused(self, failure: Exception, call: Callable[..., object], where: str) -> VictorError:
        if self._client.status != "running":
            return self._gone(where)
        return cannot_move(call, failure, where)

    # -- values and tickets ----------------------------------------------------------------------------------------

    async def _referring(self, given: object) -> object:
        """Replace large values, or those inside a state, by what stands for them on the cluster."""
        if type(given) is dict:
            return {key: await self._reference(value) for key, value in given.items()}
        return await self._reference(given)

    async def _reference(self, value: object) -> object:
        if sizeof(value) < BY_REFERENCE_FROM:
            return value
        if id(value) not in self._kept:
            # The value is kept beside its reference, so that nothing else can get its id.
            self._kept[id(value)] = value, asyncio.ensure_future(asyncio.to_thread(self._put, value))
            if len(self._kept) > MOST_REFERENCES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(id(value))
        try:
            return await asyncio.shield(self._kept[id(value)][1])
        except Exception as failure:
            self._kept.pop(id(value), None)
            if self._client.status != "running":
                raise _Forgotten from failure
            if isinstance(failure, TimeoutError):  # nobody is there to keep it: let it wait with its node for workers
                return value
            raise

    def _put(self, value: Any) -> Future[Any]:
        [future] = self._client.scatter([value], hash=False, timeout=PUT_S)
        kept: Future[Any] = future
        return kept

    def _ticket(self, name: str, where: str) -> Queue:
        try:
            ticket = Queue(name, client=self._client, maxsize=1)
            ticket.put(1)
        except Exception as failure:  # a client without a scheduler fails in many ways
            if self._client.status == "running":
                raise
            raise self._gone(where) from failure
        return ticket


def _once(ticket: str, call: Callable[..., T], *args: object) -> T:
    """On a worker: call, if nobody has begun before."""
    from distributed import get_client

    tickets = Queue(ticket, client=get_client())
    try:
        if not tickets.qsize():  # asked first, because the scheduler logs every wait that times out
            raise _BegunBefore(ticket)
        tickets.get(timeout=TICKET_S)
    except TimeoutError:
        raise _BegunBefore(ticket) from None
    return call(*args)


def _again(where: str) -> str:
    run_id = where.removeprefix("run ").partition(",")[0]
    return f"victor resume {run_id}" if run_id else "resume the run"
