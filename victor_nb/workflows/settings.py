"""Settings: what one execution of a workflow is asked for, besides its input."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

if TYPE_CHECKING:
    from victor_nb.journal import Event, Journal, OnDoubt, ReplayMode
    from victor_nb.workflows.executors import AnyExecutor, NodeExecutor
    from victor_nb.workflows.memory import Memory

MOST_STEPS: Final = 1_000
"""Supersteps that a run may take unless it is given more: a cycle that never ends is a mistake more often than not."""

Durability = Literal["step", "turn"]


class Options(TypedDict, total=False):
    """What `Workflow.run`, `run_sync` and `stream` take by name.

    Attributes:
        run_id: an unfinished run to go on with; in a replay, the recording.
        thread: a new run goes on with the last state of the thread's last finished run, such as a conversation; its
            input is an update of that.
        journal: where the run is recorded, or its URL; by default the journal below the working directory.
        context: anything that nodes need and that is no state: connections, settings; never recorded.
        config: tags and other data, for nodes.
        store: the long-term store; by default that of the journal.
        executor: where nodes run that are functions of the state and of nothing else (see `NodeExecutor`): an
            object, a `concurrent.futures.Executor`, a Dask client, or a URL such as "dask://host:8786".
        max_steps: supersteps that the run may take in all, 1,000 by default; a cycle ends there, resumable.
        max_concurrency: nodes that run at the same time; by default, all that are due.
        interrupt_before, interrupt_after: nodes at which the run stops and waits; "*" stands for all.
        replay: "record" does the work; "strict" answers from a recording of the same input and does nothing; "auto"
            answers from it and does what it lacks.
        accept_changes: go on with a run although the graph has changed since.
        on_doubt: what happens to a node with an effect that may or may not have had it.
        durability: "step" commits every superstep before the next begins; "turn" commits every few milliseconds what
            is ready: faster, and a kill may cost the last nodes, which then run again. What a node with an effect
            did is always committed at once.
        on_event: receives the run's events, live ones too, on the thread that writes them; what happened before is
            marked replayed. It must not block.
    """

    run_id: str | None
    thread: str
    journal: Journal | str | None
    context: Any
    config: Mapping[str, Any]
    store: Memory
    executor: AnyExecutor | None
    max_steps: int
    max_concurrency: int | None
    interrupt_before: Iterable[str]
    interrupt_after: Iterable[str]
    replay: ReplayMode
    accept_changes: bool
    on_doubt: OnDoubt
    durability: Durability
    on_event: Callable[[Event], None] | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the nodes of an execution and its engine need; see `Options`.

    Attributes:
        sleep: waits between attempts, in seconds.
    """

    max_steps: int = MOST_STEPS
    max_concurrency: int | None = None
    context: Any = None
    config: Mapping[str, Any] = field(default_factory=dict)
    executor: NodeExecutor | None = None
    store: Memory | None = None
    interrupt_before: frozenset[str] = frozenset()
    interrupt_after: frozenset[str] = frozenset()
    durability: Durability = "step"
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a workflow.

    Attributes:
        inline: whether ordinary functions may run on the event loop's own thread, because nobody else is on it.
    """

    input: Any
    run_id: str | None = None
    thread: str = ""
    journal: Journal | str | None = None
    replay: ReplayMode = "record"
    accept_changes: bool = False
    on_doubt: OnDoubt = "ask"
    executor: AnyExecutor | None = None
    inline: bool = False
    on_event: Callable[[Event], None] | None = None
    settings: Settings = field(default_factory=Settings)


def asked(input: Any, options: Options) -> Ask:
    """Return the request that an input and options make.

    Raises:
        TypeError: there is no such option.
        ValueError: a limit is not above 0.
    """
    if unknown := sorted(options.keys() - Options.__annotations__.keys()):
        raise TypeError(f"run() has no option {unknown[0]!r}; it takes {', '.join(Options.__annotations__)}")
    for name in ("max_steps", "max_concurrency"):
        if (limit := options.get(name)) is not None and not (isinstance(limit, int) and limit > 0):
            raise ValueError(f"{name} must be a number above 0, not {limit!r}")
    return Ask(
        input,
        run_id=options.get("run_id"),
        thread=options.get("thread", ""),
        journal=options.get("journal"),
        replay=options.get("replay", "record"),
        accept_changes=options.get("accept_changes", False),
        on_doubt=options.get("on_doubt", "ask"),
        executor=options.get("executor"),
        on_event=options.get("on_event"),
        settings=Settings(
            options.get("max_steps", MOST_STEPS),
            options.get("max_concurrency"),
            options.get("context"),
            options.get("config", {}),
            None,
            options.get("store"),
            frozenset(options.get("interrupt_before", ())),
            frozenset(options.get("interrupt_after", ())),
            options.get("durability", "step"),
        ),
    )
