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

from victor_nb.errors import VictorError
from victor_nb.journal import Effect, Step
from victor_nb.journal.log import Entry
from victor_nb.workflows.answers import from_json, to_json
from victor_nb.workflows.control import Command, Interrupt
from victor_nb.workflows.errors import NodeTimeout, StepLimitReached, WorkflowStopped
from victor_nb.workflows.execution import add_routes, perform
from victor_nb.workflows.plan import Plan, Route
from victor_nb.workflows.position import (
    Answer,
    Due,
    Edits,
    Position,
    Values,
    after,
    applied,
    start,
    step_id,
    with_edits,
)
from victor_nb.workflows.runtime import Runtime, Shared, Waiting
from victor_nb.workflows.shape import START
from victor_nb.workflows.together import side_by_side

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
        committed: told of each superstep: the position before and after it, and what was written.
        to_parent: what a node said to the graph around this one.
        position: where it stands.
        answers: of all nodes so far, in order; only kept where a graph is around this one.
        write: commits results now; or soon, where that is enough.
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
        self.committed: Callable[[Position, Position, Sequence[Entry]], None] | None = None
        self.to_parent: Command | None = None
        self.position = Position(0, {}, ())
        self.answers: list[Answer] | None = [] if inside is not None else None
        self.is_failing = False
        self._run_id, self._placed = shared.run.id, shared.run.placed
        self.write = self._placed.write if shared.settings.durability == "step" else self._write_soon
        self._began_turn = time.perf_counter()
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
        answer = Answer([], [])
        await add_routes(self, START, routes, answer, values, runtime)
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
        self.position = position = self._edited(position)
        while position.due:
            if settings.max_steps <= position.superstep:
                raise self._limit(position)
            if settings.interrupt_before:
                self._ask("before", settings.interrupt_before, position.due, position.superstep + 1)
            done = position
            number = done.superstep + 1
            if len(done.due) == 1:
                (due,) = done.due
                place = step_id(self.prefix, number, due)
                answer, entry = await self.node(due, place, done.values, number, alone=True)
                answers, entries = [answer], [entry] if entry is not None else []
                if entries:
                    self.write(entries)
            else:
                answers, entries = await side_by_side(self, done)
            position = after(self.plan.rules, done, answers)
            self.position = position = self._edited(position) if self.edits else position
            if self.committed is not None:
                self.committed(done, position, entries)
            if self.answers is not None:
                self.answers += answers
            if self.shared.emit is not None:
                self.shared.emit.superstep(self, position)
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

    def _write_soon(self, entries: Sequence[Entry]) -> None:
        placed = self._placed
        if not all(self._is_pure(entry) for entry in entries):
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

    # -- one node --------------------------------------------------------------------------------------------------

    async def node(
        self, due: Due, step_id: str, values: Values, number: int, *, alone: bool
    ) -> tuple[Answer, Entry | None]:
        """Return a node's answer, and the event that it is done if it is news.

        Raises:
            Waiting: it asks a person.
            NodeFailed, VictorError: it failed; that is recorded.
        """
        step = self.step(due, step_id)
        if not self._placed.is_fresh and (known := await self._known(due, step)) is not None:
            return known, None
        began, is_done = self.begun(step, due, values), False
        try:
            answer = await perform(self, due, step, values, number, alone=alone)
            is_done = True
            return answer, self.ended(step, number, answer, began)
        except BaseException as failure:
            self.failed(step, failure, began, is_done=is_done)
            raise

    def step(self, due: Due, step_id: str) -> Step:
        """The step that a due node is."""
        effect = self.plan.nodes[due.node].effect
        return Step(self._run_id, step_id, self.parent_id, "node", due.node, effect, b"null")

    async def _known(self, due: Due, step: Step) -> Answer | None:
        """The answer of a node that need not run: what is recorded, or nothing where it was decided to skip it."""
        if (recorded := self._placed.recorded(step.id)) is None:
            return None if await self._placed.admit(step, self.plan.nodes[due.node].on_doubt) else Answer([], [])
        answer = from_json(self._placed.result(recorded, step))
        self._told(step, answer)
        return answer

    def begun(self, step: Step, due: Due, values: Values) -> float:
        """Note that a node begins; return when, as `time.perf_counter()` has it."""
        self._placed.start(step)
        if self.shared.emit is not None:
            self.shared.emit.started(self, step, due, values)
        return time.perf_counter()

    def ended(self, step: Step, number: int, answer: Answer, began: float) -> Entry:
        """Return the event of a node's answer, ready to be written.

        Raises:
            Unstorable: the answer cannot be written down.
        """
        entry = self._placed.done(step, number, to_json(answer), round((time.perf_counter() - began) * 1000, 3))
        if self.shared.emit is not None or answer.to_parent is not None:
            self._told(step, answer)
        return entry

    def _told(self, step: Step, answer: Answer) -> None:
        if self.shared.emit is not None:
            self.shared.emit.answered(self, step, answer)
        if answer.to_parent is not None:
            self.to_parent = answer.to_parent

    def failed(self, step: Step, failure: BaseException, began: float, *, is_done: bool) -> None:
        """Record how a node ended that has no answer."""
        emit = self.shared.emit
        if isinstance(failure, Exception):
            self.is_failing = True
            # What was given up may go on without us, so nobody knows whether it had its effect.
            self._placed.failed(step, failure, began, is_done=is_done or isinstance(failure, NodeTimeout))
            if emit is not None:
                emit.failed(self, step, failure)
        elif isinstance(failure, Waiting):
            self._placed.paused(step, failure, began)
            if emit is not None:
                emit.waiting(self, step, failure)

    # -- reasons to stop -------------------------------------------------------------------------------------------

    def _edited(self, position: Position) -> Position:
        return with_edits(self.plan.rules, position, self.edits)

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
