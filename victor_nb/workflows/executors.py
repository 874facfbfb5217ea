"""Executors: where compute nodes run when it is not in this process.

1. A node may move if it is a function of the state and of nothing else; all others stay here.
2. The run stays here too: what comes back is journaled by the process that holds the run, so that a worker which is
   lost loses nothing but the work in its hands.
3. An executor by its URL lives in a module of its own, imported when it is first used.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from victor_nb.errors import MissingExtra, UsageError, nearest
from victor_nb.workflows.errors import CannotMove, ExecutorLost

T = TypeVar("T")


@runtime_checkable
class NodeExecutor(Protocol):
    """Runs calls somewhere."""

    async def submit(self, call: Callable[..., T], /, *args: object) -> T:
        """Return what `call(*args)` returns there, or raise what it raises.

        Cancelling this gives the call up. A worker that is lost on the way is the executor's own affair: it submits
        the call again elsewhere, unless the current step has an effect, which must not be had twice.

        Raises:
            ExecutorLost: there is nowhere left to run it, or it must not be begun again.
            CannotMove: it cannot be sent there.
        """


class ClusterClient(Protocol):
    """The client of a cluster that can be used as an executor, such as `distributed.Client`."""

    def get_executor(self, **options: Any) -> Executor: ...


AnyExecutor: TypeAlias = NodeExecutor | Executor | ClusterClient | str
"""What `executor=` takes; see `opened`."""


class FuturesExecutor:
    """Any `concurrent.futures.Executor` as a `NodeExecutor`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def submit(self, call: Callable[..., T], /, *args: object) -> T:
        try:
            future = self._executor.submit(call, *args)
        except RuntimeError as failure:  # it is broken, or has been shut down
            raise self._lost(failure) from failure
        try:
            return await asyncio.wrap_future(future)
        except BrokenExecutor as failure:
            raise self._lost(failure) from failure
        except (pickle.PicklingError, AttributeError, TypeError) as failure:
            if isinstance(self._executor, ProcessPoolExecutor) and not _can_be_pickled(call, args):
                raise cannot_move(call, failure) from failure
            raise

    def _lost(self, failure: Exception) -> ExecutorLost:
        return ExecutorLost(
            f"the executor takes no work any more: {failure}",
            type(self._executor).__name__,
            "resume the run with a new executor",
        )


def cannot_move(call: Callable[..., object], failure: Exception, where: str = "") -> CannotMove:
    """Build the error for a function that, with what it is given, could not be sent."""
    return CannotMove(
        f"{getattr(call, '__qualname__', repr(call))} cannot be sent to another process: {failure}",
        where,
        "define it in a module that can be imported there, and give it plain data; or run it here, as an async def",
    )


def _can_be_pickled(call: Callable[..., object], args: tuple[object, ...]) -> bool:
    try:
        pickle.dumps((call, args))
    except Exception:
        return False
    return True


Opened = tuple[NodeExecutor, Callable[[], None]]
"""An executor and what closes it."""

_SCHEMES: Final = {"dask": "dask_executor"}
"""Modules with a function `open_executor(url) -> Opened`, by the scheme of the URL."""


def opened(given: AnyExecutor) -> Opened:
    """Return the executor that was asked for; one that is given as an object stays the caller's to close.

    Raises:
        UsageError: it is no executor, or a URL that none understands.
        MissingExtra: what the URL needs is not installed.
    """
    if isinstance(given, str):
        scheme = given.partition(":")[0]
        if scheme not in _SCHEMES:
            raise UsageError(
                f"no executor is known by {given!r}.{nearest(scheme, _SCHEMES)}",
                hint="use dask://host:port, or give a concurrent.futures.Executor",
            )
        try:
            module = import_module(f".{_SCHEMES[scheme]}", __package__)
        except ImportError as missing:
            raise MissingExtra.named(scheme, needed_for=f"an executor {scheme}://…") from missing
        made: Opened = module.open_executor(given)
        return made
    if (cluster := _on_cluster(given)) is not None:
        return cluster, _nothing
    if isinstance(given, Executor):
        return FuturesExecutor(given), _nothing
    if isinstance(given, NodeExecutor):
        return given, _nothing
    raise UsageError(
        f"{type(given).__name__} is no executor", hint="give a concurrent.futures.Executor, or a URL such as dask://…"
    )


def _on_cluster(given: object) -> NodeExecutor | None:
    """Return the executor for a client of a cluster that we know how to use; such a client has its library loaded."""
    if not any(base.__module__.startswith("distributed.") for base in type(given).__mro__):
        return None
    adopted: NodeExecutor | None = import_module(".dask_executor", __package__).adopted(given)
    return adopted


def _nothing() -> None:
    """Not ours to close."""
