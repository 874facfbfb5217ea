"""Side by side: the nodes of one superstep that are due together.

1. All of them end before the superstep does, whatever becomes of one of them.
2. Results that are ready in one turn of the event loop are committed together.
3. An ordinary function that needs no more than a thread gets no task of its own: a thousand of them cost a thousand
   calls, and their results are read on the event loop as they arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from victor_nb.errors import VictorError
from victor_nb.journal import Step
from victor_nb.journal.log import Entry
from victor_nb.workflows.execution import answer_of, called
from victor_nb.workflows.nodes import NodeSpec
from victor_nb.workflows.position import Answer, Due, Position, step_ids
from victor_nb.workflows.runtime import Waiting
from victor_nb.workflows.threads import Job

if TYPE_CHECKING:
    from victor_nb.workflows.engine import GraphRun


async def side_by_side(graph: GraphRun, position: Position) -> tuple[list[Answer], list[Entry]]:
    """Run what is due; return the answers, in the order of `position.due`, and the events that were written.

    Raises:
        Waiting: nodes ask a person, and none failed.
        NodeFailed, VictorError: a node failed.
        JournalError, LeaseLost: something could not be committed.
    """
    superstep = _Superstep(graph, position)
    await superstep.run()
    failures = [one for one in superstep.results if isinstance(one, BaseException)]
    if failures:
        graph.is_failing = False
        raise _worst(failures)
    return [one for one in superstep.results if isinstance(one, Answer)], superstep.commits.entries


class _Superstep:
    """Nodes on their way.

    Attributes:
        results: an answer or what was raised, by the place in `position.due`.
    """

    def __init__(self, graph: GraphRun, position: Position) -> None:
        self._graph, self._position = graph, position
        self.results: list[Answer | BaseException | None] = [None] * len(position.due)
        self.commits = Commits(graph.write)
        most = graph.shared.settings.max_concurrency
        self._free = asyncio.Semaphore(most) if most is not None else None
        self._calls = {due.node for due in position.due if self._is_a_call(graph.plan.nodes[due.node])}
        self._jobs: list[Job] = []
        self._left = 0
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Run all nodes to their ends."""
        in_tasks: dict[int, Awaitable[Answer]] = {}
        for place, step_id in enumerate(step_ids(self._graph.prefix, self._position)):
            if self._position.due[place].node in self._calls:
                self._begin_call(place, step_id)
            else:
                in_tasks[place] = self._in_a_task(self._position.due[place], step_id)
        try:
            ended = await asyncio.gather(*in_tasks.values(), return_exceptions=True)
            for place, result in zip(in_tasks, ended, strict=True):
                self.results[place] = result
            if self._left:
                await self._over
        except BaseException:  # cancelled: what is done is kept, what is not is given up
            self._over.cancel()
            for job in self._jobs:
                self._graph.shared.threads.give_up(job)
            with contextlib.suppress(VictorError):
                self.commits.flush()
            raise
        self.commits.flush()

    async def _in_a_task(self, due: Due, step_id: str) -> Answer:
        if self._free is None:
            return await self._node(due, step_id)
        async with self._free:
            if self._graph.is_failing:
                raise _NotBegun
            return await self._node(due, step_id)

    async def _node(self, due: Due, step_id: str) -> Answer:
        values, number = self._position.values, self._position.superstep + 1
        answer, entry = await self._graph.node(due, step_id, values, number, alone=False)
        if entry is not None:
            self.commits.add(entry)
        return answer

    # -- ordinary functions ----------------------------------------------------------------------------------------

    def _is_a_call(self, node: NodeSpec) -> bool:
        """Whether there is no more to do than to call a function, and nobody has to wait for anything before."""
        graph = self._graph
        is_here = graph.shared.settings.executor is None or not node.can_move
        is_called = node.is_plain and not node.is_async and node.name not in graph.plan.routes
        return is_called and is_here and self._free is None and graph.shared.run.placed.is_fresh

    def _begin_call(self, place: int, step_id: str) -> None:
        graph, position, due = self._graph, self._position, self._position.due[place]
        step = graph.step(due, step_id)
        try:
            began = graph.begun(step, due, position.values)
        except VictorError as failure:  # that an effect begins could not be recorded
            self.results[place] = failure
            return
        call = functools.partial(called, graph, due, step, position.values, position.superstep + 1)
        self._left += 1
        self._jobs.append(graph.shared.threads.begin(call, functools.partial(self._end_call, place, step, began)))

    def _end_call(self, place: int, step: Step, began: float, job: Job) -> None:
        """Take in what a call returned or raised."""
        graph, is_done = self._graph, False
        if self._over.cancelled():
            return
        try:
            answer = answer_of(graph, self._position.due[place], step, job.outcome)
            is_done = True
            self.commits.add(graph.ended(step, self._position.superstep + 1, answer, began))
            self.results[place] = answer
        except BaseException as failure:  # raised by who waits for the superstep
            graph.failed(step, failure, began, is_done=is_done)
            self.results[place] = failure
        self._left -= 1
        if not self._left:
            self._over.set_result(None)


class _NotBegun(Exception):
    """Stands for a node that was not begun because a sibling had failed."""


class Commits:
    """Events that are ready in one turn of the event loop, committed together."""

    def __init__(self, write: Callable[[Sequence[Entry]], None]) -> None:
        self.entries: list[Entry] = []
        self._write, self._waiting = write, list[Entry]()
        self._failure: Exception | None = None

    def add(self, entry: Entry) -> None:
        """Have the event committed at the end of this turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._end_turn)
        self._waiting.append(entry)
        self.entries.append(entry)

    def _end_turn(self) -> None:
        try:
            self._commit()
        except Exception as failure:
            self._failure = self._failure or failure

    def _commit(self) -> None:
        ready, self._waiting = self._waiting, []
        if ready:
            self._write(ready)

    def flush(self) -> None:
        """Commit what is left.

        Raises:
            JournalError, LeaseLost: something could not be committed.
        """
        self._commit()
        if self._failure is not None:
            raise self._failure


def _worst(failures: Sequence[BaseException]) -> BaseException:
    """What a superstep ends with: a failure before questions, questions all together; in the order of the graph."""
    errors = [one for one in failures if not isinstance(one, Waiting | _NotBegun)]
    if not errors:
        return Waiting(*(asked for one in failures if isinstance(one, Waiting) for asked in one.interrupts))
    for other in errors[1:]:
        errors[0].add_note(f"and at the same time: {type(other).__name__}: {other}")
    return errors[0]
