"""Events of a pipeline's run, for its views: a matrix, a cell that is slow, one that fails, one from the cache."""

from __future__ import annotations

from typing import Any

from victor_nb.journal import Event
from victor_nb.workflows import EdgeShape, GraphShape, NodeShape

RUN = "01K6PIPE7Q2"
MODELS = ("ridge", "lasso", "boom")


class PipelineScript:
    """Writes the events of a run, a tenth of a second apart unless it is said otherwise."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = 1000.0
        self.add("run.started", kind="pipeline", name="flowers", request={"input": {}})
        nodes = tuple(NodeShape(one, "notebook") for one in ("prepare", "train", "report"))
        edges = (EdgeShape("prepare", "train"), EdgeShape("train", "report"))
        self.add(
            "pipeline.graph",
            shape=GraphShape("flowers", nodes, edges).to_json(),
            nodes=[{"id": node.id, "kind": "notebook"} for node in nodes],
            needs={"prepare": {}, "train": {"prepare": "after"}, "report": {"train": "after"}},
            parameters={"rows": 150},
            workers=2,
            folder="/flowers",
            file=None,
        )

    def add(self, type: str, step_id: str = "", *, live: bool = False, parent_id: str = "", **data: Any) -> None:
        self.now += 0.1
        seq = 0 if live else len(self.events) + 1
        self.events.append(Event.of(RUN, seq, self.now, type, step_id=step_id, parent_id=parent_id, data=data))

    def usual(self, **nodes: float) -> None:
        cells = {
            node: [{"position": at, "code": f"step {at}", "seconds": seconds / 4} for at in range(1, 5)]
            for node, seconds in nodes.items()
        }
        self.add("pipeline.usual", live=True, nodes=nodes, cells=cells)

    def expand(self) -> None:
        members = [{"id": f"train[model={model}]", "values": {"model": model}} for model in MODELS]
        self.add("node.members", node="train", members=members)

    def start(self, member: str) -> None:
        self.add("node.why", name=member, why="it never ran")
        self.add("step.started", member, kind="notebook", name=member, inputs=None, effect="idempotent")

    def cell(self, member: str, position: int, seconds: float = 0.0) -> None:
        about = {"cell": position - 1, "position": position, "cells": 4}
        self.add("cell.started", member, **about, code=f"step {position}")
        if seconds:
            self.now += seconds
            self.add("cell.finished", member, **about, seconds=seconds, execution_count=position)

    def output(self, member: str, position: int, text: str) -> None:
        output = {"output_type": "stream", "name": "stdout", "text": text}
        self.add("cell.output", member, live=True, cell=position - 1, position=position, cells=4, output=output)

    def sample(self, member: str, cpu_percent: float, memory_bytes: int) -> None:
        self.add("kernel.sample", member, live=True, cpu_percent=cpu_percent, memory_bytes=memory_bytes, processes=1)

    def finish(self, member: str, seconds: float = 2.0, status: str = "finished", **more: Any) -> None:
        body = {"kind": "notebook", "name": member, "status": status, "seconds": seconds, "ms": seconds * 1000}
        path = f"/flowers/.victor/pipelines/flowers/runs/{RUN}/{member}.ipynb"
        self.add("step.finished", member, **body, **{"result": {}, "notebook": path, "why": "", **more})

    def begin(self, step_id: str, parent_id: str, kind: str) -> None:
        """A step inside of a member begins."""
        self.add("step.started", step_id, parent_id=parent_id, kind=kind, name=kind, effect="read")

    def call(self, call_id: str, parent_id: str) -> None:
        """An agent asks whether it may call a tool."""
        about = {"call_id": call_id, "call_hash": "h", "tool": "pay", "arguments": {"amount": 5}, "effect": "effect"}
        self.add("approval.requested", f"a-{call_id}", parent_id=parent_id, **about)

    def decide(self, call_id: str, parent_id: str, *, by: str, approved: bool = True) -> None:
        said = {"call_id": call_id, "call_hash": "h", "by": by, "approved": approved}
        self.add("approval.decided", f"a-{call_id}", parent_id=parent_id, **said)

    def fail(self, member: str, what: str) -> None:
        error = {"type": "NotebookFailed", "what": what, "where": "/flowers/train.ipynb, cell 3: step 3", "hint": ""}
        self.add("step.failed", member, kind="notebook", name=member, error=error, ms=900.0)


def half_way() -> list[Event]:
    """`prepare` came from the cache, of `train` one member is done, one slow in its third cell, one failed."""
    script = PipelineScript()
    script.usual(prepare=2.0, train=8.0, report=4.0)
    script.start("prepare")
    script.finish("prepare", 0.1, "cached", result={"rows": 150}, why="nothing changed since run 01K6")
    script.expand()
    script.start("train[model=ridge]")
    script.finish("train[model=ridge]", 3.2, result={"auc": 0.91})
    script.start("train[model=lasso]")
    script.start("train[model=boom]")
    script.cell("train[model=boom]", 1, 0.2)
    script.cell("train[model=boom]", 2)
    script.output("train[model=boom]", 2, "epoch 1\n")
    script.output("train[model=boom]", 2, "\x1b[31mloss is not a number\x1b[0m\n")
    script.output("train[model=boom]", 2, "ValueError: loss is not a number\n")
    failed = {"type": "ValueError", "message": "loss is not a number", "traceback": "…"}
    script.add("cell.failed", "train[model=boom]", cell=1, position=2, cells=4, seconds=0.3, error=failed)
    script.fail("train[model=boom]", "ValueError: loss is not a number")
    script.add("node.skipped", name="report", why="it needs train, which failed", because="failed")
    script.cell("train[model=lasso]", 1, 2.1)
    script.cell("train[model=lasso]", 2, 3.4)
    script.cell("train[model=lasso]", 3)
    script.output("train[model=lasso]", 3, "epoch 1\nepoch 2\n")
    script.sample("train[model=lasso]", 98.0, 412 * 2**20)
    return script.events
