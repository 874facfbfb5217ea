"""What holds for every graph: the same run with any parallelism, after any kill, from any checkpoint.

Graphs are drawn at random: layers of nodes with edges, joins, routes, maps, and a state of reduced keys.
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from victor_nb import END, START, Workflow, open_journal, send
from victor_nb.workflows import NodeFailed


class State(TypedDict, total=False):
    names: Annotated[list[str], operator.add]
    total: Annotated[int, operator.add]
    turns: Annotated[int, max]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """What a graph is built of, as plain data, so that it can be built again with other nodes."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 6)))]
    later = {name: names[place + 1 :] for place, name in enumerate(names)}
    return {
        "names": names,
        "first": draw(st.lists(st.sampled_from(names), min_size=1, unique=True)),
        "edges": {name: draw(st.lists(st.sampled_from(later[name]), unique=True)) for name in names if later[name]},
        "joins": [
            (sources, target)
            for target in names[2:]
            if draw(st.booleans())
            for sources in [draw(st.lists(st.sampled_from(names[: names.index(target)]), min_size=2, unique=True))]
        ]
        if len(names) > 2
        else [],
        "maps": {name: draw(st.integers(0, 3)) for name in names if draw(st.booleans())},
        "loops": draw(st.sampled_from([None, *names])),
        "deferred": draw(st.sampled_from([None, *names])),
        "waits": {name: draw(st.integers(0, 3)) for name in names},
        "is_async": {name: draw(st.booleans()) for name in names},
    }


def built(graph: dict[str, Any], work: Callable[[str], None] = lambda step_id: None) -> Workflow:
    """Build the graph; `work` is called in every node with the id of its step."""
    wf = Workflow(State, "random")
    for name in graph["names"]:
        wf.add_node(name, node(name, graph, work), defer=graph["deferred"] == name, ends=[])
    wf.add_node("mapped", lambda item, runtime: work(runtime.step_id) or {"names": [f"<{item}>"], "total": 1}, ends=[])
    for name in graph["first"]:
        wf.add_edge(START, name)
    for source, targets in graph["edges"].items():
        for target in targets:
            wf.add_edge(source, target)
    for sources, target in graph["joins"]:
        wf.add_edge(sources, target)
    for name, width in graph["maps"].items():
        wf.add_conditional_edges(name, mapping(name, width), ["mapped"])
    if graph["loops"] is not None:
        first = graph["first"][0]
        wf.add_conditional_edges(
            graph["loops"], lambda state: first if state.get("turns", 0) < 3 else END, [first, END]
        )
    return wf


def node(name: str, graph: dict[str, Any], work: Callable[[str], None]) -> Callable[..., Any]:
    def update(state: State, runtime: Any) -> dict[str, Any]:
        work(runtime.step_id)
        told = {"names": [f"{name}:{len(state['names'])}"], "total": 1}
        return {**told, "turns": state.get("turns", 0) + 1} if name == graph["loops"] else told

    async def later(state: State, runtime: Any) -> dict[str, Any]:
        for _ in range(graph["waits"][name]):
            await asyncio.sleep(0)
        return update(state, runtime)

    return later if graph["is_async"][name] else update


def mapping(name: str, width: int) -> Callable[[State], Any]:
    return lambda state: send("mapped", [f"{name}.{number}" for number in range(width)])


def story(journal, run_id: str) -> list[tuple[str, Any]]:
    """What happened, superstep by superstep; inside of one, in the order of the graph."""
    events = journal.history(run_id, types=("step.finished",))
    told = [(event.step_id, event.data["result"]) for event in events]
    return sorted(told, key=lambda one: (int(one[0].partition("/")[0]), one[0]))


RELAXED = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def can_run(wf: Workflow) -> bool:
    """Nodes that nothing leads to are a mistake, and not what is looked at here."""
    return not wf.validate()


@given(graph=graphs(), most=st.sampled_from([1, 2, None]))
@RELAXED
def test_any_parallelism_gives_the_same_run(graph, most):
    """One node at a time or all at once, waited for or awaited: the same steps with the same results."""
    wf = built(graph)
    if not can_run(wf):
        return
    with open_journal("memory:") as journal:
        first = wf.run_sync({}, journal=journal, max_steps=60)
        second = asyncio.run(wf.run({}, journal=journal, max_steps=60, max_concurrency=most))

        assert first.state == second.state
        assert story(journal, first.run_id) == story(journal, second.run_id)
        replayed = wf.run_sync(run_id=first.run_id, journal=journal, replay="strict")
        assert (replayed.state, replayed.replayed) == (first.state, True)


class Killed(BaseException):
    """Ends a run as a kill would: nothing is written after it."""


@given(graph=graphs(), kills=st.lists(st.integers(0, 12), min_size=1, max_size=4))
@RELAXED
def test_a_run_that_fails_anywhere_ends_as_one_that_was_left_alone(graph, kills):
    """And no node that had finished is called again."""
    left = list(kills)
    calls: list[str] = []

    def work(step_id: str) -> None:
        if left and left[0] <= 0:
            left.pop(0)
            raise OSError("killed")
        if left:
            left[0] -= 1
        calls.append(step_id)

    wf = built(graph, work)
    if not can_run(wf):
        return
    with open_journal("memory:") as journal:
        alone = built(graph).run_sync({}, journal=journal, max_steps=60)
        run_id, result = None, None
        while result is None:
            try:
                result = wf.run_sync({} if run_id is None else None, run_id=run_id, journal=journal, max_steps=60)
            except NodeFailed:
                run_id = journal.runs()[0].run_id

        assert result.state == alone.state
        assert story(journal, result.run_id) == story(journal, alone.run_id)
        assert len(calls) == len(set(calls))


@given(graph=graphs(), data=st.data())
@RELAXED
def test_every_checkpoint_is_as_it_was_and_a_fork_of_it_ends_the_same(graph, data):
    """The past that is read is the past that was lived."""
    wf = built(graph)
    if not can_run(wf):
        return
    with open_journal("memory:") as journal:
        lived: list[dict[str, Any]] = []

        async def watch():
            stream = wf.stream({}, modes="checkpoints", journal=journal, max_steps=60)
            lived.extend([part.data async for part in stream])
            return stream.result

        result = asyncio.run(watch())
        history = result.run.history()

        assert [(one.superstep, one.state, sorted(one.next)) for one in history] == [
            (one["superstep"], one["state"], sorted(set(one["next"]) | deferred(history, place)))
            for place, one in enumerate(lived)
        ]
        at = data.draw(st.sampled_from(range(len(history))))
        assert wf.run_sync(run_id=result.run.fork(at=at).id, journal=journal, max_steps=60).state == result.state


def deferred(history, place: int) -> set[str]:
    """Deferred nodes that wait are told by `next` and not by the stream."""
    position = history[place]._run.position(history[place])
    return {due.node for due in position.later}


def test_the_graphs_that_are_drawn_do_run():
    """Otherwise the tests above would prove nothing."""
    ran = 0

    @given(graph=graphs())
    @settings(max_examples=60, database=None, derandomize=True)
    def count(graph):
        nonlocal ran
        ran += can_run(built(graph))

    count()
    assert ran > 15


@pytest.mark.parametrize("kind", ["memory:", "sqlite"])
def test_a_failure_and_a_resume_are_no_part_of_the_state(kind, tmp_path):
    """An example of the above that can be read."""
    url = kind if kind == "memory:" else f"sqlite:///{tmp_path / 'v.db'}"
    fails = [True]

    def flaky(state):
        if fails.pop() if fails else False:
            raise OSError
        return {"names": ["flaky"]}

    wf = Workflow(State).add_node(flaky).add_node("side", lambda state: {"names": ["side"]})
    wf.add_edge(START, "flaky").add_edge(START, "side")
    with open_journal(url) as journal:
        with pytest.raises(NodeFailed):
            wf.run_sync({}, journal=journal)
        assert wf.run_sync(run_id="last", journal=journal).state["names"] == ["flaky", "side"]
