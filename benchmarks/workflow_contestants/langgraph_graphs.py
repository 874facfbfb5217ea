"""LangGraph: a state graph, in memory or with SqliteSaver as it comes (durability="sync").

`python langgraph_graphs.py CASE NUMBER [SIZE]` prints one JSON object.
"""

import itertools
import operator
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from timing import disk, emit, killing_after, timed, windows

THREAD = {"configurable": {"thread_id": "1"}}


class State(TypedDict):
    payload: str
    n: int


def add_one(state: State) -> dict[str, int]:
    return {"n": state["n"] + 1}


def chain(last: int, node: Callable[[State], dict[str, int]] = add_one) -> StateGraph:
    graph = StateGraph(State)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_conditional_edges("node", lambda state: "node" if state["n"] < last else END)
    return graph


def extended(old: list[str], new: list[list[str]]) -> list[str]:
    return [*old, *itertools.chain.from_iterable(new)]


def conversation(messages: Any, last: int) -> StateGraph:
    graph = StateGraph(TypedDict("Talk", {"messages": messages, "n": int}))
    graph.add_node("node", windows(lambda state: {"messages": ["x" * 500], "n": state["n"] + 1}))
    graph.add_edge(START, "node")
    graph.add_conditional_edges("node", lambda state: "node" if state["n"] < last else END)
    return graph


def fan_out(width: int) -> StateGraph:
    class Sum(TypedDict):
        total: Annotated[int, operator.add]

    graph = StateGraph(Sum)
    graph.add_node("plan", lambda state: {})
    graph.add_node("part", lambda number: {"total": number})
    graph.add_node("join", lambda state: {})
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", lambda state: [Send("part", n) for n in range(width)], ["part"])
    graph.add_edge("part", "join")
    graph.add_edge("join", END)
    return graph


def invoke(graph: StateGraph, value: dict[str, Any] | None, steps: int, *, on_disk: bool) -> dict[str, float]:
    config = {**THREAD, "recursion_limit": steps + 10}
    if not on_disk:
        compiled = graph.compile()
        return timed(lambda: compiled.invoke(value, config), steps)
    with SqliteSaver.from_conn_string("bench.db") as saver:
        compiled = graph.compile(checkpointer=saver)
        return timed(lambda: compiled.invoke(value, config, durability="sync"), steps)


def killed_then_resumed(steps: int) -> dict[str, float]:
    stop_at = steps * 9 // 10
    value: dict[str, Any] = {"payload": "x" * 1000, "n": 0}
    if os.fork() == 0:
        invoke(chain(steps, killing_after(add_one, stop_at)), value, steps, on_disk=True)
    os.wait()
    graph = chain(steps)
    with SqliteSaver.from_conn_string("bench.db") as saver:
        compiled = graph.compile(checkpointer=saver)
        config = {**THREAD, "recursion_limit": steps + 10}
        first = timed(lambda: next(iter(compiled.stream(None, config, durability="sync"))), 1)
        compiled.invoke(None, config, durability="sync")
        listed = timed(lambda: sum(1 for _ in compiled.get_state_history(THREAD)), 1)
    return {"first_new_step_ms": first["wall_us"] / 1e3, "history_ms": listed["wall_us"] / 1e3}


def main(case: str, number: int, size: int = 1000) -> None:
    start: dict[str, Any] = {"payload": "x" * size, "n": 0}
    cases: dict[str, Callable[[], dict[str, float]]] = {
        "chain_memory": lambda: invoke(chain(number), start, number, on_disk=False),
        "chain_disk": lambda: disk(lambda: invoke(chain(number), start, number, on_disk=True), number),
        "messages": lambda: disk(
            lambda: invoke(conversation(Annotated[list, operator.add], number), {"n": 0}, number, on_disk=True), number
        ),
        "messages_delta": lambda: disk(
            lambda: invoke(
                conversation(Annotated[list, DeltaChannel(extended)], number),
                {"n": 0},
                number,
                on_disk=True,
            ),
            number,
        ),
        "fan_out_memory": lambda: invoke(fan_out(number), {"total": 0}, number, on_disk=False),
        "fan_out_disk": lambda: disk(lambda: invoke(fan_out(number), {"total": 0}, number, on_disk=True), number),
        "resume": lambda: killed_then_resumed(number),
    }
    emit(cases[case]())


main(sys.argv[1], *map(int, sys.argv[2:]))
