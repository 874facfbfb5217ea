"""A workflow that is killed: every node leaves a mark in a file when it does its work.

`python killed.py JOURNAL MARKS [RUN]` starts a run, or resumes RUN; in the end it prints the run's state.
"""

from __future__ import annotations

import json
import operator
import os
import sys
import time
from typing import Annotated, Any, TypedDict

from victor_nb import END, START, Workflow, open_journal, send


class State(TypedDict, total=False):
    round: int
    names: Annotated[list[str], operator.add]


class Inner(TypedDict, total=False):
    names: Annotated[list[str], operator.add]


def workflow(marks: str) -> Workflow:
    """Three rounds of a map of five and a sub-workflow."""
    sink = os.open(marks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def done(name: str) -> dict[str, Any]:
        time.sleep(0.001)
        os.write(sink, f"{name}\n".encode())
        return {"names": [name]}

    inner = Workflow(Inner, "inner").add_edge(START, "i").add_edge("i", "j")
    inner.add_node("i", lambda state: done(f"i {len(state['names'])}"))
    inner.add_node("j", lambda state: done(f"j {len(state['names'])}"))

    wf = Workflow(State, "killed").add_edge(START, "begin").add_edge("work", "inner")
    wf.add_node("begin", lambda state: {"round": state["round"] + 1, **done(f"begin {state['round'] + 1}")})
    wf.add_node("work", lambda item: done(f"work {item}")).add_node("inner", inner)
    wf.add_conditional_edges("begin", lambda s: send("work", [f"{s['round']}.{n}" for n in range(5)]), ["work"])
    wf.add_conditional_edges("inner", lambda state: "begin" if state["round"] < 3 else END, ["begin", END])
    return wf


def main(url: str, marks: str, run_id: str | None = None) -> None:
    """Run it to the end, unless killed."""
    with open_journal(url) as journal:
        given = {"round": 0} if run_id is None else None
        print(json.dumps(workflow(marks).run_sync(given, run_id=run_id, journal=journal).state))


if __name__ == "__main__":
    main(*sys.argv[1:])
