"""Streaming: what happens in a workflow, told while it happens, in as many modes as are asked for.

1. A stream shows and decides nothing; a run that nobody listens to pays nothing for it.
2. Nodes that answer from the record are told like others: the stream of a replay reads as that of the live run.

| mode        | data |
|-------------|------|
| values      | the whole state, after each superstep, the input's first |
| updates     | `{node: update}` for each node as it ends |
| messages    | `(text, {"node", "step_id"})` for each piece of text that a model writes |
| tasks       | a node's beginning (`input`), and its end (`result`, `error` or `interrupts`; `cached` if so) |
| checkpoints | `{"superstep", "state", "next"}` after each superstep |
| custom      | what nodes give to `runtime.writer` |
| debug       | checkpoints and tasks, each with its kind |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from victor_nb.errors import UsageError, nearest
from victor_nb.journal import Event, Step
from victor_nb.workflows.control import NOTHING
from victor_nb.workflows.position import Answer, Due, Position, Values
from victor_nb.workflows.runtime import RUNTIME

if TYPE_CHECKING:
    from victor_nb.workflows.engine import GraphRun
    from victor_nb.workflows.results import WorkflowResult
    from victor_nb.workflows.runtime import Waiting

Mode = Literal["values", "updates", "messages", "tasks", "checkpoints", "custom", "debug"]
MODES: Final[tuple[str, ...]] = get_args(Mode)


class StreamPart(NamedTuple):
    """One thing that happened.

    Attributes:
        namespace: the steps of the sub-workflows inside which it happened, outermost first; () in the graph itself.
    """

    mode: Mode
    data: Any
    namespace: tuple[str, ...] = ()


class Emitter:
    """Makes parts of what the engine tells.

    Args:
        modes: which of them are wanted.
        put: takes the parts; may be called on any thread.
    """

    def __init__(self, modes: Iterable[Mode], put: Callable[[StreamPart], None]) -> None:
        self.modes, self._put = frozenset(modes), put
        if unknown := sorted(self.modes - set(MODES)):
            raise UsageError(
                f"there is no stream mode {unknown[0]!r}.{nearest(unknown[0], MODES)}",
                hint=f"modes: {', '.join(MODES)}",
            )

    def _emit(self, mode: Mode, data: Any, namespace: tuple[str, ...]) -> None:
        if mode in self.modes:
            self._put(StreamPart(mode, data, namespace))

    def begun(self, graph: GraphRun, position: Position) -> None:
        """The position before the first superstep of this execution."""
        self.superstep(graph, position)

    def superstep(self, graph: GraphRun, position: Position) -> None:
        """A superstep is done and applied."""
        if self.modes.isdisjoint(("values", "checkpoints", "debug")):
            return
        space = graph.namespace
        state = {key: value for key, value in position.values.items() if key in graph.plan.schema.keys}
        self._emit("values", {key: value for key, value in state.items() if key in graph.plan.output.keys}, space)
        told = {"superstep": position.superstep, "state": state, "next": [due.node for due in position.due]}
        self._emit("checkpoints", told, space)
        self._emit("debug", {"type": "checkpoint", **told}, space)

    def started(self, graph: GraphRun, step: Step, due: Due, values: Values) -> None:
        """A node begins."""
        if self.modes.isdisjoint(("tasks", "debug")):
            return
        given = due.arg if due.arg is not NOTHING else graph.plan.inputs[due.node].pick(values)
        self._task(graph, {"id": step.id, "name": step.name, "input": given})

    def answered(self, graph: GraphRun, step: Step, answer: Answer) -> None:
        """A node has ended, now or in the record."""
        update = merged(answer.updates)
        self._emit("updates", {step.name: update}, graph.namespace)
        if not self.modes.isdisjoint(("tasks", "debug")):
            goto = [due.node for due in answer.goto]
            told = {"id": step.id, "name": step.name, "result": update, "goto": goto}
            self._task(graph, told | {"cached": True} if step.notes and step.notes.get("cached") else told)

    def failed(self, graph: GraphRun, step: Step, failure: Exception) -> None:
        """A node has failed for good."""
        self._task(graph, {"id": step.id, "name": step.name, "error": str(failure)})

    def waiting(self, graph: GraphRun, step: Step, waiting: Waiting) -> None:
        """A node asks a person."""
        self._emit("updates", {"__interrupt__": waiting.interrupts}, graph.namespace)
        self._task(graph, {"id": step.id, "name": step.name, "interrupts": waiting.interrupts})

    def retried(self, graph: GraphRun, step: Step, told: dict[str, Any]) -> None:
        """An attempt failed and another follows."""
        self._emit("debug", {"type": "retry", "id": step.id, **told}, graph.namespace)

    def custom(self, data: Any, step: Step) -> None:
        """A node wrote something into the stream."""
        self._emit("custom", data, _space(step))

    def event(self, event: Event) -> None:
        """An event of the run: pieces of models' texts are among them."""
        if event.type == "model.delta":
            runtime = RUNTIME.get()  # listeners are called where the event happens: inside the node
            told = {"node": runtime.node, "step_id": runtime.step_id} if runtime is not None else {}
            self._emit("messages", (event.data["text"], told), _space(runtime.step) if runtime is not None else ())

    def _task(self, graph: GraphRun, told: dict[str, Any]) -> None:
        self._emit("tasks", told, graph.namespace)
        self._emit("debug", {"type": "task", **told}, graph.namespace)


def _space(step: Step) -> tuple[str, ...]:
    """The steps of the sub-workflows that a node's step is inside of: its own id says them."""
    parts = step.id.split(":")[:-1]
    return tuple(":".join(parts[: place + 1]) for place in range(len(parts)))


def merged(updates: Sequence[Values]) -> Any:
    """What a node wrote, as one dict if it can be one; None for nothing."""
    if not updates:
        return None
    keys = [key for update in updates for key in update]
    if len(set(keys)) != len(keys):
        return list(updates)
    return {key: value for update in updates for key, value in update.items()}


class WorkflowStream:
    """Iterate over the parts of a run; leaving the loop early cancels the run, which can then be resumed.

    Args:
        start: begins the run, given what receives its parts.
    """

    def __init__(self, modes: Iterable[Mode], start: Callable[[Emitter], Awaitable[WorkflowResult[Any]]]) -> None:
        self._modes, self._start = tuple(modes), start
        self._result: WorkflowResult[Any] | None = None

    @property
    def result(self) -> WorkflowResult[Any]:
        """What the run gave back.

        Raises:
            RuntimeError: the stream has not been read to its end.
        """
        if self._result is None:
            raise RuntimeError("the stream has no result before it was read to its end")
        return self._result

    async def __aiter__(self) -> AsyncIterator[StreamPart]:
        loop, arrived = asyncio.get_running_loop(), asyncio.Queue[StreamPart | None]()
        emitter = Emitter(self._modes, lambda part: _put(loop, arrived, part))
        work = asyncio.ensure_future(self._start(emitter))
        work.add_done_callback(lambda _: _put(loop, arrived, None))
        try:
            while (part := await arrived.get()) is not None:
                yield part
            self._result = await work
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])


def _put(loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[StreamPart | None], part: StreamPart | None) -> None:
    loop.call_soon_threadsafe(arrived.put_nowait, part)
