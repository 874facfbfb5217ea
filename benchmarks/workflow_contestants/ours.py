"""Our workflows, in memory or in a SQLite journal as it comes.

`python ours.py CASE NUMBER [SIZE]` prints one JSON object.
"""

import operator
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Annotated, ClassVar, TypedDict

from timing import disk, emit, timed, windows

from victor_nb.journal import open_journal
from victor_nb.workflows import END, START, Send, Workflow


class State(TypedDict):
    payload: str
    n: int


class Talk(TypedDict):
    messages: Annotated[list[str], operator.add]
    n: int


class Sum(TypedDict):
    total: Annotated[int, operator.add]


def add_one(state: State) -> dict[str, int]:
    return {"n": state["n"] + 1}


def say(state: Talk) -> dict[str, object]:
    return {"messages": ["x" * 500], "n": state["n"] + 1}


def loop(schema: type, node: Callable[..., dict[str, object]], last: int) -> Workflow:
    made = Workflow(schema, name="bench")
    made.add_node("node", node)
    made.add_edge(START, "node")
    made.add_conditional_edges("node", lambda state: "node" if state["n"] < last else END, ["node", END])
    return made


def fan_out(width: int) -> Workflow:
    made = Workflow(Sum, name="bench")
    made.add_node("plan", lambda state: {})
    made.add_node("part", lambda number: {"total": number})
    made.add_node("join", lambda state: {})
    made.add_edge(START, "plan")
    made.add_conditional_edges("plan", lambda state: [Send("part", n) for n in range(width)], ["part"])
    made.add_edge("part", "join")
    made.add_edge("join", END)
    return made


def run(made: Workflow, state: dict[str, object], steps: int, *, on_disk: bool) -> dict[str, float]:
    with open_journal("sqlite:///bench.db" if on_disk else "memory:") as journal:
        return timed(lambda: made.run_sync(state, journal=journal, max_steps=steps + 10), steps)


class Watched:
    """A node that notes when it was called, and is killed with SIGKILL in the call after `stop_at`."""

    stop_at = 0
    calls: ClassVar[list[float]] = []

    def __call__(self, state: State) -> dict[str, object]:
        if self.stop_at and len(self.calls) == self.stop_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.calls.append(time.perf_counter())
        return add_one(state)


def killed_then_resumed(steps: int) -> dict[str, float]:
    graph = loop(State, Watched(), steps)
    stop_at = steps * 9 // 10
    if os.fork() == 0:
        Watched.stop_at = stop_at
        run(graph, start(), steps, on_disk=True)
    os.wait()
    with open_journal("sqlite:///bench.db") as journal:
        run_id = journal.find("last").run_id
        began = time.perf_counter()
        result = graph.run_sync(run_id=run_id, journal=journal, max_steps=steps + 10)
        assert len(Watched.calls) == steps - stop_at
        listed = timed(lambda: len(result.run.history()), 1)
    return {"first_new_step_ms": (Watched.calls[0] - began) * 1e3, "history_ms": listed["wall_us"] / 1e3}


def start(size: int = 1000) -> dict[str, object]:
    return {"payload": "x" * size, "n": 0}


def main(case: str, number: int, size: int = 1000) -> None:
    def on_disk(made: Workflow, state: dict[str, object]) -> dict[str, float]:
        return disk(lambda: run(made, state, number, on_disk=True), number)

    cases: dict[str, Callable[[], dict[str, float]]] = {
        "chain_memory": lambda: run(loop(State, add_one, number), start(size), number, on_disk=False),
        "chain_disk": lambda: on_disk(loop(State, add_one, number), start(size)),
        "messages": lambda: on_disk(loop(Talk, windows(say), number), {"messages": [], "n": 0}),
        "fan_out_memory": lambda: run(fan_out(number), {"total": 0}, number, on_disk=False),
        "fan_out_disk": lambda: on_disk(fan_out(number), {"total": 0}),
        "resume": lambda: killed_then_resumed(number),
    }
    emit(cases[case]())


main(sys.argv[1], *map(int, sys.argv[2:]))
