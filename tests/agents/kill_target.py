"""A process that is killed: imports once, then forks a child for every attempt at a run and kills it.

Reads one JSON object a line, `{"kill_after_s": …}` or `{}` to let it end; answers with the child's exit code.
Its arguments: the journal's URL, the file where tools and the model note what they did.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from victor_nb.agents import Agent, execution
from victor_nb.journal import Effect, Status, open_journal
from victor_nb.tools import tool

TURNS = 6


def main(url: str, notes: Path) -> None:
    assert execution is not None, "imported here, so that the children need not"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            attempt(url, notes)
            os._exit(0)
        if (delay := json.loads(line).get("kill_after_s")) is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def attempt(url: str, notes: Path) -> None:
    """Start the run, or go on with it; in doubt, leave effects alone."""

    def note(what: str) -> None:
        with notes.open("a") as file:
            file.write(what + "\n")

    @tool(effect=Effect.EFFECT)
    async def send(number: int) -> str:
        """Send something that cannot be taken back."""
        await asyncio.sleep(0.001)
        note(f"send {number}")
        await asyncio.sleep(0.001)
        return f"sent {number}"

    @tool(effect=Effect.READ)
    def look(number: int) -> int:
        """Look at something."""
        note(f"look {number}")
        return number

    def answer(messages, info) -> ModelResponse:
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        note(f"model {turn}")
        if turn == TURNS:
            return ModelResponse(parts=[TextPart("done")])
        calls = [("send", 2 * turn), ("look", turn), ("send", 2 * turn + 1)]
        parts = [ToolCallPart(name, {"number": n}, tool_call_id=f"{name}-{n}") for name, n in calls]
        return ModelResponse(parts=parts)

    with open_journal(url) as journal:
        earlier = journal.runs(limit=1)
        if earlier and earlier[0].status is Status.FINISHED:
            return  # the kill came after the last commit
        agent = Agent("a", FunctionModel(answer, model_name="scripted"), [send, look], on_doubt="skip")
        run_id = earlier[0].run_id if earlier else None
        asyncio.run(agent.run("go", run_id=run_id, journal=journal))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
