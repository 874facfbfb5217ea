"""The runtime: what a node can ask for besides its state, and questions to a person.

1. A node gets its runtime by a parameter named `runtime`; code below it finds the same with `current_runtime()`.
2. A question is known by the place in the code that asks and how often that place asked before in this node, so that
   loops and several questions in one node find their own answers when the node runs again.
3. Time and randomness come from the run: a node that runs again sees the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from victor_nb.errors import UsageError
from victor_nb.journal.errors import Paused
from victor_nb.workflows.control import NOTHING, Interrupt
from victor_nb.workflows.settings import Settings
from victor_nb.workflows.stored import Stored
from victor_nb.workflows.threads import Threads

if TYPE_CHECKING:
    import random

    from victor_nb.journal import Journal, Run, Step
    from victor_nb.workflows.cache import NodeCache
    from victor_nb.workflows.executors import NodeExecutor
    from victor_nb.workflows.memory import Memory
    from victor_nb.workflows.streaming import Emitter

T = TypeVar("T")


class Waiting(Paused):
    """Carries questions out of a node, to whoever runs it."""

    def __init__(self, *interrupts: Interrupt) -> None:
        super().__init__(f"waits for {len(interrupts)} answer(s)")
        self.interrupts = interrupts


class Shared:
    """What all nodes of one execution share, sub-workflows included.

    Attributes:
        answers: to questions, by their id.
        emit: the stream; None while nobody listens.
        stored: the long values that the run has written.
        is_draining: set by `runtime.drain()`: no further superstep is begun.
    """

    def __init__(self, run: Run, journal: Journal, workflow: str, settings: Settings) -> None:
        self.run, self.journal, self.settings = run, journal, settings
        self.answers: dict[str, Any] = {}
        self.emit: Emitter | None = None
        self.stored = Stored(journal.redactor)
        self.is_draining = False
        self._workflow = workflow
        self._threads: Threads | None = None
        self._memory: Memory | None = None
        self._cache: NodeCache | None = None

    @property
    def threads(self) -> Threads:
        """Where nodes run that are ordinary functions."""
        if self._threads is None:
            self._threads = Threads()
        return self._threads

    def memory(self) -> Memory:
        """The long-term store of the run's journal, or the one that the run was given."""
        if self.settings.store is not None:
            return self.settings.store
        if self._memory is None:
            from victor_nb.workflows.memory import Memory

            self._memory = Memory(self.journal)
        return self._memory

    def cache(self) -> NodeCache:
        """What nodes said in other runs."""
        if self._cache is None:
            from victor_nb.workflows.cache import NodeCache

            self._cache = NodeCache(self.journal, self._workflow)
        return self._cache

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.close()


class Runtime:
    """What one node knows of the run it is part of.

    Attributes:
        node: the node's name.
        step_id: stands for this execution of the node within the run, such as "3/review".
        superstep: counts from 1.
        attempt: counts from 1; more than 1 after a failure that a retry policy covers.
        failure: for a node that handles errors, the failed node, the error's type and its message.
        remaining_steps: how many supersteps may follow this one.
    """

    __slots__ = ("_asked", "_beat", "_shared", "attempt", "failure", "remaining_steps", "step", "superstep")

    def __init__(
        self, shared: Shared, step: Step, superstep: int, remaining_steps: int, failure: Mapping[str, object] | None
    ) -> None:
        self._shared, self.step, self.superstep, self.remaining_steps = shared, step, superstep, remaining_steps
        self.failure, self.attempt = failure, 1
        self._asked: dict[str, int] = {}
        self._beat: Callable[[], None] | None = None

    @property
    def node(self) -> str:
        return self.step.name

    @property
    def step_id(self) -> str:
        return self.step.id

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._shared.run.id

    @property
    def run(self) -> Run:
        """The run itself: `await runtime.run.step(…)` does something once, however often the node runs again."""
        return self._shared.run

    @property
    def context(self) -> Any:
        """What the caller gave as `context`: connections, settings; never journaled."""
        return self._shared.settings.context

    @property
    def config(self) -> Mapping[str, Any]:
        """What the caller gave as `config`: tags and other data of the run."""
        return self._shared.settings.config

    @property
    def store(self) -> Memory:
        """The long-term key-value store, kept in the run's journal and shared by all of its runs."""
        return self._shared.memory()

    @property
    def threads(self) -> Threads:
        """Where ordinary functions run beside one another."""
        return self._shared.threads

    @property
    def executor(self) -> NodeExecutor | None:
        """Where work is done that can be done elsewhere; None where that is here."""
        return self._shared.settings.executor

    def cache(self) -> NodeCache:
        """What was answered in other runs."""
        return self._shared.cache()

    async def sleep(self, seconds: float) -> None:
        """Wait as the run waits: a test may have it not wait at all."""
        await self._shared.settings.sleep(seconds)

    @property
    def is_last_step(self) -> bool:
        """Whether `max_steps` ends the run after this superstep."""
        return self.remaining_steps <= 0

    def writer(self, data: object) -> None:
        """Show `data` to those who read the stream in mode "custom"; nothing is kept."""
        self.heartbeat()
        if self._shared.emit is not None:
            self._shared.emit.custom(data, self.step)
        self._shared.run.publish(
            "custom", {"data": repr(data)} if not _is_plain(data) else {"data": data}, self.step.id
        )

    def watch(self, clock: Callable[[], float]) -> Callable[[], float]:
        """Return a function that tells when the node last gave a sign of life; it begins with now."""
        last = clock()

        def beat() -> None:
            nonlocal last
            last = clock()

        self._beat = beat
        return lambda: last

    def begin_attempt(self) -> None:
        """Count a further attempt; its questions are the same as before."""
        self.attempt += 1
        self._asked.clear()

    def heartbeat(self) -> None:
        """Say that the node is alive, so that its idle limit starts anew."""
        if self._beat is not None:
            self._beat()

    def drain(self) -> None:
        """Have the run stop, resumable, when this superstep is done."""
        self._shared.is_draining = True

    def random(self) -> random.Random:
        """A source of randomness that gives this node the same numbers whenever it runs again."""
        from random import Random

        return Random(f"{self._shared.run.origin}/{self.step.id}")

    def now(self) -> float:
        """Seconds since the epoch, as they were when this node first asked."""
        return self._shared.run.now()

    @overload
    def ask(self, value: object, key: str, schema: type[T]) -> T: ...
    @overload
    def ask(self, value: object, key: str, schema: object = None) -> Any: ...
    def ask(self, value: object, key: str, schema: object = None) -> object:
        """Return the answer to a question, or leave the node with it; see `interrupt`."""
        asked = dict(value) if isinstance(value, Mapping) else {} if value is None else {"question": value}
        while True:
            count = self._asked[key] = self._asked.get(key, 0) + 1
            what = f"{self.step.id}\0{key}\0{count}"
            question = blake2b(what.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
            if (answer := self._shared.answers.get(question, NOTHING)) is NOTHING:
                raise Waiting(Interrupt(question, self.step.id, value, "inside", _json_schema(schema)))
            if schema is None:
                return answer
            valid, answer = _validated(schema, answer)
            if valid:
                return answer
            value = {**asked, **answer}  # once more, with what was wrong


RUNTIME: Final[ContextVar[Runtime | None]] = ContextVar("victor_runtime", default=None)


def current_runtime() -> Runtime:
    """The runtime of the node inside which this code runs.

    Raises:
        UsageError: it runs in none, or in another process.
    """
    runtime = RUNTIME.get()
    if runtime is None:
        raise UsageError("this works only inside a node of a workflow that is running")
    return runtime


@overload
def interrupt(value: object = None, *, key: str | None = None, schema: type[T]) -> T: ...
@overload
def interrupt(value: object = None, *, key: str | None = None, schema: object = None) -> Any: ...
def interrupt(value: object = None, *, key: str | None = None, schema: object = None) -> object:
    """Ask a person: the run stops, and `run(Command(resume=answer), run_id=…)` has this call return the answer.

    The node runs again from its beginning then. Questions that were answered return their answers at once; other
    work that must not be done twice belongs into steps (`@step`).

    Args:
        value: what the person is shown; any storable value.
        key: the identity of the question; by default, the line that asks.
        schema: a type that an answer has to fit; one that does not is asked for again.
    """
    runtime = current_runtime()
    if key is None:
        frame = sys._getframe(1)
        key = f"{frame.f_code.co_qualname}+{frame.f_lineno - frame.f_code.co_firstlineno}"
    return runtime.ask(value, key, schema)


def _json_schema(schema: Any) -> dict[str, Any] | None:
    if schema is None:
        return None
    from pydantic import TypeAdapter

    return TypeAdapter[Any](schema).json_schema()


def _validated(schema: Any, answer: Any) -> tuple[bool, Any]:
    from pydantic import TypeAdapter, ValidationError

    try:
        return True, TypeAdapter[Any](schema).validate_python(answer)
    except ValidationError as failure:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'the answer'}: {one['msg']}" for one in failure.errors()
        )
        return False, {"not accepted": answer, "because": problems}


def _is_plain(data: Any) -> bool:
    return isinstance(data, str | int | float | bool | None)
