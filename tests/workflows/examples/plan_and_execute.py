"""Plan and execute: first a plan, then one step after the other, and after each a look whether the plan still holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypedDict

from victor_nb import END, START, Workflow
from victor_nb.workflows import append

Planner = Callable[[str, list[str]], list[str]]
"""From the objective and what was found so far to the steps that are left; none when the objective is reached."""
Executor = Callable[[str, list[str]], str]
"""From a step and what was found so far to what the step found."""


class State(TypedDict, total=False):
    objective: str
    plan: list[str]
    found: Annotated[list[str], append]
    report: str


def plan_and_execute(planner: Planner, executor: Executor) -> Workflow:
    """A graph of four nodes; each step of the plan is a step of the run, and done once."""

    def plan(state: State) -> State:
        return {"plan": planner(state["objective"], [])}

    def execute(state: State) -> State:
        step, *_ = state["plan"]
        return {"found": [executor(step, state["found"])]}

    def replan(state: State) -> State:
        return {"plan": planner(state["objective"], state["found"])}

    def report(state: State) -> State:
        return {"report": "; ".join(state["found"])}

    graph = Workflow(State, "plan and execute")
    graph.add_sequence([plan, execute, replan]).add_node(report).add_edge(START, "plan").add_edge("report", END)
    graph.add_conditional_edges("replan", lambda state: "execute" if state["plan"] else "report", ["execute", "report"])
    return graph


# -- an example of its use ---------------------------------------------------------------------------------------------


def planner(objective: str, found: list[str]) -> list[str]:
    """Cleans a table in three steps, and leaves out the last one if nothing was wrong."""
    steps = ["count rows", "look for gaps", "fill gaps"]
    left = steps[len(found) :]
    return [] if found and found[-1] == "no gaps" else left


def executor(step: str, found: list[str]) -> str:
    """Does what the step says to a table of three rows."""
    table = [1, None, 3]
    if step == "count rows":
        return f"{len(table)} rows"
    if step == "look for gaps":
        return f"{table.count(None)} gap" if None in table else "no gaps"
    return "filled with 2"


OBJECTIVE = {"objective": "a table without gaps"}

if __name__ == "__main__":
    print(plan_and_execute(planner, executor).run_sync(OBJECTIVE).state["report"])
