"""Supervisor: one that decides who works next, and workers that report back, each a graph of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypedDict

from victor_nb import END, START, Command, Workflow
from victor_nb.workflows import append

Decide = Callable[[str, list[str]], tuple[str, str]]
"""From the task and the reports so far to (worker, what it should do), or ("", the answer)."""
Work = Callable[[str], str]


class State(TypedDict, total=False):
    task: str
    order: str
    reports: Annotated[list[str], append]
    answer: str


def worker(name: str, work: Work) -> Workflow:
    """A worker: reads its order, and adds a report. It could have any number of nodes, or be an `Agent`."""

    def do(state: State) -> State:
        return {"reports": [f"{name}: {work(state['order'])}"]}

    return Workflow(State, name).add_node("do", do).add_edge(START, "do")


def supervisor(decide: Decide, workers: Mapping[str, Work]) -> Workflow:
    """A graph of a supervisor in the middle and its workers around it."""

    def lead(state: State) -> Command:
        who, what = decide(state["task"], state["reports"])
        if not who:
            return Command(update={"answer": what}, goto=END)
        return Command(update={"order": what}, goto=who)

    graph = Workflow(State, "supervisor").add_node(lead, ends=[*workers, END]).add_edge(START, "lead")
    for name, work in workers.items():
        graph.add_node(name, worker(name, work)).add_edge(name, "lead")
    return graph


# -- an example of its use ---------------------------------------------------------------------------------------------


def decide(task: str, reports: list[str]) -> tuple[str, str]:
    """First the researcher, then the writer with what was found."""
    if not reports:
        return "researcher", task
    if len(reports) == 1:
        return "writer", reports[0]
    return "", reports[-1].partition(": ")[2]


WORKERS: dict[str, Any] = {
    "researcher": lambda order: f"{order} has 3 moons",
    "writer": lambda order: order.partition(": ")[2].capitalize() + ".",
}
TASK = {"task": "planet X"}

if __name__ == "__main__":
    print(supervisor(decide, WORKERS).run_sync(TASK).state["answer"])
