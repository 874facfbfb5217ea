"""The functional form: a workflow as an ordinary function, its steps as functions that are called in it.

1. It is the same engine: the function is the one node of a graph, its steps are durable steps below that node.
2. A run that goes on calls the function from its beginning; steps that were finished return their results at once, so
   everything that must not be done twice, or that could come out otherwise, belongs into a step.
3. Outside of a workflow, a step is the function that it was made of.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Generic, ParamSpec, TypedDict, TypeVar, Unpack, cast, overload

from victor_nb.errors import UsageError
from victor_nb.journal import Effect
from victor_nb.workflows.graph import Workflow
from victor_nb.workflows.nodes import WANTED, is_awaited
from victor_nb.workflows.policies import CachePolicy, RetryPolicy
from victor_nb.workflows.position import Answer
from victor_nb.workflows.results import WorkflowResult
from victor_nb.workflows.runtime import RUNTIME, Runtime
from victor_nb.workflows.settings import Options
from victor_nb.workflows.shape import START
from victor_nb.workflows.sources import read
from victor_nb.workflows.streaming import Mode, WorkflowStream

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class Called(TypedDict, total=False):
    """The state of a workflow that is a function."""

    input: Any
    output: Any
    saved: Any


@dataclass(frozen=True, slots=True)
class Final(Generic[R_co]):
    """Returned by a workflow's function: what its caller gets, and what the thread's next run has as `previous`."""

    value: R_co
    save: object


class Handle(Generic[R_co]):
    """A step that runs beside its caller; await it, or ask for its `result()`."""

    def __init__(self, future: Future[R_co]) -> None:
        self._future = future

    def result(self) -> R_co:
        """Wait for the step's end, from an ordinary function."""
        return self._future.result()

    def __await__(self) -> Generator[object, None, R_co]:
        return asyncio.wrap_future(self._future).__await__()


class StepFunction(Generic[P, R_co]):
    """A function whose calls inside a workflow are durable steps; made by `step`."""

    def __init__(
        self,
        function: Callable[P, R_co],
        name: str = "",
        *,
        effect: Effect | str = Effect.PURE,
        retry: RetryPolicy | Sequence[RetryPolicy] | None = None,
        timeout_s: float | None = None,
        cache: CachePolicy | bool | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function, self._signature = function, inspect.signature(function)
        self.name, self.effect = name or function.__name__, Effect(effect)
        self._retry = (retry,) if isinstance(retry, RetryPolicy) else tuple(retry or ())
        self._timeout_s = timeout_s
        self._cache = CachePolicy() if cache is True else cache or None
        self._is_async = is_awaited(function)
        if timeout_s is not None and not self._is_async:
            raise UsageError(
                f"step {self.name!r} has a time limit and is no async function",
                hint="make it `async def`, or a node of a graph: those are given up in their threads",
            )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return the step's recorded result, or do it; of an async function, an awaitable of that."""
        runtime = RUNTIME.get()
        if runtime is None:
            return self._function(*args, **kwargs)
        inputs = dict(self._signature.bind(*args, **kwargs).arguments)
        if self._is_async:
            return cast(R_co, self._awaited(runtime, inputs, args, kwargs))
        call = functools.partial(self._tried, runtime, inputs, functools.partial(self._function, *args, **kwargs))
        return cast(R_co, runtime.run.step_sync(self.name, call, inputs=inputs, effect=self.effect))

    @overload
    def submit(self: StepFunction[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> Handle[T]: ...
    @overload
    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Handle[R_co]: ...
    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Handle[object]:
        """Begin the step beside the caller; several of them run at the same time.

        Raises:
            UsageError: outside of a workflow.
        """
        runtime = RUNTIME.get()
        if runtime is None:
            raise UsageError(f"step {self.name!r} can run beside its caller only in a workflow", hint="call it")
        if self._is_async:
            return Handle(_as_future(cast(Awaitable[Any], self(*args, **kwargs))))
        return Handle(runtime.threads.submit(functools.partial(self, *args, **kwargs)))

    @overload
    def map(self: StepFunction[P, Awaitable[T]], items: Iterable[object]) -> list[Handle[T]]: ...
    @overload
    def map(self, items: Iterable[object]) -> list[Handle[R_co]]: ...
    def map(self: StepFunction[..., object], items: Iterable[object]) -> Sequence[Handle[object]]:
        """`submit` for each item, in order."""
        return [self.submit(item) for item in items]

    async def _awaited(self, runtime: Runtime, inputs: dict[str, Any], args: Any, kwargs: Any) -> Any:
        async def once() -> Any:
            work = cast(Awaitable[Any], self._function(*args, **kwargs))
            return await (asyncio.wait_for(work, self._timeout_s) if self._timeout_s is not None else work)

        async def body() -> Any:
            if (known := self._cached(runtime, inputs)) is not None:
                return known.updates[0]["value"]
            failures: dict[RetryPolicy, int] = {}
            while True:
                try:
                    return self._remembered(runtime, inputs, await once())
                except Exception as failure:
                    if (wait_s := self._wait_after(failure, failures)) is None:
                        raise
                await runtime.sleep(wait_s)

        return await runtime.run.step(self.name, body, inputs=inputs, effect=self.effect)

    def _tried(self, runtime: Runtime, inputs: dict[str, Any], call: Callable[[], Any]) -> Any:
        if (known := self._cached(runtime, inputs)) is not None:
            return known.updates[0]["value"]
        failures: dict[RetryPolicy, int] = {}
        while True:
            try:
                return self._remembered(runtime, inputs, call())
            except Exception as failure:
                if (wait_s := self._wait_after(failure, failures)) is None:
                    raise
            time.sleep(wait_s)

    def _wait_after(self, failure: Exception, failures: dict[RetryPolicy, int]) -> float | None:
        """Seconds until the next attempt; None if there is none."""
        policy = next((one for one in self._retry if one.applies_to(failure)), None)
        if policy is None:
            return None
        times = failures[policy] = failures.get(policy, 0) + 1
        return policy.wait_after(times, random.random()) if times < policy.attempts else None

    def _cached(self, runtime: Runtime, inputs: dict[str, Any]) -> Answer | None:
        if self._cache is None:
            return None
        return runtime.cache().get(self.name, self._key(runtime, inputs))

    def _remembered(self, runtime: Runtime, inputs: dict[str, Any], result: Any) -> Any:
        if self._cache is not None:
            answer = Answer([{"value": result}], [])
            runtime.cache().put(self.name, self._key(runtime, inputs), answer, self._cache.ttl_s)
        return result

    def _key(self, runtime: Runtime, inputs: dict[str, Any]) -> str:
        return runtime.cache().key(self._cache or CachePolicy(), read(self._function).hash, inputs)


def _as_future(work: Awaitable[Any]) -> Future[Any]:
    """Begin an awaitable on the running event loop, as a future that several may wait for."""
    future: Future[Any] = Future()

    def settle(task: asyncio.Future[Any]) -> None:
        if task.cancelled():
            future.cancel()
        elif (failure := task.exception()) is not None:
            future.set_exception(failure)
        else:
            future.set_result(task.result())

    asyncio.ensure_future(work).add_done_callback(settle)
    return future


class FunctionWorkflow(Generic[R]):
    """A function that runs as a workflow; made by `workflow`.

    Attributes:
        graph: the workflow that it is, with one node.
    """

    def __init__(self, function: Callable[..., object], name: str = "") -> None:
        self.__doc__ = inspect.getdoc(function)
        called = name or function.__name__
        about = inspect.getdoc(function) or ""
        self.graph = Workflow(Called, called, about=about)
        self.graph.add_node(called, _node(function), about=about.partition("\n")[0]).add_edge(START, called)

    async def run(self, input: object = None, **options: Unpack[Options]) -> WorkflowResult[R]:
        """`Workflow.run`; the result's `state` is what the function returned."""
        return _result(await self.graph.run(_given(input, options), **options))

    def run_sync(self, input: object = None, **options: Unpack[Options]) -> WorkflowResult[R]:
        """`Workflow.run_sync`; the result's `state` is what the function returned."""
        return _result(self.graph.run_sync(_given(input, options), **options))

    def stream(
        self, input: object = None, *, modes: Mode | Sequence[Mode] = "custom", **options: Unpack[Options]
    ) -> WorkflowStream:
        """`Workflow.stream`."""
        return self.graph.stream(_given(input, options), modes=modes, **options)


def _given(input: Any, options: Options) -> object:
    from victor_nb.workflows.control import Command

    if isinstance(input, Command) or (input is None and options.get("run_id") is not None):
        return input
    return {"input": input}


def _result(result: WorkflowResult[Any]) -> WorkflowResult[Any]:
    return replace(result, state=result.state.get("output"))


class _Node:
    """The one node of a function's graph: it is given what the function's parameters name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.reading = function, read(function)
        names = list(inspect.signature(function).parameters)
        self.takes_input = bool(names) and names[0] not in _GIVEN
        self.wants = [name for name in names if name in _GIVEN]

    def arguments(self, state: Called, runtime: Runtime) -> tuple[tuple[Any, ...], dict[str, Any]]:
        known: dict[str, Any] = {"runtime": runtime, "previous": state.get("saved")}
        wanted = {name: known[name] if name in known else getattr(runtime, name) for name in self.wants}
        return ((state.get("input"),) if self.takes_input else ()), wanted


_GIVEN = (*WANTED, "previous")


class _Plain(_Node):
    def __call__(self, state: Called, runtime: Runtime) -> Called:
        args, wanted = self.arguments(state, runtime)
        return _written(self.function(*args, **wanted))


class _Awaited(_Node):
    async def __call__(self, state: Called, runtime: Runtime) -> Called:
        args, wanted = self.arguments(state, runtime)
        return _written(await self.function(*args, **wanted))


def _node(function: Callable[..., Any]) -> _Node:
    return _Awaited(function) if is_awaited(function) else _Plain(function)


def _written(returned: Any) -> Called:
    if isinstance(returned, Final):
        return {"output": returned.value, "saved": returned.save}
    return {"output": returned, "saved": returned}


@overload
def workflow(function: Callable[..., Awaitable[Final[R]]], /) -> FunctionWorkflow[R]: ...
@overload
def workflow(function: Callable[..., Awaitable[R]], /) -> FunctionWorkflow[R]: ...
@overload
def workflow(function: Callable[..., Final[R]], /) -> FunctionWorkflow[R]: ...
@overload
def workflow(function: Callable[..., R], /) -> FunctionWorkflow[R]: ...
@overload
def workflow(*, name: str = "") -> Callable[[Callable[..., object]], FunctionWorkflow[Any]]: ...
def workflow(
    function: Callable[..., object] | None = None, /, *, name: str = ""
) -> FunctionWorkflow[R] | Callable[[Callable[..., object]], FunctionWorkflow[R]]:
    """Make a function of one input a workflow: `@workflow` above `def` or `async def`.

    It may name further parameters: runtime, context, store, writer, config, and previous, which is what the run
    before returned (or saved, by `Final`) in the same `thread`.
    """
    if function is None:
        return functools.partial(FunctionWorkflow, name=name)
    return FunctionWorkflow(function, name)


@overload
def step(function: Callable[P, R], /) -> StepFunction[P, R]: ...
@overload
def step(
    *,
    name: str = "",
    effect: Effect | str = Effect.PURE,
    retry: RetryPolicy | Sequence[RetryPolicy] | None = None,
    timeout_s: float | None = None,
    cache: CachePolicy | bool | None = None,
) -> Callable[[Callable[P, R]], StepFunction[P, R]]: ...
def step(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str = "",
    effect: Effect | str = Effect.PURE,
    retry: RetryPolicy | Sequence[RetryPolicy] | None = None,
    timeout_s: float | None = None,
    cache: CachePolicy | bool | None = None,
) -> StepFunction[P, R] | Callable[[Callable[P, R]], StepFunction[P, R]]:
    """Make a function's calls durable steps of the workflow that calls it: `@step`, or `@step(retry=…)`.

    A step is known by its name, its arguments and how often they came up before; its result is committed before the
    caller gets it. Options are those of a node.
    """

    def declare(function: Callable[P, R]) -> StepFunction[P, R]:
        return StepFunction(function, name, effect=effect, retry=retry, timeout_s=timeout_s, cache=cache)

    return declare if function is None else declare(function)
