"""A process that is killed: imports once, then forks a child for every attempt at a workflow and kills it.

Reads one JSON object a line, `{"kill_after_s": …}` or `{}` to let it end; answers with the child's exit code.
Its arguments: the journal's URL, the file where nodes and steps note what they did.
"""

from __future__ import annotations

import asyncio
import json
import operator
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any, TypedDict

from victor_nb import END, START, Workflow, open_journal, send, step
from victor_nb.journal import Status

ROUNDS, WIDTH = 4, 5


class State(TypedDict, total=False):
    round: int
    sent: Annotated[list[str], operator.add]


def workflow(notes: Path) -> Workflow:
    """Rounds of mails sent side by side by ordinary and by async nodes, and a letter sent by a step inside a node."""

    def note(what: str) -> None:
        with notes.open("a") as file:
            file.write(what + "\n")

    def mail(number: str) -> dict[str, Any]:
        time.sleep(0.001)
        note(f"mail {number}")
        time.sleep(0.001)
        return {"sent": [f"mail {number}"]}

    async def call(number: str) -> dict[str, Any]:
        await asyncio.sleep(0.001)
        note(f"call {number}")
        await asyncio.sleep(0.001)
        return {"sent": [f"call {number}"]}

    @step(effect="effect")
    def post(number: int) -> str:
        note(f"letter {number}")
        return f"letter {number}"

    def plan(state: State) -> dict[str, Any]:
        note(f"plan {state['round'] + 1}")
        return {"round": state["round"] + 1}

    def side_by_side(state: State) -> list[Any]:
        numbers = [f"{state['round']}.{number}" for number in range(WIDTH)]
        return [*send("mail", numbers), *send("call", numbers)]

    made = Workflow(State, "killed").add_edge(START, "plan").add_edge("mail", "letter").add_edge("call", "letter")
    made.add_node("plan", plan).add_node("letter", lambda state: {"sent": [post(state["round"]) or "skipped"]})
    made.add_node("mail", mail, effect="effect").add_node("call", call, effect="effect")
    made.add_conditional_edges("plan", side_by_side, ["mail", "call"])
    made.add_conditional_edges("letter", lambda state: "plan" if state["round"] < ROUNDS else END, ["plan", END])
    return made


def attempt(url: str, notes: Path) -> None:
    """Start the run, or go on with it; in doubt, leave effects alone."""
    with open_journal(url) as journal:
        known = journal.runs()
        if known and known[0].status is Status.FINISHED:  # killed on its way out
            return
        run_id = known[0].run_id if known else None
        given = {"round": 0} if run_id is None else None
        workflow(notes).run_sync(given, run_id=run_id, journal=journal, on_doubt="skip")


def main(url: str, notes: Path) -> None:
    """Fork, kill and tell, until nobody asks any more."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            attempt(url, notes)
            os._exit(0)
        if (delay := json.loads(line).get("kill_after_s")) is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
