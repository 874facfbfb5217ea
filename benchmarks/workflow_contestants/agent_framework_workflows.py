"""agent-framework: an executor that sends itself a message; in memory, or with its FileCheckpointStorage.

`python agent_framework_workflows.py CASE NUMBER [SIZE]` prints one JSON object.
"""

import asyncio
import sys
from pathlib import Path

from agent_framework import Executor, FileCheckpointStorage, Workflow, WorkflowBuilder, WorkflowContext, handler
from timing import emit, timed


class Node(Executor):
    def __init__(self, last: int) -> None:
        super().__init__(id="node")
        self.last = last

    @handler
    async def work(self, message: dict, ctx: WorkflowContext[dict, int]) -> None:
        message = {**message, "n": message["n"] + 1}
        if message["n"] < self.last:
            await ctx.send_message(message)
        else:
            await ctx.yield_output(message["n"])


def chain(last: int, *, on_disk: bool) -> Workflow:
    node = Node(last)
    storage = FileCheckpointStorage("bench.db.d") if on_disk else None
    builder = WorkflowBuilder(start_executor=node, max_iterations=last + 10, checkpoint_storage=storage)
    return builder.add_edge(node, node).build()


def main(case: str, number: int, size: int = 1000) -> None:
    workflow = chain(number, on_disk=case == "chain_disk")
    figures = timed(lambda: asyncio.run(workflow.run({"payload": "x" * size, "n": 0})), number)
    if case == "chain_disk":
        figures["bytes"] = sum(file.stat().st_size for file in Path("bench.db.d").rglob("*") if file.is_file()) / number
    emit(figures)


main(sys.argv[1], *map(int, sys.argv[2:]))
