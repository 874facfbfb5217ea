"""One node: its attempts, its time, its cache, and where its answer leads.

1. What a node is given and what becomes of its answer is the same wherever it runs: here, in a thread, elsewhere.
2. A failed attempt's finished steps are kept: the next attempt finds their results and goes on after them.
3. Waiting for a person is no failure and uses up no attempt.
"""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from victor_nb.errors import Resumable, VictorError
from victor_nb.journal import Step
from victor_nb.journal.failures import described
from victor_nb.journal.steps import CURRENT
from victor_nb.workflows.answers import read_answer, read_route
from victor_nb.workflows.control import NOTHING, Command
from victor_nb.workflows.errors import NodeFailed
from victor_nb.workflows.nodes import NodeSpec
from victor_nb.workflows.plan import Route
from victor_nb.workflows.policies import RetryPolicy, TimeoutPolicy
from victor_nb.workflows.position import Answer, Due, Values, applied
from victor_nb.workflows.runtime import RUNTIME, Runtime

if TYPE_CHECKING:
    from victor_nb.workflows.engine import GraphRun

Attempt = Callable[[], Awaitable[Any]]


async def perform(graph: GraphRun, due: Due, step: Step, values: Values, number: int, *, alone: bool) -> Answer:
    """Run a node and return what it says, the routes after it included.

    Raises:
        NodeFailed: all attempts failed, and no other node handles that.
        Waiting: it asks a person.
    """
    node = graph.plan.nodes[due.node]
    runtime = Runtime(graph.shared, step, number, graph.shared.settings.max_steps - number, due.failure)
    inside, known = CURRENT.set(step), RUNTIME.set(runtime)
    try:
        given = _input_of(graph, node, due, values)
        if not node.is_plain:
            attempt = _attempt(graph, node, given, runtime, alone)
            answer = await _with_policies(graph, node, given, runtime, attempt)
        elif node.is_async:
            answer = read_answer(graph.plan, node.name, await node.call(given))
        elif alone and graph.inline and (graph.shared.settings.executor is None or not node.can_move):
            said = node.call(given)
            answer = read_answer(graph.plan, node.name, said if type(said) is dict else await _settled(said))
        else:
            answer = read_answer(graph.plan, node.name, await _attempt(graph, node, given, runtime, alone)())
        if (routes := graph.plan.routes.get(node.name)) is not None:
            await add_routes(graph, node.name, routes, answer, values, runtime)
        return answer
    except Exception as failure:
        return _excused(node, due, step, failure)
    finally:
        RUNTIME.reset(known)
        CURRENT.reset(inside)


def called(graph: GraphRun, due: Due, step: Step, values: Values, number: int) -> Any:
    """Call a node that is an ordinary function, in a context that is its own; return what it returns."""
    node = graph.plan.nodes[due.node]
    CURRENT.set(step)
    RUNTIME.set(Runtime(graph.shared, step, number, graph.shared.settings.max_steps - number, due.failure))
    return node.call(_input_of(graph, node, due, values))


def answer_of(graph: GraphRun, due: Due, step: Step, outcome: Callable[[], Any]) -> Answer:
    """Return what a node said that `called` ran elsewhere; `outcome` returns or raises what that did.

    Raises:
        NodeFailed, Waiting: as `perform`.
    """
    try:
        return read_answer(graph.plan, due.node, outcome())
    except Exception as failure:
        return _excused(graph.plan.nodes[due.node], due, step, failure)


def _excused(node: NodeSpec, due: Due, step: Step, failure: Exception) -> Answer:
    """Where a failure leads, if another node handles it; else it is raised as a user should see it."""
    if node.on_error and not isinstance(failure, Resumable):
        return Answer([], [Due(node.on_error, due.arg, _told(node.name, failure))])
    raise explained(failure, node.name, step) from failure


def explained(failure: Exception, node: str, step: Step) -> Exception:
    """Return the error as a user should see it; ours say enough already."""
    if isinstance(failure, VictorError):
        return failure
    return NodeFailed(
        f"node {node!r} failed: {type(failure).__name__}: {failure}",
        f"run {step.run_id}, step {step.id}",
        f"what was finished is kept; mend the cause, then: victor resume {step.run_id}",
    )


def _told(node: str, failure: Exception) -> dict[str, Any]:
    told = described(failure)
    return {"node": node, "type": told["type"], "what": told["what"], "traceback": told["traceback"]}


def _input_of(graph: GraphRun, node: NodeSpec, due: Due, values: Values) -> Any:
    """The state as the node sees it; or what a `Send` gave, as the type that the node declares for its input."""
    schema, arg = graph.plan.inputs[node.name], due.arg
    if arg is NOTHING:
        return schema.view(values)
    if node.input is not None and type(arg) is dict and schema.kind != "dict":
        return schema.view(arg)
    return arg


# -- attempts --------------------------------------------------------------------------------------------------------


def _attempt(graph: GraphRun, node: NodeSpec, given: Any, runtime: Runtime, alone: bool) -> Attempt:
    """Return what does the node's work once."""
    if node.inside is not None:
        return functools.partial(_run_inside, graph, node, given, runtime, alone)
    arguments = (given,) if node.takes_state else ()
    wanted = {name: runtime if name == "runtime" else getattr(runtime, name) for name in node.wants}
    call = functools.partial(node.call, *arguments, **wanted) if wanted or not arguments else None
    if node.is_async:
        return call or functools.partial(node.call, given)
    settings = graph.shared.settings
    if node.can_move and settings.executor is not None:
        return functools.partial(settings.executor.submit, node.call, *arguments)
    here = call or functools.partial(node.call, given)
    if alone and graph.inline and node.timeout is None:
        return functools.partial(_inline, here)
    return functools.partial(graph.shared.threads.run, here)


async def _inline(call: Callable[[], Any]) -> Any:
    return await _settled(call())


async def _settled(said: Any) -> Any:
    """An answer, awaited if it is something to wait for: an ordinary function may return the call of an async one."""
    return await said if isinstance(said, Awaitable) else said


async def _with_policies(graph: GraphRun, node: NodeSpec, given: Any, runtime: Runtime, attempt: Attempt) -> Answer:
    if node.cache is None:
        return read_answer(graph.plan, node.name, await _retried(graph, node, runtime, attempt))
    cache = graph.shared.cache()
    key = cache.key(node.cache, node.reading.hash, given)
    if (known := cache.get(node.name, key)) is not None:
        runtime.step.note(cached=True)
        return known
    answer = read_answer(graph.plan, node.name, await _retried(graph, node, runtime, attempt))
    cache.put(node.name, key, answer, node.cache.ttl_s)
    return answer


async def _retried(graph: GraphRun, node: NodeSpec, runtime: Runtime, attempt: Attempt) -> Any:
    failures: dict[RetryPolicy, int] = {}
    placed = graph.shared.run.placed
    while True:
        try:
            if node.timeout is None:
                return await attempt()
            return await _timed(node.name, node.timeout, runtime, attempt)
        except Exception as failure:
            policy = next((one for one in node.retry if one.applies_to(failure)), None)
            if policy is None or isinstance(failure, Resumable):
                raise
            times = failures[policy] = failures.get(policy, 0) + 1
            if times >= policy.attempts:
                raise
            wait_s = policy.wait_after(times, random.random())
            told = {"name": node.name, "attempt": runtime.attempt, "error": described(failure), "wait_s": wait_s}
            placed.write_later(placed.note("node.retried", told, runtime.step.id, runtime.step.parent_id))
            if graph.shared.emit is not None:
                graph.shared.emit.retried(graph, runtime.step, told)
        await graph.shared.settings.sleep(wait_s)
        runtime.begin_attempt()
        placed.begin_again(runtime.step)
        runtime.step.note(attempts=runtime.attempt)


async def _timed(name: str, policy: TimeoutPolicy, runtime: Runtime, attempt: Attempt) -> Any:
    """Do an attempt within its limits; what does not end is given up, and its thread left to itself."""
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(_awaited(attempt))
    began = time.monotonic()
    sign_of_life = runtime.watch(time.monotonic)
    try:
        while True:
            limits = _left(policy, began, sign_of_life(), time.monotonic())
            what, left_s = min(limits, key=lambda limit: limit[1])
            done, _ = await asyncio.wait({work}, timeout=max(left_s, 0.0))
            if done:
                return work.result()
            if left_s <= 0:
                raise policy.exceeded(name, what, runtime.run_id)
    finally:
        if not work.done():
            work.cancel()
            loop.call_soon(_ignore, work)


async def _awaited(attempt: Attempt) -> Any:
    return await attempt()


def _left(policy: TimeoutPolicy, began: float, sign_of_life: float, now: float) -> list[tuple[str, float]]:
    limits = [("run_s", policy.run_s, began), ("idle_s", policy.idle_s, sign_of_life)]
    return [(name, since + limit - now) for name, limit, since in limits if limit is not None]


def _ignore(work: asyncio.Future[Any]) -> None:
    """Take note of how a given-up attempt ends, so that nobody is told about it."""
    work.add_done_callback(lambda done: done.cancelled() or done.exception())


# -- where it leads --------------------------------------------------------------------------------------------------


async def add_routes(
    graph: GraphRun, name: str, routes: Iterable[Route], answer: Answer, values: Values, runtime: Runtime
) -> None:
    """Add to an answer what the routes after its node decide, on the state as the node left it."""
    plan = graph.plan
    left = answer.left = applied(plan.rules, values, answer.updates, name)
    for route in routes:
        if route.wants:
            wanted = {one: runtime if one == "runtime" else getattr(runtime, one) for one in route.wants}
            decided = route.decide(plan.schema.view(left), **wanted)
        else:
            decided = route.decide(plan.schema.view(left))
        if route.is_async:
            decided = await decided
        leads = route.leads.get(decided) if type(decided) is str else None
        answer.goto.extend(read_route(plan, name, route, decided) if leads is None else leads)


# -- a graph inside a node -------------------------------------------------------------------------------------------


async def _run_inside(graph: GraphRun, node: NodeSpec, given: Any, runtime: Runtime, alone: bool) -> Any:
    """Run a sub-workflow on the keys that it shares with the graph around it; its answer is what it wrote to them."""
    from victor_nb.workflows.engine import GraphRun  # the engine calls nodes, and this node is an engine

    plan = cast("Any", node.inside).plan()
    inner = GraphRun(plan, graph.shared, inside=runtime.step, inline=graph.inline and alone)
    inner.namespace = (*graph.namespace, runtime.step.id)
    shared = given if type(given) is dict else graph.plan.inputs[node.name].update(given, f"node {node.name!r}")
    position = await inner.begin({key: value for key, value in shared.items() if key in plan.input.keys})
    position = await inner.run(position)
    if inner.to_parent is not None:
        return Command(inner.to_parent.update, inner.to_parent.goto)
    return _exported(graph, inner, position.values)


def _exported(graph: GraphRun, inner: GraphRun, values: Values) -> list[Values]:
    """What a sub-workflow did to shared keys: update for update where both graphs join them alike, else the value."""
    answers = inner.answers or []
    outer, own = graph.plan.channels, inner.plan.output
    written = {key for one in answers for update in one.updates for key in update}
    shared = [key for key in own.keys if key in written and key in outer.keys and key in values]
    joined = {key for key in shared if outer.reducers.get(key) is not None}
    joined = {key for key in joined if inner.plan.rules.reducers.get(key) is outer.reducers[key]}
    updates = [
        {key: value for key, value in update.items() if key in joined} for one in answers for update in one.updates
    ]
    last = {key: values[key] for key in shared if key not in joined}
    return [update for update in (*updates, last) if update]
