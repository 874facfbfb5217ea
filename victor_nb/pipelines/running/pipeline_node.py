"""A pipeline at work: the one node of the workflow that it is, which has its own nodes done as their needs are met.

1. A node that fails takes nothing away from branches that do not need it; what needs it is skipped, with the reason.
2. The run ends when nothing is left that can be done: finished, failed, or waiting for answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from victor_nb.errors import VictorError
from victor_nb.journal import Effect, Step
from victor_nb.pipelines.caching.cache import Cache
from victor_nb.pipelines.failures import PipelineFailed
from victor_nb.pipelines.folders import folder_of
from victor_nb.pipelines.record import MEMBERS, PIPELINE_GRAPH, SKIPPED, TYPES, folded
from victor_nb.pipelines.results import Because, PipelineResult, joined
from victor_nb.pipelines.running.around import Around, Kernels
from victor_nb.pipelines.running.choosing import chosen
from victor_nb.pipelines.running.matrix import Member, members
from victor_nb.pipelines.running.performing import Came, perform
from victor_nb.pipelines.running.scheduling import Workers, in_order_of_need, ways_to_the_end
from victor_nb.pipelines.running.warming import Warmer
from victor_nb.pipelines.shapes import shape_of
from victor_nb.pipelines.spec import Node, PipelineSpec
from victor_nb.pipelines.usual import tell_usual_times
from victor_nb.workflows import Runtime
from victor_nb.workflows.runtime import Waiting
from victor_nb.workflows.sources import Reading


@dataclass(frozen=True)
class PipelineNode:
    """Called by the engine with what was asked for.

    Attributes:
        needs: by node, the nodes that it needs, with the reasons.
        parameters: those of the pipeline; not as they were recorded, for the journal keeps no secrets.
        reading: the same for every version of this code, so that a run can go on after an upgrade; what its nodes are
            is checked one by one.
    """

    spec: PipelineSpec
    needs: Mapping[str, Mapping[str, str]]
    parameters: Mapping[str, Any]
    workers: int
    kernels: Kernels = "warm"
    within: bool = False
    accept_changes: bool = False
    reading: Reading = field(default_factory=lambda: Reading("pipeline", writes=frozenset({"output"})))

    async def __call__(self, state: Mapping[str, Any], runtime: Runtime) -> dict[str, Any]:
        """Run the pipeline.

        Raises:
            PipelineFailed: nodes failed.
            Waiting: nodes ask a person.
        """
        around = self._around(state["input"], runtime)
        around.note(PIPELINE_GRAPH, self._graph(around))
        around.cache.sweep()
        execution = _Execution(around)
        telling = asyncio.create_task(tell_usual_times(runtime.run, self.spec.name))
        try:
            await execution.run()
        finally:
            telling.cancel()
            around.warmer.end()
            around.cache.hashes.save()
        return {"output": execution.ended()}

    def _around(self, asked: Mapping[str, Any], runtime: Runtime) -> Around:
        folder, base = folder_of(self.spec), self.spec.folder.resolve()
        cache = Cache(folder, base, runtime.run.journal.redactor)
        choice = chosen(
            [node.id for node in self.spec.nodes],
            self.needs,
            only=asked["only"],
            from_=asked["from"],
            force=asked["force"],
        )
        return Around(
            spec=self.spec,
            base=base,
            run=runtime.run,
            runtime=runtime,
            inside=runtime.step,
            folder=folder,
            cache=cache,
            choice=choice,
            workers=Workers(self.workers),
            warmer=Warmer(self.spec, choice.run),
            parameters=self.parameters,
            needs=self.needs,
            priority=ways_to_the_end(self.needs, _seconds(self.spec, cache)),
            executor=runtime.executor,
            kernels=self.kernels,
            replay=asked["replay"],
            within=self.within,
            accept_changes=self.accept_changes,
        )

    def _graph(self, around: Around) -> dict[str, Any]:
        return {
            "shape": shape_of(self.spec, self.needs).to_json(),
            "nodes": [{"id": node.id, "kind": node.kind} for node in self.spec.nodes],
            "needs": {node: dict(found) for node, found in self.needs.items()},
            "parameters": dict(around.parameters),
            "workers": self.workers,
            "folder": str(around.base),
            "file": str(self.spec.file) if self.spec.file else None,
        }


def _seconds(spec: PipelineSpec, cache: Cache) -> dict[str, float]:
    """How long nodes took when they last ran, where that is known without looking for members."""
    newest = {node.id: cache.newest(node.id) for node in spec.nodes if not node.matrix}
    return {node: entry.seconds for node, entry in newest.items() if entry is not None}


class _Execution:
    """One execution: what every member came to, so far."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._nodes = {node.id: node for node in around.spec.nodes}
        self._came: dict[str, dict[str, tuple[Member, Came]]] = {}

    async def run(self) -> None:
        """Have everything done that the run is about."""
        choice = self._around.choice
        asked = choice.run | choice.taken
        for node in self._nodes:
            if node not in asked:
                self._skip(node, "not asked", "it was not asked for")
        needs = {
            node: [one for one in self._around.needs[node] if one in asked] for node in self._nodes if node in asked
        }
        await in_order_of_need(needs, self._node)

    async def _node(self, name: str) -> None:
        node = self._nodes[name]
        if self._is_skipped(node):
            return
        scope = self._scope(node)
        try:
            expanded = members(name, node.matrix, scope)
        except VictorError as failure:
            self._came[name] = {name: (Member(name, name), self._failed(node, failure))}
            return
        if node.matrix:
            told = [{"id": one.id, "values": dict(one.values)} for one in expanded]
            self._around.note(MEMBERS, {"node": name, "members": told})
        by_id = {one.id: one for one in expanded}
        self._came[name] = {one.id: (one, Came("pending")) for one in expanded}  # in the matrix's order
        await in_order_of_need(dict.fromkeys(by_id, ()), partial(self._member, node, by_id, scope))

    async def _member(self, node: Node, by_id: Mapping[str, Member], scope: dict[str, Any], name: str) -> None:
        came = await perform(self._around, node, by_id[name], scope)
        self._came[node.id][name] = by_id[name], came

    def _failed(self, node: Node, failure: VictorError) -> Came:
        """Record that a node failed before it was known what its members are."""
        run = self._around.run
        step = Step(run.id, node.id, self._around.inside.id, node.kind, node.id, Effect.IDEMPOTENT, b"null")
        run.placed.failed(step, failure, time.perf_counter())
        return Came("failed", because="failed", failure=failure)

    def _is_skipped(self, node: Node) -> bool:
        """Skip a node whose needs have no value: some were lost, or all did not hold."""
        needs = [one for one in self._around.needs[node.id] if one in self._came]
        if node.id in self._around.choice.taken:
            return False
        if lost := [one for one in needs if self._is_lost(one)]:
            why = f"it needs {lost[0]}, which {self._told(lost[0])}"
            self._skip(node.id, "failed", why)
            return True
        if needs and all(self._is_left(one) for one in needs):
            self._skip(node.id, "when", f"all that it needs was skipped: {', '.join(needs)}")
            return True
        return False

    def _skip(self, name: str, because: Because, why: str) -> None:
        self._around.note(SKIPPED, {"name": name, "why": why, "because": because})
        came = Came("skipped", because=because)
        self._came[name] = {name: (Member(name, name), came)}

    def _is_lost(self, name: str) -> bool:
        return any(came.is_lost for _, came in self._came[name].values())

    def _is_left(self, name: str) -> bool:
        found = self._came[name].values()
        return bool(found) and all(came.because == "when" for _, came in found)

    def _told(self, name: str) -> str:
        came = [one for _, one in self._came[name].values() if one.is_lost]
        if any(one.failure is not None for one in came):
            return "failed"
        return "waits for an answer" if any(one.waiting is not None for one in came) else "was skipped"

    def _scope(self, node: Node) -> dict[str, Any]:
        """What a node's templates may name: parameters, and the values of nodes that are done."""
        values = {name: self._value(name) for name in self._around.needs[node.id] if name in self._came}
        return {**self._around.parameters, **values}

    def _value(self, name: str) -> Any:
        found = self._came[name]
        if not self._nodes[name].matrix:
            return next(iter(found.values()))[1].value
        return [joined(member.values, came.value) for member, came in found.values() if came.status != "skipped"]

    # -- the end ---------------------------------------------------------------------------------------------------

    def ended(self) -> dict[str, int]:
        """Return how many members came to what.

        Raises:
            PipelineFailed: some failed.
            Waiting: some ask a person.
        """
        came = [one for found in self._came.values() for _, one in found.values()]
        if failures := [one.failure for one in came if one.failure is not None]:
            raise PipelineFailed.of(self._result("failed")) from failures[0]
        if waiting := [one.waiting for one in came if one.waiting is not None]:
            raise Waiting(*(asked for one in waiting for asked in one.interrupts))
        told = [one.status for one in came]
        return {status: told.count(status) for status in dict.fromkeys(told)}

    def _result(self, status: str) -> PipelineResult:
        run = self._around.run
        fold = folded(run.journal.history(run.record_id, types=TYPES), run.journal.load)
        return PipelineResult(self._around.spec.name, run.id, status, self._around.parameters, fold.nodes)
