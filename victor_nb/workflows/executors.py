"""Executors: where compute nodes run when it is not in this process.

1. A node may move if it is a function of the state and of nothing else; all others stay here.
2. The run stays here too: what comes back is journaled by the process that holds the run, so that a worker which is
   lost loses nothing but the work in its hands.
3. An executor by its URL lives in a module of its own, imported when it is first used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor
from importlib import import_module
from typing import Any, Final, Protocol, runtime_checkable

from ..errors import UsageError, nearest
from .errors import ExecutorLost


@runtime_checkable
class NodeExecutor(Protocol):
    """Runs calls somewhere."""

    async def submit(self, call: Callable[..., Any], /, *args: Any) -> Any:
        """Return what `call(*args)` returns there, or raise what it raises.

        Cancelling this gives the call up. A worker that is lost on the way is the executor's own affair: it submits
        the call again elsewhere.

        Raises:
            ExecutorLost: there is nowhere left to run it.
        """


class FuturesExecutor:
    """Any `concurrent.futures.Executor` as a `NodeExecutor`."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def submit(self, call: Callable[..., Any], /, *args: Any) -> Any:
        try:
            return await asyncio.wrap_future(self._executor.submit(call, *args))
        except BrokenExecutor as failure:
            raise ExecutorLost(
                f"the executor broke: {failure}", type(self._executor).__name__, "resume the run with a new executor"
            ) from failure


Opened = tuple[NodeExecutor, Callable[[], None]]
"""An executor and what closes it."""

_SCHEMES: Final = {"dask": "dask_executor"}
"""Modules with a function `open_executor(url) -> Opened`, by the scheme of the URL."""


def opened(given: NodeExecutor | Executor | str) -> Opened:
    """Return the executor that was asked for; one that is given as an object stays the caller's to close.

    Raises:
        UsageError: it is no executor, or a URL that none understands.
    """
    if isinstance(given, str):
        scheme = given.partition(":")[0]
        if scheme not in _SCHEMES:
            raise UsageError(
                f"no executor is known by {given!r}.{nearest(scheme, _SCHEMES)}",
                hint="use dask://host:port, or give a concurrent.futures.Executor",
            )
        made: Opened = import_module(f".{_SCHEMES[scheme]}", __package__).open_executor(given)
        return made
    if isinstance(given, Executor):
        return FuturesExecutor(given), _nothing
    if isinstance(given, NodeExecutor):
        return given, _nothing
    raise UsageError(
        f"{type(given).__name__} is no executor", hint="give a concurrent.futures.Executor, or a URL such as dask://…"
    )


def _nothing() -> None:
    """Not ours to close."""
