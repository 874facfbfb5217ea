"""The engine: supersteps of one graph, until nothing is due.

1. A superstep runs all nodes that are due, side by side; their updates are applied together when all are done, in
   the order of the graph and not in the order in which they ended.
2. A node's result is committed before the next superstep begins; a sibling's failure takes nothing away from it.
3. Which nodes run is decided by the position alone (`position`), what one node does by `execution`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..errors import VictorError
from ..journal import Effect, Step
from ..journal.log import Entry
from .answers import Answer, from_json, outcome_of, to_json
from .control import Command, Interrupt
from .errors import NodeTimeout, StepLimitReached, WorkflowStopped
from .execution import perform, routed
from .plan import Plan, Route
from .position import Due, Edits, Outcome, Position, Values, after, applied, start, step_id, step_ids, with_edits
from .runtime import Runtime, Shared, Waiting
from .shape import START

YIELD_S: Final = 0.02
"""After this long without a pause, others on the event loop get their turn."""
FLUSH_S: Final = 0.005
"""With durability "turn", results are committed at least so often."""


_NOTHING: Final[Mapping[str, Any]] = {}


class GraphRun:
    """One graph while it runs, as a run of its own or inside a node of another.

    Attributes:
        prefix: of the ids of its steps; empty for the outermost graph.
        parent_id: the step that it runs inside of.
        inline: whether a node that is an ordinary function may run on the event loop's own thread when it is alone.
        edits: changes of the state by hand, by the superstep after which they were made.
        committed: told of each superstep: its outcomes, the position after it, and what was written.
        to_parent: what a node said to the graph around this one.
        position: where it stands.
        outcomes: of all nodes so far, in order; only kept where a graph is around this one.
    """

    def __init__(
        self,
        plan: Plan,
        shared: Shared,
        *,
        inside: Step | None = None,
        inline: bool = False,
    ) -> None:
        self.plan, self.shared, self.inline = plan, shared, inline
        self.prefix, self.parent_id = (f"{inside.id}:", inside.id) if inside is not None else ("", "")
        self.namespace: tuple[str, ...] = ()
        self.edits: Edits = {}
        self.committed: Callable[[Sequence[Outcome], Position, Sequence[Entry]], None] | None = None
        self.to_parent: Command | None = None
        self.position = Position(0, {}, ())
        self.outcomes: list[Outcome] | None = [] if inside is not None else None
        self._placed = shared.run.placed
        self._began_turn = time.perf_counter()
        self._is_failing = False
        self._flushed = self._began_turn
        self._flushing: asyncio.TimerHandle | None = None
        self._unwritten: VictorError | None = None

    async def begin(self, given: Any, onto: Mapping[str, Any] = _NOTHING) -> Position:
        """Return the position before the first superstep.

        Args:
            onto: the state that the input is an update of, besides defaults.

        Raises:
            InvalidUpdate, InvalidState: the input does not fit.
        """
        plan, prefix = self.plan, self.prefix
        values = {**plan.channels.initial(), **onto}
        values = applied(plan.rules, values, [plan.input.update(given, "the input")], "the input")
        due = [Due(name) for name in plan.rules.after.get(START, ())]
        if routes := plan.routes.get(START):
            step = Step(self.shared.run.id, f"{prefix}0/{START}", self.parent_id, "route", START, Effect.PURE, b"null")
            due += await self._decided(routes, step, values)
        position = self.position = start(plan.rules, values, due)
        if self.shared.emit is not None:
            self.shared.emit.begun(self, position)
        return position

    async def _decided(self, routes: Sequence[Route], step: Step, values: Values) -> list[Due]:
        """Where the routes from START lead; a step, because a route may ask a model."""
        placed = self._placed
        if (recorded := placed.recorded(step.id)) is not None:
            return from_json(placed.result(recorded, step)).goto
        await placed.admit(step)
        runtime = Runtime(self.shared, step, 0, self.shared.settings.max_steps, None)
        answer = await routed(self, START, routes, Answer([], []), values, runtime)
        placed.write((placed.done(step, 0, to_json(answer), 0.0),))
        return answer.goto

    async def run(self, position: Position) -> Position:
        """Go on from a position until nothing is due, or a node speaks to the graph around this one.

        Raises:
            Waiting: nodes ask a person.
            StepLimitReached, WorkflowStopped: the run is intact.
            NodeFailed: a node raised.
        """
        task, settings = asyncio.current_task(), self.shared.settings
        position = self.position = self._edited(position)
        while position.due:
            if settings.max_steps <= position.superstep:
                raise self._limit(position)
            if settings.interrupt_before:
                self._ask("before", settings.interrupt_before, position.due, position.superstep + 1)
            number = position.superstep + 1
            outcomes, entries = await self._superstep(position, number)
            done = position
            position = self.position = self._edited(after(self.plan.rules, position, outcomes))
            if self.committed is not None:
                self.committed(outcomes, position, entries)
            if self.outcomes is not None:
                self.outcomes += outcomes
            if self.shared.emit is not None:
                self.shared.emit.superstep(self, position, outcomes)
            if self.to_parent is not None:
                break
            if settings.interrupt_after and position.due:
                self._ask("after", settings.interrupt_after, done.due, position.superstep)
            if self.shared.is_draining and position.due:
                raise self._drained(position)
            if self._unwritten is not None:
                raise self._unwritten
            # Others get their turn; and a run without real waiting would never see that it was cancelled.
            if time.perf_counter() - self._began_turn > YIELD_S or (task is not None and task.cancelling()):
                await asyncio.sleep(0)
                self._began_turn = time.perf_counter()
        return position

    def _write(self, entries: Sequence[Entry]) -> None:
        """Commit results now; or soon, where that is enough."""
        placed = self._placed
        if self.shared.settings.durability == "step" or not all(self._is_pure(entry) for entry in entries):
            placed.write(entries)
            return
        for entry in entries:
            placed.write_later(entry)
        now = time.perf_counter()
        if now - self._flushed > FLUSH_S:
            placed.flush()
            self._flushed = now
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._flushing, self._flushed = None, time.perf_counter()
        try:
            self._placed.flush()
        except VictorError as failure:
            self._unwritten = failure

    def _is_pure(self, entry: Entry) -> bool:
        name = entry.step_id.rpartition("/")[2].partition("#")[0]
        return self.plan.nodes[name].effect is Effect.PURE

    # -- one superstep ---------------------------------------------------------------------------------------------

    async def _superstep(self, position: Position, number: int) -> tuple[list[Outcome], list[Entry]]:
        if len(position.due) == 1:
            (due,) = position.due
            step = self._step(due, step_id(self.prefix, number, due))
            answer, entry = await self._node(due, step, position.values, number, alone=True)
            if entry is None:
                return [outcome_of(due.node, answer)], []
            self._write((entry,))
            return [outcome_of(due.node, answer)], [entry]
        return await self._several(position, number)

    async def _several(self, position: Position, number: int) -> tuple[list[Outcome], list[Entry]]:
        commits = Commits(self._write)
        most = self.shared.settings.max_concurrency
        free = asyncio.Semaphore(most) if most is not None else None

        async def one(due: Due, step: Step) -> Answer:
            if free is None:
                answer, entry = await self._node(due, step, position.values, number, alone=False)
            else:
                async with free:
                    if self._is_failing:
                        raise _NotBegun
                    answer, entry = await self._node(due, step, position.values, number, alone=False)
            if entry is not None:
                commits.add(entry)
            return answer

        steps = [
            self._step(due, step_id) for due, step_id in zip(position.due, step_ids(self.prefix, position), strict=True)
        ]
        results = await asyncio.gather(*map(one, position.due, steps), return_exceptions=True)
        commits.flush()
        failures = [one for one in results if isinstance(one, BaseException)]
        if failures:
            self._is_failing = False
            raise _worst(failures)
        answers = [one for one in results if isinstance(one, Answer)]
        return [
            outcome_of(due.node, answer) for due, answer in zip(position.due, answers, strict=True)
        ], commits.entries

    def _step(self, due: Due, step_id: str) -> Step:
        effect = self.plan.nodes[due.node].effect
        return Step(self.shared.run.id, step_id, self.parent_id, "node", due.node, effect, b"null")

    async def _node(
        self, due: Due, step: Step, values: Values, number: int, *, alone: bool
    ) -> tuple[Answer, Entry | None]:
        """Return a node's answer, and the event that it is done if it is news."""
        placed, emit = self._placed, self.shared.emit
        if not placed.is_fresh:
            if (recorded := placed.recorded(step.id)) is not None:
                answer = from_json(placed.result(recorded, step))
                if emit is not None:
                    emit.answered(self, step, answer)
                self.to_parent = answer.to_parent or self.to_parent
                return answer, None
            if not await placed.admit(step, self.plan.nodes[due.node].on_doubt):
                return Answer([], []), None
        placed.start(step)
        if emit is not None:
            emit.started(self, step, due, values)
        began, is_done = time.perf_counter(), False
        try:
            answer = await perform(self, due, step, values, number, alone=alone)
            is_done = True
            ms = round((time.perf_counter() - began) * 1000, 3)
            entry = placed.done(step, number, to_json(answer), ms)
        except Exception as failure:
            self._is_failing = True
            # What was given up may go on without us, so nobody knows whether it had its effect.
            placed.failed(step, failure, began, is_done=is_done or isinstance(failure, NodeTimeout))
            if emit is not None:
                emit.failed(self, step, failure)
            raise
        except Waiting as waiting:
            placed.paused(step, waiting, began)
            if emit is not None:
                emit.waiting(self, step, waiting)
            raise
        if emit is not None:
            emit.answered(self, step, answer)
        self.to_parent = answer.to_parent or self.to_parent
        return answer, entry

    # -- reasons to stop -------------------------------------------------------------------------------------------

    def _edited(self, position: Position) -> Position:
        return with_edits(self.plan.rules, position, self.edits) if self.edits else position

    def _ask(self, when: Any, nodes: frozenset[str], dues: Sequence[Due], number: int) -> None:
        if not (found := [due.node for due in dues if due.node in nodes or "*" in nodes]):
            return
        question = f"{when}:{self.prefix}{number}"
        if question not in self.shared.answers:
            raise Waiting(Interrupt(question, f"{self.prefix}{number}/{found[0]}", None, when))

    def _limit(self, position: Position) -> StepLimitReached:
        most = self.shared.settings.max_steps
        due = ", ".join(dict.fromkeys(one.node for one in position.due))
        return StepLimitReached(
            f"the workflow took {most} supersteps and still has work: {due}",
            f"run {self.shared.run.id}",
            f"if that is no endless cycle, go on with run(run_id=…, max_steps={most * 10})",
        )

    def _drained(self, position: Position) -> WorkflowStopped:
        due = ", ".join(dict.fromkeys(one.node for one in position.due))
        return WorkflowStopped(
            f"the workflow was asked to stop, before {due}",
            f"run {self.shared.run.id}",
            f"victor resume {self.shared.run.id}",
        )


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
